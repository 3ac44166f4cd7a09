/** A finding we live with: which rule, at which constructs, and why. */
export type AcceptedFinding = {
  /** The rule, with its finding in brackets where a rule has several. */
  rule: RegExp;
  /** Paths of the constructs, from the stack on, the stack's name without its stage. */
  at: RegExp;
  reason: string;
};

/** Functions that hold rights on objects of jobs. */
const JOB_FUNCTIONS =
  /^(workers\/(Group-[a-z0-9-]+\/Dispatch|Reaper|Deadletter|TaskEnd\/Taskend|Upkeep\/(Expiry|Reconcile))|api\/(Webhook|Api|Frames|Wait\/Platform|Stream\/Platform))\/Role\//;

/** The functions that make one-shot schedules. */
const SCHEDULING_FUNCTIONS =
  /^(workers\/(Group-[a-z0-9-]+\/Dispatch|Reaper|Deadletter|TaskEnd\/Taskend)|api\/(Webhook|Api|Wait\/Platform))\/Role\//;

/**
 * The only wildcards that may stand in a policy's resources, and why AWS leaves no other way. Synth fails on any finding
 * of cdk-nag (AwsSolutions) that is not in this list, warnings too; a test fails on an entry that nothing needs any more.
 */
export const ACCEPTED_FINDINGS: AcceptedFinding[] = [
  {
    rule: /^AwsSolutions-IAM5\[Resource::[^*]*\/jobs\/\*\/(args|code|result|log|request)\/\*\]$/,
    at: JOB_FUNCTIONS,
    reason:
      'An S3 right names objects by key, and the keys of jobs that do not exist yet cannot be listed; the right ends at the folders the function works on.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::[^*]*CacheBucket[^*]*\/packages\/\*\]$/,
    at: /^(workers\/Group-[a-z0-9-]+\/Dispatch|api\/(Frames|Wait\/Platform))\/Role\//,
    reason:
      'Archives of packages are named by workspace and hash, which are not known before a lock is made; the bucket lets none be replaced.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::[^*]*\/archive\/\*\]$/,
    at: /^workers\/Upkeep\/Expiry\/Role\//,
    reason:
      'Archived jobs are named by workspace, day and id, which only their end decides; the right ends at the archive.',
  },
  {
    rule: /^AwsSolutions-SQS3$/,
    at: /^workers\/Upkeep\/Lost\//,
    reason: 'It is the last stop itself: what an event source gave up is told of here, and an alarm rings.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule\/[a-z0-9-]+\/\*\]$/,
    at: SCHEDULING_FUNCTIONS,
    reason:
      'A schedule is named after its job, which does not exist yet; the right ends at one schedule group, and schedules can only send with the one role that may be passed.',
  },
  {
    rule: /^AwsSolutions-DDB3$/,
    at: /^data\/Jobs\//,
    reason:
      'Jobs are kept for their retention and then expire; a table of queued and running jobs restored to the past would run them again. What people made is in the catalog, which has point-in-time recovery.',
  },
  {
    rule: /^AwsSolutions-S1$/,
    at: /^(data\/(Payload|Cache)|web\/Pages)\//,
    reason:
      'Only our own functions and CloudFront reach the buckets, and who asked for what is in the logs of the HTTP API and the functions; access logs would cost more than the objects.',
  },
  {
    rule: /^AwsSolutions-SMG4$/,
    at: /^(data\/(SigningSecret|AdminToken)|api\/OriginSecret\d+)\//,
    reason:
      "Replaced by a deployment, not by a timer: the origin secret must change in CloudFront and the functions in the right order (docs/deploy.md), a signing key lives in tokens of running jobs, and the admin token is a person's.",
  },
  {
    rule: /^AwsSolutions-SQS3$/,
    at: /^workers\/Schedules\/DeadLetters\//,
    reason:
      'It is a dead-letter queue itself: of Scheduler, which names it in each schedule and not in a redrive policy.',
  },
  {
    rule: /^AwsSolutions-APIG4$/,
    at: /^api\/Http\/Api\//,
    reason:
      "Tokens are checked by the functions, with the job token's own rules; an authorizer would cost an invocation more and know less. The API demands the origin secret before it parses anything.",
  },
  {
    rule: /^AwsSolutions-CFR1$/,
    at: /^web\/FrontDoor\//,
    reason: 'Webhooks come from anywhere; where callers may be is a choice of whoever deploys.',
  },
  {
    rule: /^AwsSolutions-CFR2$/,
    at: /^web\/FrontDoor\//,
    reason: 'A web ACL costs more than the idle platform; `webAclArn` in the configuration attaches one.',
  },
  {
    rule: /^AwsSolutions-CFR3$/,
    at: /^web\/FrontDoor\//,
    reason:
      'A URL may carry a token in its query, which a CloudFront log would keep; the HTTP API logs each request without it.',
  },
  {
    rule: /^AwsSolutions-CFR4$/,
    at: /^web\/FrontDoor\//,
    reason:
      'The certificate of *.cloudfront.net fixes the protocol; with `domain` in the configuration the distribution asks for TLS 1.2.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /^workers\/Fargate\/ExecutionRole\//,
    reason:
      'ecr:GetAuthorizationToken names no resource; what may be fetched with the token is the one repository of the statement beside it.',
  },
  {
    rule: /^AwsSolutions-ECS4$/,
    at: /^workers\/Fargate\/Cluster$/,
    reason:
      'Container insights cost per task and hour and tell of services; what became of a task is in the job that it ran.',
  },
  {
    rule: /^AwsSolutions-VPC7$/,
    at: /^workers\/Fargate\/Network\/Vpc\//,
    reason:
      "Flow logs would cost with every job and record the traffic of users' code; whoever must have them brings a network of his own.",
  },
];
