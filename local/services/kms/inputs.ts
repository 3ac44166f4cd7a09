import { z } from 'zod';

/** Operations of KMS that are built, on symmetric keys. */
export const Operation = z.enum(['GenerateDataKey', 'Encrypt', 'Decrypt', 'DescribeKey']);
export type Operation = z.infer<typeof Operation>;

const blob = (mostBytes: number): z.ZodType<Buffer, string> =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length >= 1 && bytes.length <= mostBytes, {
      error: `must have length between 1 and ${mostBytes}`,
    });

const algorithm = z.literal('SYMMETRIC_DEFAULT').optional();
const context = z.record(z.string(), z.string()).default({});

/*
 * Strict: a member that is not known here (DryRun, Recipient, ...) would change what AWS does, so it is refused.
 */
export const GenerateDataKey = z.strictObject({
  KeyId: z.string(),
  KeySpec: z.literal('AES_256'),
  EncryptionContext: context,
});
export const Encrypt = z.strictObject({
  KeyId: z.string(),
  Plaintext: blob(4096),
  EncryptionContext: context,
  EncryptionAlgorithm: algorithm,
});
export const Decrypt = z.strictObject({
  KeyId: z.string().optional(),
  CiphertextBlob: blob(6144),
  EncryptionContext: context,
  EncryptionAlgorithm: algorithm,
});
export const DescribeKey = z.strictObject({ KeyId: z.string() });
