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

/** True for `{...}`, false for arrays, null and scalars. */
export const isJsonObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
