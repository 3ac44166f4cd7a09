import { z } from 'zod';

const MessageAttribute = z.object({
  DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});

export const MessageAttributes = z.record(z.string(), MessageAttribute);
export type MessageAttributes = z.infer<typeof MessageAttributes>;

/** One message as SendMessage and an entry of SendMessageBatch give it. */
export const Outgoing = z.object({
  MessageBody: z.string(),
  DelaySeconds: z.number().int().optional(),
  MessageAttributes: MessageAttributes.default({}),
  MessageSystemAttributes: z.object({ AWSTraceHeader: z.object({ StringValue: z.string() }).optional() }).default({}),
  MessageGroupId: z
    .string()
    .regex(/^[!-~]{1,128}$/)
    .optional(),
});
export type Outgoing = z.infer<typeof Outgoing>;

const queue = { QueueUrl: z.string() };
const batch = <T extends z.ZodRawShape>(entry: T) =>
  z.object({ ...queue, Entries: z.array(z.object({ Id: z.string().regex(/^[\w-]{1,80}$/), ...entry })) });

export const OnQueue = z.object(queue);
export const SendMessage = Outgoing.extend(queue);
export const SendMessageBatch = batch(Outgoing.shape);

export const ReceiveMessage = z.object({
  ...queue,
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  VisibilityTimeout: z.number().int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.number().int().min(0).max(20).optional(),
  AttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  MessageAttributeNames: z.array(z.string()).default([]),
});

const visibility = { ReceiptHandle: z.string(), VisibilityTimeout: z.number().int().min(0).max(43_200) };
export const DeleteMessage = z.object({ ...queue, ReceiptHandle: z.string() });
export const DeleteMessageBatch = batch({ ReceiptHandle: z.string() });
export const ChangeMessageVisibility = z.object({ ...queue, ...visibility });
export const ChangeMessageVisibilityBatch = batch(visibility);

export const GetQueueAttributes = z.object({ ...queue, AttributeNames: z.array(z.string()).default([]) });
export const GetQueueUrl = z.object({ QueueName: z.string() });
export const ListQueues = z.object({ QueueNamePrefix: z.string().default('') });
export const StartMessageMoveTask = z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() });
