import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's parameters of 2024 for scrypt: 64 MiB and about 0.1 s a try. */
const COST: ScryptOptions = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
const KEY_BYTES = 32;

const derive = (password: string, salt: Buffer): Promise<Buffer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password.normalize('NFKC'), salt, KEY_BYTES, COST, (error, key) =>
    error === null ? resolve(key) : reject(error),
  );
  return promise;
};

/** `scrypt$<salt>$<key>`: what is stored of a password. */
export const passwordHash = async (password: string, salt: Buffer = randomBytes(16)): Promise<string> =>
  ['scrypt', salt.toString('base64url'), (await derive(password, salt)).toString('base64url')].join('$');

const NOBODYS = 'scrypt$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Whether the password is the stored one. Without a stored one it takes as long and is false: who exists is not told by time. */
export const isPassword = async (password: string, stored: string | undefined): Promise<boolean> => {
  const [, salt = '', key = ''] = (stored ?? NOBODYS).split('$');
  const expected = Buffer.from(key, 'base64url');
  const given = await derive(password, Buffer.from(salt, 'base64url'));
  return given.length === expected.length && timingSafeEqual(given, expected) && stored !== undefined;
};
