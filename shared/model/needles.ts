/**
 * Finds many texts in one pass over a stream: an Aho-Corasick automaton over UTF-16 units, in time linear in the stream
 * whatever it holds. State 0 is "nothing begun".
 */
export class Needles {
  /** By state: its first child, the next child of its parent, the unit that leads to it. */
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #unit: Uint16Array;
  /** By state: the state of its longest proper suffix that a needle begins with. */
  readonly #fallback: Int32Array;
  readonly #depth: Int32Array;
  readonly #found: Int32Array;
  readonly #first = new Int32Array(65_536);
  #states = 1;

  constructor(needles: Iterable<string>) {
    const texts = [...needles];
    const most = texts.reduce((sum, text) => sum + text.length, 1);
    this.#child = new Int32Array(most);
    this.#sibling = new Int32Array(most);
    this.#unit = new Uint16Array(most);
    this.#fallback = new Int32Array(most);
    this.#depth = new Int32Array(most);
    this.#found = new Int32Array(most);
    for (const text of texts) this.#add(text);
    this.#link();
  }

  /** The state after one more unit. */
  next(state: number, unit: number): number {
    let at = state;
    while (at !== 0) {
      const child = this.#childOf(at, unit);
      if (child !== 0) return child;
      at = this.#fallback[at] ?? 0;
    }
    return this.#first[unit] ?? 0;
  }

  /** How many of the last units may be the beginning of a needle. */
  begun(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** Length of the longest needle that ends here; 0 for none. */
  found(state: number): number {
    return this.#found[state] ?? 0;
  }

  #childOf(state: number, unit: number): number {
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#unit[child] !== unit) child = this.#sibling[child] ?? 0;
    return child;
  }

  #add(text: string): void {
    let state = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      const known = state === 0 ? (this.#first[unit] ?? 0) : this.#childOf(state, unit);
      state = known === 0 ? this.#grow(state, unit) : known;
    }
    this.#found[state] = text.length;
  }

  #grow(parent: number, unit: number): number {
    const state = this.#states;
    this.#states += 1;
    this.#unit[state] = unit;
    this.#depth[state] = (this.#depth[parent] ?? 0) + 1;
    this.#sibling[state] = this.#child[parent] ?? 0;
    this.#child[parent] = state;
    if (parent === 0) this.#first[unit] = state;
    return state;
  }

  /** Breadth first: what a state falls back to is shorter, so it is complete already. */
  #link(): void {
    const order = new Int32Array(this.#states);
    let known = 1;
    for (let at = 0; at < known; at += 1) {
      const state = order[at] ?? 0;
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        const fallback = state === 0 ? 0 : this.next(this.#fallback[state] ?? 0, this.#unit[child] ?? 0);
        this.#fallback[child] = fallback;
        this.#found[child] = Math.max(this.#found[child] ?? 0, this.#found[fallback] ?? 0);
        order[known] = child;
        known += 1;
      }
    }
  }
}
