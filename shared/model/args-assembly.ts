import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** What a request to run something brought, already read by its content type. */
export type Content =
  | { is: 'none' }
  | { is: 'json'; value: Json; text: string }
  /** Form fields, all strings; of a field given twice the last counts. */
  | { is: 'fields'; fields: Record<string, string>; text: string }
  /** Any other content type: the script gets the text as `raw_string`. */
  | { is: 'other'; text: string };

/** How the caller (the webhook's URL) wants the arguments made. */
export type ArgsOptions = {
  /** Always `{"body": ...}`, even for an object. */
  wrapBody: boolean;
  /** Adds the body's text as `raw_string`. */
  raw: boolean;
  /** Headers to add as arguments: lower case, `-` becomes `_`. */
  includeHeader: string[];
  /** Query values to add as arguments. */
  includeQuery: string[];
};

const textOf = (content: Content): string => (content.is === 'none' ? '' : content.text);

const fromBody = (content: Content, wrap: boolean): JsonObject => {
  switch (content.is) {
    case 'none':
      return wrap ? { body: null } : {};
    case 'json':
      return wrap || !isJsonObject(content.value) ? { body: content.value } : content.value;
    case 'fields':
      return wrap ? { body: content.fields } : content.fields;
    case 'other':
      return {};
  }
};

/**
 * The arguments of a job from the request that makes it (reference 2.8). What the webhook's URL asked for by name
 * (`raw`, headers, query values) wins over fields of the body with the same name.
 */
export const assembleArgs = (
  content: Content,
  options: ArgsOptions,
  request: { headers: Record<string, string>; query: Record<string, string> },
): JsonObject => {
  const headers = options.includeHeader.flatMap((name) => {
    const value = request.headers[name.toLowerCase()];
    return value === undefined ? [] : [[name.toLowerCase().replaceAll('-', '_'), value]];
  });
  const query = options.includeQuery.flatMap((name) => {
    const value = request.query[name];
    return value === undefined ? [] : [[name, value]];
  });
  const named = {
    ...(options.raw || content.is === 'other' ? { raw_string: textOf(content) } : {}),
    ...Object.fromEntries(query),
    ...Object.fromEntries(headers),
  };
  const body = fromBody(content, options.wrapBody);
  return Object.keys(named).length === 0 ? body : { ...body, ...named };
};

/** A comma-separated list, empty parts left out. */
export const commaList = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
