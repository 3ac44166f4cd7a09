/** Where the JSON text that begins at `from` ends, for a text that is known to be JSON. */
const endOfValue = (text: string, from: number): number => {
  let levels = 0;
  let inText = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '[' || char === '{') levels += 1;
    else if (levels === 0 && (char === ',' || char === '}' || char === ':')) return at;
    else if (char === ']' || char === '}') levels -= 1;
  }
  return text.length;
};

/**
 * The text of a member of the JSON object that `text` is, as it stands there, so that no number changes; undefined: it has
 * none. Of several with the name the last one, as JSON.parse takes it. `text` must be a JSON object.
 */
export const rawMember = (text: string, name: string): string | undefined => {
  let found: string | undefined;
  let at = text.indexOf('{') + 1;
  while (at < text.length) {
    const colon = endOfValue(text, at);
    if (text[colon] !== ':') return found;
    const end = endOfValue(text, colon + 1);
    if (JSON.parse(text.slice(at, colon)) === name) found = text.slice(colon + 1, end).trim();
    at = end + 1;
  }
  return found;
};
