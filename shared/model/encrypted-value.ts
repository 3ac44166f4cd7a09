/*
 * `$encrypted:<text>` among a job's arguments: a value that was sealed for one identity. The text says for whom, so that
 * whoever opens it can ask whether the job runs as just him: `v1e.<base64url(permissioned_as)>.<sealed>`.
 */

const VERSION = 'v1e';

const toBase64Url = (text: string): string => {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
};

const fromBase64Url = (text: string): string | undefined => {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
};

/** What a value sealed for `permissioned_as` is bound to (`SecretBox`). */
export const valueBinding = (permissioned_as: string): string => `value:${permissioned_as}`;

/** The text that stands after `$encrypted:`. */
export const encryptedValue = (permissioned_as: string, sealed: string): string =>
  [VERSION, toBase64Url(permissioned_as), sealed].join('.');

/** Whom the text was sealed for, and what to open. Undefined: it is no such text. Proves nothing: only opening it does. */
export const parseEncryptedValue = (text: string): { permissioned_as: string; sealed: string } | undefined => {
  const [version, name, ...rest] = text.split('.');
  if (version !== VERSION || !name || rest.length === 0) return undefined;
  const permissioned_as = fromBase64Url(name);
  const sealed = rest.join('.');
  return permissioned_as === undefined || sealed === '' ? undefined : { permissioned_as, sealed };
};
