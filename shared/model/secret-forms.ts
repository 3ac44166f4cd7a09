import { charCount } from './text.ts';

/** Shorter secrets are not masked: they would take too much innocent text with them (Windmill's own bound). */
const SHORTEST_SECRET = 8;

/** Long enough to be masked. */
export const isMaskable = (text: string): boolean => charCount(text) >= SHORTEST_SECRET;

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/**
 * How a text looks within the base64 of a longer one: its bits fall in one of three ways, and only the characters that
 * belong to it alone are certain. And by itself, with the padding.
 */
const base64Forms = (bytes: Uint8Array): string[] => {
  const within = [0, 1, 2].map((shift) => {
    const shifted = new Uint8Array(shift + bytes.length);
    shifted.set(bytes, shift);
    return base64(shifted).slice(Math.ceil((shift * 8) / 6), Math.floor((shifted.length * 8) / 6));
  });
  const standard = [...within, base64(bytes)];
  return [...standard, ...standard.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
};

const ascii = (json: string): string =>
  json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Inside the quotes of a JSON string (as JavaScript writes it, and as Python does), and of Python's and Node's own notation. */
const quotedForms = (text: string): string[] => {
  const json = JSON.stringify(text).slice(1, -1);
  const plain = json.replaceAll('\\"', '"').replaceAll(/\\u00(?=[01])/g, '\\x');
  // Python's ensure_ascii works on code units, as `u`-less expressions do.
  return [json, ascii(json), plain, plain.replaceAll("'", "\\'")];
};

/** What stays as it is besides letters and digits, and what a space becomes: every encoder in use has its own idea. */
const PERCENT: { kept: string; space: string }[] = [
  { kept: "-_.!~*'()", space: '%20' }, // encodeURIComponent
  { kept: "-_.!~*'();/?:@&=+$,#", space: '%20' }, // encodeURI
  { kept: '-_.~', space: '%20' }, // RFC 3986: curl
  { kept: '-_.~/', space: '%20' }, // Python's quote
  { kept: '-_.~', space: '+' }, // Python's quote_plus
  { kept: '-_.*', space: '+' }, // URLSearchParams, forms
];

const percentForms = (bytes: Uint8Array): string[] =>
  PERCENT.flatMap(({ kept, space }) => {
    const parts = Array.from(bytes, (byte) => {
      const char = String.fromCharCode(byte);
      if (byte < 128 && (/[A-Za-z0-9]/.test(char) || kept.includes(char))) return char;
      return char === ' ' ? space : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    });
    return [parts.join(''), parts.map((part) => (part.length === 3 ? part.toLowerCase() : part)).join('')];
  });

/** The lines of a secret of several lines that are secrets of their own: a key is rarely printed in one piece. */
const linesOf = (secret: string): string[] => {
  const lines = secret.split(/[\r\n]+/);
  return [...lines, ...lines.map((line) => line.trim())];
};

/** A lower bound of the length of each form of these secrets, at a fraction of the price of making them. */
export const shortestForm = (secrets: Iterable<string>): number => {
  let shortest = Number.POSITIVE_INFINITY;
  for (const secret of secrets)
    for (const piece of [secret, ...linesOf(secret)])
      if (isMaskable(piece)) shortest = Math.min(shortest, piece.length);
  return shortest;
};

/**
 * The texts by which a secret is known in a log: as it is, each long line of it, in JSON (JavaScript's and Python's), as a
 * quoted literal, percent-encoded, and in base64 at any place of a longer text. None when it is shorter than 8 characters.
 */
export const formsOf = (secret: string): Set<string> => {
  const pieces = isMaskable(secret) ? new Set([secret, ...linesOf(secret).filter(isMaskable)]) : [];
  const forms = new Set<string>();
  for (const piece of pieces) {
    const bytes = new TextEncoder().encode(piece);
    for (const form of [piece, ...quotedForms(piece), ...percentForms(bytes), ...base64Forms(bytes)]) forms.add(form);
  }
  return forms;
};
