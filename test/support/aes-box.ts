import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretBox } from '../../shared/jobs/value-ports.ts';

/** A secret box whose key lives in this process only. */
export const aesBox = (): SecretBox => {
  const key = randomBytes(32);
  return {
    seal: async (workspace, bound, text) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(JSON.stringify([workspace, bound])));
      const sealed = [cipher.update(text, 'utf8'), cipher.final()];
      return Buffer.concat([iv, cipher.getAuthTag(), ...sealed]).toString('base64');
    },
    open: async (workspace, bound, sealed) => {
      const bytes = Buffer.from(sealed, 'base64');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
          .setAuthTag(bytes.subarray(12, 28))
          .setAAD(Buffer.from(JSON.stringify([workspace, bound])));
        return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
};
