import { escapeXml } from '../aws-error.ts';
import type { Answer } from '../service.ts';

export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [name: string]: XmlValue };

/** Writes an element; a list is the element repeated, undefined is nothing. */
const element = (name: string, value: XmlValue): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  if (typeof value !== 'object') return `<${name}>${escapeXml(String(value))}</${name}>`;
  const inside = Object.entries(value).map(([child, content]) => element(child, content));
  return `<${name}>${inside.join('')}</${name}>`;
};

export const xmlAnswer = (name: string, value: { [name: string]: XmlValue }): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, value)}`,
});

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole: string, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name ?? ''] ?? whole;
  });

/** The contents of every `<name>` in a small document of known shape; tags of one name must not nest. */
export const elements = (document: string, name: string): string[] =>
  [...document.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, content = '']) => content,
  );

/** The text of the first `<name>`. */
export const textOf = (document: string, name: string): string | undefined => {
  const [first] = elements(document, name);
  return first === undefined ? undefined : unescapeXml(first);
};
