/** A function as its template describes it. Names are physical names, as they stand in the ARN. */
export type FunctionDefinition = {
  name: string;
  arn: string;
  /** Physical name of the execution role; its credentials are asked for at every cold start. */
  roleName: string;
  /** `<file>.<export>`, relative to `codeDir`. */
  handler: string;
  /** Absolute folder that is LAMBDA_TASK_ROOT. */
  codeDir: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMb: number;
  /** More invocations than this at once are refused with 429; absent: only the machine's own limit, which waits. */
  reservedConcurrency?: number;
  /** One tenant's environments never serve another tenant; such a function gets no credentials and no endpoint. */
  tenancy?: 'PER_TENANT';
  /** A container image function: `codeDir` stands for the image's task root, and PATH holds the interpreters. */
  image?: { command: string[] };
  /** LoggingConfig.LogFormat of the template; Lambda's default is Text. */
  logFormat?: 'JSON' | 'Text';
};

/** An SQS event source mapping of the template. */
export type QueueMappingDefinition = {
  id: string;
  functionName: string;
  queueName: string;
  queueArn: string;
  batchSize: number;
  /** ScalingConfig.MaximumConcurrency. */
  maximumConcurrency?: number;
  reportBatchItemFailures: boolean;
  /** FilterCriteria patterns (JSON texts): a message that matches none is deleted unread, as on AWS. */
  filters?: string[];
};

/** An event source mapping of the template that reads a table's stream. */
export type StreamMappingDefinition = {
  id: string;
  functionName: string;
  tableName: string;
  streamArn: string;
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  batchSize: number;
  /** Halves a batch that failed, so that one bad record is found out. */
  bisect: boolean;
  /** Tries after the first; Infinity: until the records are too old. */
  maximumRetries: number;
  maximumAgeSeconds?: number;
  /** Where a batch that was given up is told of. */
  failureQueueArn?: string;
  reportBatchItemFailures: boolean;
  /** FilterCriteria patterns (JSON texts): a record that matches none is passed over, as on AWS. */
  filters?: string[];
};

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** One message as an SQS receive gives it. `attributes` hold at least ApproximateReceiveCount. */
export type QueueMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  attributes: Record<string, string>;
  messageAttributes: Record<
    string,
    { DataType: string; StringValue?: string | undefined; BinaryValue?: string | undefined }
  >;
};

/** What event source pollers need of the SQS service, without HTTP. Its methods may throw once the service is closed. */
export interface QueueSource {
  /** Up to `max` messages; waits up to `waitMs` for the first and wakes at once when it comes. Empty once `signal` aborts. */
  receive(queueName: string, options: { max: number; waitMs: number; signal: AbortSignal }): Promise<QueueMessage[]>;
  delete(queueName: string, receiptHandle: string): void;
  /** Adds to the time for which a received message is hidden; nothing happens to one that is not any more. */
  hideLonger(queueName: string, receiptHandle: string, ms: number): void;
  /** Makes a received message visible again after `seconds`. */
  changeVisibility(queueName: string, receiptHandle: string, seconds: number): void;
}

/** One call to SQS that Lambda's pollers would have made on AWS, where each is paid for. */
export type PollRecord = {
  queueName: string;
  operation: 'ReceiveMessage' | 'DeleteMessageBatch' | 'ChangeMessageVisibilityBatch';
  messages: number;
};

/** One invocation as it ended, for metering: reported once the environment is free again or gone. */
export type InvokeRecord = {
  functionName: string;
  requestId: string;
  tenantId?: string;
  /** Billed time: from the event's arrival at the runtime until the runtime asks for the next one. */
  durationMs: number;
  cold: boolean;
  /** `Runtime.ExitError`, `Sandbox.Timedout`, or the type of the handler's error. */
  error?: string;
};
