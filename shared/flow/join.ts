import type { Step } from './asks.ts';
import type { Draft } from './draft.ts';
import type { Member, ModulePart, PagePart } from './parts.ts';

/** Iterations to a page, and pages to a page above. A full page is about 4 KB. */
export const PAGE_SIZE = 50;

/** How many entries level `level` has in all: iterations at 0, pages of the level below above. */
const widthOf = (len: number, level: number): number => Math.ceil(len / PAGE_SIZE ** level);

const isFull = (page: PagePart, width: number): boolean =>
  Object.keys(page.members).length === Math.min(PAGE_SIZE, width - page.index * PAGE_SIZE);

/** How a full page counts on the page above. */
const summary = (page: PagePart): Member => {
  const failed = Object.values(page.members).flatMap((member) => member.failed ?? []);
  return failed.length === 0 ? { success: true } : { success: false, failed: Math.min(...failed) };
};

/** The page that an iteration is on. */
export const pageOf = (part: ModulePart, iteration: number) => ({
  module: part.id,
  attempt: part.attempt,
  level: 0,
  index: Math.floor(iteration / PAGE_SIZE),
});

/**
 * Adds an iteration that ended; it must not be there yet. A page that is full by it is a member of the page above, and when the
 * top page is full all have ended: then this returns how they did. It touches one page for each level that fills.
 */
export function* join(draft: Draft, part: ModulePart, iteration: number, member: Member): Step<Member | undefined> {
  const len = part.len ?? 0;
  let page = draft.addMember(yield* draft.page(pageOf(part, iteration)), iteration, member);
  for (let level = 0; isFull(page, widthOf(len, level)); level += 1) {
    if (widthOf(len, level) <= PAGE_SIZE) return summary(page);
    const above = yield* draft.page({
      ...pageOf(part, 0),
      level: level + 1,
      index: Math.floor(page.index / PAGE_SIZE),
    });
    page = draft.addMember(above, page.index, summary(page));
  }
  return undefined;
}
