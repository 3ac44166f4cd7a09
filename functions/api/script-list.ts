import type { z } from 'zod';
import type { listScripts } from '../../shared/contracts/scripts.ts';
import { commaList } from '../../shared/model/args-assembly.ts';
import type { ScriptHead } from '../../shared/model/script.ts';

type Query = z.output<typeof listScripts.query>;

const isWanted = (head: ScriptHead, query: Query): boolean => {
  const kinds = commaList(query.kinds);
  const languages = commaList(query.languages);
  return (
    head.archived === (query.show_archived ?? false) &&
    (query.path_exact === undefined || head.path === query.path_exact) &&
    (query.created_by === undefined || head.created_by === query.created_by) &&
    (query.is_template === undefined || (head.is_template ?? false) === query.is_template) &&
    (kinds.length === 0 || kinds.includes(head.kind)) &&
    (languages.length === 0 || languages.includes(head.language)) &&
    (query.label === undefined || (head.labels?.includes(query.label) ?? false)) &&
    // Nothing can be starred yet.
    !query.starred_only
  );
};

/** One page of the heads that a list asks for, newest first unless `order_desc=false`. */
export const scriptList = (heads: readonly ScriptHead[], query: Query): ScriptHead[] =>
  heads
    .filter((head) => isWanted(head, query))
    .sort((a, b) => (query.order_desc ? b.created_at - a.created_at : a.created_at - b.created_at))
    .slice((query.page - 1) * query.per_page, query.page * query.per_page);
