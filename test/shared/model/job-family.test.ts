import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childrenFirst } from '../../../shared/model/job-family.ts';

describe('a family of jobs', () => {
  it('is ended from its leaves up, also where a root stands under another', () => {
    const links = [
      { id: 'b', parent: 'a' },
      { id: 'c', parent: 'b' },
      { id: 'd', parent: 'a' },
      { id: 'x', parent: 'y' },
    ];
    expect(childrenFirst(['a', 'b'], links)).toEqual([['c', 'd'], ['b'], ['a']]);
    expect(childrenFirst(['lone'], links)).toEqual([['lone']]);
  });

  it('never has a job before one that it started, however parents are named, and each job once', () => {
    const id = fc.integer({ min: 0, max: 12 });
    const tree = fc.array(fc.tuple(id, id), { maxLength: 20 }).map((pairs) =>
      // A parent is always the smaller one: no circles.
      [...new Map(pairs.filter(([a, b]) => a < b).map(([a, b]) => [b, a]))].map(([child, parent]) => ({
        id: `j${child}`,
        parent: `j${parent}`,
      })),
    );
    fc.assert(
      fc.property(tree, fc.array(id, { minLength: 1 }), (links, roots) => {
        const generations = childrenFirst(
          roots.map((root) => `j${root}`),
          links,
        );
        const place = new Map(generations.flatMap((ids, at) => ids.map((each) => [each, at] as const)));
        expect(generations.flat()).toHaveLength(place.size);
        for (const { id: child, parent } of links) {
          const above = place.get(parent);
          if (above !== undefined) expect(place.get(child)).toBeLessThan(above);
        }
      }),
    );
  });
});
