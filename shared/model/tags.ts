import { z } from 'zod';

/** Which workspaces an entry of `custom_tags` lets use its tag. */
type Restriction = { kind: 'only' | 'except'; workspaces: string[] };
type CustomTag = { tag: string; restriction: Restriction | undefined };

/** A tag, and in parentheses workspaces joined by `+` (these only) or each behind a `^` (all but these). */
const ENTRY = /^([^()]{1,50})(?:\(([\w-]+(?:\+[\w-]+)*|(?:\^[\w-]+)+)\))?$/;

const parsed = (entry: string): CustomTag => {
  const [, tag = entry, workspaces] = ENTRY.exec(entry) ?? [];
  if (workspaces === undefined) return { tag, restriction: undefined };
  return workspaces.startsWith('^')
    ? { tag, restriction: { kind: 'except', workspaces: workspaces.slice(1).split('^') } }
    : { tag, restriction: { kind: 'only', workspaces: workspaces.split('+') } };
};

/** The setting `custom_tags`, as a caller may write it. */
export const CustomTags = z
  .array(
    z
      .string('must be a text')
      .regex(
        ENTRY,
        'must be a tag such as gpu, gpu(one+two) for these workspaces only, or gpu(^one^two) for all others',
      ),
    'must be a list of tags',
  )
  .max(500, 'must name at most 500 tags');

/** `$workspace` and `$args[x]` of an entry stand for any text. */
const covers = (pattern: string, tag: string): boolean => {
  const parts = pattern.split(/\$workspace|\$args\[[^\]]*\]/);
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return first === tag;
  const last = rest.pop() ?? '';
  if (tag.length < first.length + last.length || !tag.startsWith(first) || !tag.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = tag.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= tag.length - last.length;
};

const admits = ({ restriction }: CustomTag, workspace: string): boolean =>
  restriction === undefined || restriction.workspaces.includes(workspace) === (restriction.kind === 'only');

/**
 * Whether jobs of a workspace may have this tag: one that `custom_tags` does not restrict, and of those it does, where one of
 * its entries lets the workspace. `tag` is the job's, with nothing left to put in.
 */
export const mayUseTag = (customTags: readonly string[], workspace: string, tag: string): boolean => {
  const entries = customTags.map(parsed).filter((entry) => covers(entry.tag, tag));
  return entries.length === 0 || entries.some((entry) => admits(entry, workspace));
};

/** The names of custom tags, each once; given a workspace, those that it may use. */
export const tagNames = (customTags: readonly string[], workspace?: string): string[] => {
  const entries = customTags.map(parsed).filter((entry) => workspace === undefined || admits(entry, workspace));
  return [...new Set(entries.map((entry) => entry.tag))];
};

/** Why a workspace may not use a tag, as whoever wanted to reads it. */
export const tagRefusal = (workspace: string, tag: string): string =>
  `tag ${tag}: workspace ${workspace} may not use it (the instance setting custom_tags says which may)`;
