import { z } from 'zod';

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object: the only form in which a job's arguments exist. */
export type JsonObject = { [key: string]: Json };

export const Json: z.ZodType<Json> = z.json();
export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), Json);

/** Parses text into JSON, or says where it stops being JSON. Never throws. */
export const parseJson = (text: string): { ok: true; value: Json } | { ok: false; reason: string } => {
  try {
    const value: Json = JSON.parse(text);
    return { ok: true, value };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
};

/** As deep as lists and objects of a caller may stand in each other: every language here reads that, and nothing of ours runs out of stack. */
export const MOST_LEVELS = 500;

/** Whether JSON text nests deeper than 500 levels. Looks at each character once. */
const isTooDeep = (text: string): boolean => {
  let levels = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '[' || char === '{') {
      levels += 1;
      if (levels > MOST_LEVELS) return true;
    } else if (char === ']' || char === '}') levels -= 1;
  }
  return false;
};

/** The same as `parseJson` for text that a caller sent: what nests deeper than 500 levels is refused. */
export const parseSentJson = (text: string): ReturnType<typeof parseJson> =>
  isTooDeep(text) ? { ok: false, reason: `it nests deeper than ${MOST_LEVELS} levels` } : parseJson(text);

/** True for `{...}`, false for arrays, null and scalars. */
export const isJsonObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object that a text is; an empty one for any other text. */
export const objectOf = (text: string): JsonObject => {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
};
