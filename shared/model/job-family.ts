/** Deeper nests are not followed. */
export const DEEPEST_FAMILY = 500;

/**
 * The jobs and all that they started, by generation: whoever stands in one was started by none of those before it, so
 * that ending them in this order ends children first. A circle (anybody may name a parent) is followed once.
 */
export const childrenFirst = (
  roots: readonly string[],
  links: readonly { id: string; parent: string }[],
): string[][] => {
  const children = Map.groupBy(links, ({ parent }) => parent);
  const heights = new Map<string, number>();
  const visit = (id: string, depth: number): number => {
    const known = heights.get(id);
    if (known !== undefined) return known;
    heights.set(id, 0);
    const below = depth < DEEPEST_FAMILY ? (children.get(id) ?? []) : [];
    const height = below.reduce((most, child) => Math.max(most, 1 + visit(child.id, depth + 1)), 0);
    heights.set(id, height);
    return height;
  };
  for (const root of roots) visit(root, 0);
  const byHeight = Map.groupBy(heights.keys(), (id) => heights.get(id) ?? 0);
  return [...byHeight].sort(([a], [b]) => a - b).map(([, ids]) => ids);
};
