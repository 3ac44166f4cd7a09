import { mayRead } from '../access/item-rights.ts';
import type { Standing } from '../access/standing.ts';
import type { ReadPython } from '../jobs/gather-needs.ts';
import type { ScriptReads } from './catalog-scripts.ts';

/** Reads the newest Python scripts of a workspace as whoever has this standing may: what he may not read is not there. */
export const readPythonAs =
  (scripts: ScriptReads, standing: Standing): ReadPython =>
  async (path) => {
    const head = await scripts.head(standing.workspace, path);
    if (head === undefined || head.archived || head.language !== 'python3') return undefined;
    if (!mayRead(standing, path, head.extra_perms)) return undefined;
    return (await scripts.version(standing.workspace, head.hash, true))?.content;
  };
