const SURROGATE = /[\ud800-\udbff]/;

/** Characters (code points) of a text: what `log_offset` counts. */
export const charCount = (text: string): number => {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

/** The text from character `from` on, never cutting a character in two. */
export const fromChar = (text: string, from: number): string => {
  if (from <= 0) return text;
  if (!SURROGATE.test(text)) return text.slice(from);
  return [...text].slice(from).join('');
};

/** A text in pieces of at most `size` UTF-16 units (2 or more), never cutting a character in two. */
export function* piecesOf(text: string, size: number): Iterable<string> {
  for (let from = 0; from < text.length; ) {
    const end = from + size;
    const cutsOne = end < text.length && SURROGATE.test(text.charAt(end - 1));
    yield text.slice(from, cutsOne ? end - 1 : end);
    from = cutsOne ? end - 1 : end;
  }
}
