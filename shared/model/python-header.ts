import { badRequest } from './errors.ts';
import { inlineMetadata } from './python-inline-metadata.ts';
import { parseRequirement, type Requirement } from './python-requirement.ts';
import type { PythonComment, PythonSource } from './python-source.ts';
import type { PythonWish } from './python-version.ts';

/** What the comments of a script say about what it needs. */
export type PythonHeader = {
  python?: PythonWish;
  /** Stands for everything that its imports would say. */
  listed?: Requirement[];
  /** Joins what its imports say. */
  extra: Requirement[];
};

/**
 * Reads `# py: 3.13`, `# py313`, `# requirements:`, `# extra_requirements:` and a `# /// script` block (PEP 723), which goes
 * before `# requirements:`. Throws 400 that names the line of what cannot be read.
 */
export const readPythonHeader = ({ comments, lines }: PythonSource): PythonHeader => {
  const metadata = inlineMetadata(comments);
  const listed = metadata?.dependencies ?? block(comments, 'requirements');
  const python = metadata?.python ?? wishIn(comments, lines[0]?.line ?? Number.POSITIVE_INFINITY);
  return {
    ...(python === undefined ? {} : { python }),
    ...(listed === undefined ? {} : { listed }),
    extra: block(comments, 'extra_requirements') ?? [],
  };
};

/** Only above the first statement, as other annotations. */
const wishIn = (comments: PythonComment[], before: number): PythonWish | undefined => {
  for (const { line, text } of comments) {
    if (line >= before) return undefined;
    const short = /^#\s*py3(\d{1,2})$/.exec(text)?.[1];
    if (short !== undefined) return { specifier: `3.${short}`, line };
    const long = /^#\s*py:\s*(.+)$/.exec(text)?.[1];
    if (long !== undefined) return { specifier: long.trim(), line };
  }
  return undefined;
};

/** The requirements in the comment lines right below `# <title>:`; undefined without such a line. */
const block = (comments: PythonComment[], title: string): Requirement[] | undefined => {
  const opening = new RegExp(`^#\\s?${title}:`);
  const start = comments.findIndex(({ text }) => opening.test(text));
  const head = comments[start];
  if (head === undefined) return undefined;
  const names = head.text.slice(head.text.indexOf(':') + 1).trim();
  if (names !== '')
    throw badRequest(
      `line ${head.line}: \`${head.text}\` names dependencies of the workspace, which there are none of yet; ` +
        'list the packages in the lines below it, one `# package` each',
    );
  const found: Requirement[] = [];
  for (const [index, { line, text }] of comments.slice(start + 1).entries()) {
    if (line !== head.line + index + 1 || endsBlock(text)) break;
    found.push(requirementAt(line, text.slice(1)));
  }
  return found;
};

/** An empty comment, another annotation, or prose: words that are not meant as a requirement. */
const endsBlock = (text: string): boolean => {
  const words = text.slice(1).trim();
  if (words === '' || /^(?:(?:extra_)?requirements|py):|^\/\/\/|^py3\d+$/.test(words)) return true;
  return /\s/.test(words) && !/[<>=~@;[\]]|:\/\/|^-/.test(words) && !parseRequirement(words).ok;
};

const requirementAt = (line: number, text: string): Requirement => {
  const parsed = parseRequirement(text);
  if (parsed.ok) return parsed.value;
  throw badRequest(`line ${line}: \`${text.trim()}\` ${parsed.reason}`);
};
