import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';

/*
 * SDK clients, one of each per execution environment. Endpoint, region and credentials come from the environment
 * (AWS_ENDPOINT_URL on the local cloud). Clients that few paths need (S3, Scheduler, Lambda, Secrets Manager, KMS) are
 * imported where they are first used: importing them is most of a cold start.
 */

let dynamo: DynamoDBClient | undefined;
let sqs: SQSClient | undefined;

export const dynamodb = (): DynamoDBClient => {
  dynamo ??= new DynamoDBClient({ maxAttempts: 4 });
  return dynamo;
};

export const sqsClient = (): SQSClient => {
  sqs ??= new SQSClient({ maxAttempts: 4 });
  return sqs;
};
