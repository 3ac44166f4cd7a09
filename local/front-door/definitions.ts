/** The CloudFront distribution of the template: behaviours in their order, the default one last. */
export type FrontDoorDefinition = {
  behaviours: Behaviour[];
  defaultBehaviour: Omit<Behaviour, 'pathPattern'>;
  /** By origin id. */
  origins: Record<string, Origin>;
  /** Object served for `/`, as `index.html`. */
  defaultRootObject?: string;
  errorResponses?: ErrorResponse[];
};

export type Behaviour = {
  /** `/api/w/*` style: `*` is any run of characters, `?` exactly one; case matters. */
  pathPattern: string;
  originId: string;
  /** Absent: all methods. */
  allowedMethods?: string[];
};

type ErrorResponse = { errorCode: number; responseCode?: number; responsePagePath?: string };

export type Origin = {
  id: string;
  /** Header names and values CloudFront adds; a viewer's header of the same name is replaced. */
  customHeaders: Record<string, string>;
  /** Put before the path, as `/web`. */
  originPath?: string;
  target: HttpApiOrigin | FunctionUrlOrigin | BucketOrigin;
};

type HttpApiOrigin = { type: 'http-api'; api: HttpApiDefinition };
type FunctionUrlOrigin = { type: 'function-url'; url: FunctionUrlDefinition };
type BucketOrigin = { type: 's3'; bucket: string };

export type HttpApiDefinition = {
  id: string;
  /** `$default`, `ANY /api/{proxy+}`, `POST /a/{b}`. */
  routes: { routeKey: string; functionName: string }[];
  cors?: Cors;
};

export type FunctionUrlDefinition = {
  /** The label before `.lambda-url`. */
  id: string;
  functionName: string;
  invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  cors?: Cors;
};

export type Cors = {
  allowOrigins: string[];
  allowMethods?: string[];
  allowHeaders?: string[];
  exposeHeaders?: string[];
  allowCredentials?: boolean;
  maxAgeSeconds?: number;
};
