import type { Step } from './asks.ts';
import type { Draft } from './draft.ts';
import type { Member, ModulePart, PagePart } from './parts.ts';

/** Members of a page, at most: a full one is about 1 KB. */
const PAGE_SIZE = 10;

/** How many pages `entries` take. */
export const pagesFor = (entries: number): number => Math.ceil(entries / PAGE_SIZE);

/**
 * Which page an iteration is on. Those that run at once (`pages` in all) are dealt out in turn: neighbours, which are likely to end
 * in the same moment, write different items.
 */
export const pageIndex = (pages: number | undefined, iteration: number): number =>
  pages === undefined ? Math.floor(iteration / PAGE_SIZE) : iteration % pages;

/** The page that an iteration is on. */
export const pageOf = ({ id: module, attempt, pages }: ModulePart, iteration: number) => ({
  module,
  attempt,
  level: 0,
  index: pageIndex(pages, iteration),
});

/** A page of `pages` over which `entries` are dealt out is full with its share. */
const isFull = (page: PagePart, entries: number, pages: number): boolean =>
  Object.keys(page.members).length === Math.ceil((entries - page.index) / pages);

/** How a full page counts on the page above. */
const summary = (page: PagePart): Member => {
  const failed = Object.values(page.members).flatMap((member) => member.failed ?? []);
  return failed.length === 0 ? { success: true } : { success: false, failed: Math.min(...failed) };
};

/**
 * Adds an iteration that ended; it must not be there yet. A page that is full by it is a member of a page one level up, and when
 * the only page of a level is full all have ended: then this returns how they did. It touches one page for each level that fills.
 */
export function* join(draft: Draft, part: ModulePart, iteration: number, member: Member): Step<Member | undefined> {
  let entries = part.len ?? 0;
  let pages = pagesFor(entries);
  let page = draft.addMember(yield* draft.page(pageOf(part, iteration)), iteration, member);
  while (isFull(page, entries, pages)) {
    if (pages === 1) return summary(page);
    entries = pages;
    pages = pagesFor(entries);
    const above = {
      module: part.id,
      attempt: part.attempt,
      level: page.level + 1,
      index: pageIndex(pages, page.index),
    };
    page = draft.addMember(yield* draft.page(above), page.index, summary(page));
  }
  return undefined;
}
