/** One requirement as a package index understands it (PEP 508, without direct URLs). */
export type Requirement = {
  /** Normalised: lower case, single dashes. */
  name: string;
  /** As written, trimmed. */
  text: string;
};

export type ParsedRequirement = { ok: true; value: Requirement } | { ok: false; reason: string };

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const EXTRAS = `\\[ *(?:${NAME} *(?:, *${NAME} *)*)?\\]`;
const CLAUSE = '(?:===|==|!=|<=|>=|~=|<|>) *[A-Za-z0-9.*+!_-]+';
const CLAUSES = `${CLAUSE}(?: *, *${CLAUSE})*,?`;
const REQUIREMENT = new RegExp(
  `^(${NAME}) *(?:${EXTRAS})? *(?:\\( *${CLAUSES} *\\)|${CLAUSES})? *(?:; *[\\w .'"<>=!~(),+-]+)?$`,
);
const LONGEST = 500;

/** `Zope.Interface_x` and `zope-interface-x` are one package (PEP 503). */
export const normalName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/**
 * Reads one requirement. Options of pip (`--index-url`, `-r`), paths and URLs are refused: a requirement chooses among what
 * the indexes of the workspace have, and nothing else.
 */
export const parseRequirement = (written: string): ParsedRequirement => {
  const text = written.trim().replaceAll('\t', ' ');
  const refuse = (reason: string): ParsedRequirement => ({ ok: false, reason });
  if (text.length > LONGEST) return refuse(`is longer than ${LONGEST} characters`);
  if (text.startsWith('-')) return refuse('is an option of pip; only packages of the index may stand here');
  if (/^[.~/]/.test(text) || text.includes('://') || /^[^;]*@/.test(text))
    return refuse('is a path or a URL; only packages of the index may stand here');
  const name = REQUIREMENT.exec(text)?.[1];
  if (name === undefined)
    return refuse('is not a requirement such as `requests`, `requests==2.32.3` or `rich[jupyter]>=13,<15`');
  return { ok: true, value: { name: normalName(name), text } };
};
