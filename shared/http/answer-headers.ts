/**
 * What every answer says, errors too: it is of the type it states, so that no text is ever taken for a page, and it is kept
 * by nobody on the way. A route may say otherwise about the latter.
 */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
