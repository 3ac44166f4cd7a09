/*
 * Sealed values as clients see them: base64 of a multiple of 16 bytes. Windmill's CLI takes only text of this form for
 * encrypted; any other it would send as plain, and a secret would be encrypted twice without anybody being told.
 */

const BLOCK = 16;
const SEALED = /^[\x21-\x7e]+$/;

export const toWireCiphertext = (sealed: string): string =>
  btoa(sealed.padEnd(Math.ceil(sealed.length / BLOCK) * BLOCK, ' '));

/** Undefined: the text is of no such form. Proves nothing: only opening it does. */
export const fromWireCiphertext = (text: string): string | undefined => {
  try {
    const sealed = atob(text).trimEnd();
    return SEALED.test(sealed) ? sealed : undefined;
  } catch {
    return undefined;
  }
};
