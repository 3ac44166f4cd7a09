import { mayRead } from '../access/item-rights.ts';
import type { Standing } from '../access/standing.ts';
import type { Language } from '../model/language.ts';
import type { ScriptReads } from './catalog-scripts.ts';

/**
 * Reads the newest scripts of a workspace that are written in `language`, as whoever has this standing may: what he may not
 * read is not there.
 */
export const readScriptsAs =
  (scripts: ScriptReads, standing: Standing, language: Language) =>
  async (path: string): Promise<string | undefined> => {
    const head = await scripts.head(standing.workspace, path);
    if (head === undefined || head.archived || head.language !== language) return undefined;
    if (!mayRead(standing, path, head.extra_perms)) return undefined;
    return (await scripts.version(standing.workspace, head.hash, true))?.content;
  };
