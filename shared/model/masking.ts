import { Needles } from './needles.ts';
import { formsOf, shortestForm } from './secret-forms.ts';

/** Where the stream stands: text that may be the beginning of a secret is held until it is known. */
type Standing = {
  state: number;
  held: string;
  /** So many units of `held` belong to an occurrence whose mask is out already. */
  covered: number;
  /** Occurrences in `held`, in order, none overlapping another. */
  found: { from: number; to: number }[];
  /** True once something was masked. */
  masked: boolean;
};

const FRESH: Standing = { state: 0, held: '', covered: 0, found: [], masked: false };

/** What stands for an occurrence: enough of it to tell which secret it was. */
const maskOf = (text: string): string => `${[...text.slice(0, 6)].slice(0, 3).join('')}*****`;

/**
 * Replaces secrets in a stream of text by their first 3 characters and `*****`, in whatever form (`formsOf`) and however
 * the stream was cut. Overlapping occurrences are one. Text that may yet become an occurrence is held back: at most as
 * much as the longest form. Secrets may be added at any moment and count for all text that was not given out before.
 * Without secrets it costs nothing; with them, linear time. (Limit: a secret that itself holds asterisks may look like
 * its mask.)
 */
export class Masker {
  readonly #secrets = new Set<string>();
  #shortest = Number.POSITIVE_INFINITY;
  /** Built only when a text comes that could hold a secret: many logs are shorter than that. */
  #needles: Needles | undefined;
  #at: Standing = FRESH;

  constructor(secrets: Iterable<string> = []) {
    this.add(secrets);
  }

  add(secrets: Iterable<string>): void {
    const fresh = [...secrets].filter((secret) => !this.#secrets.has(secret));
    if (fresh.length === 0) return;
    for (const secret of fresh) this.#secrets.add(secret);
    this.#shortest = Math.min(this.#shortest, shortestForm(fresh));
    this.#needles = undefined;
    // What is held is looked through again, for the new secrets as well.
    this.#at = { ...this.#at, state: 0, found: [] };
  }

  /** So much of what was pushed is held back. */
  get held(): number {
    return this.#at.held.length;
  }

  /** So much of what is held belongs to a secret whose mask was given out already. */
  get covered(): number {
    return this.#at.covered;
  }

  /** Whether anything was masked so far. */
  get masked(): boolean {
    return this.#at.masked;
  }

  /** Goes on where another one stopped: what it held comes as the next text, of which so much was `covered`. */
  resume(at: { covered: number; masked: boolean }): void {
    this.#at = { ...FRESH, ...at };
  }

  /** Takes the next text and answers what is certain by now. */
  push(text: string): string {
    if (this.#shortest === Number.POSITIVE_INFINITY) return text;
    const { out, at } = this.#advance(text, false);
    this.#at = at;
    return out;
  }

  /** Takes the last text and answers all that is left. */
  end(text: string): string {
    const { out, at } = this.#advance(text, true);
    this.#at = { ...FRESH, masked: at.masked };
    return out;
  }

  /** What would come if the stream ended after `text`. Changes nothing: it may be asked again, with more secrets. */
  ending(text: string): { text: string; masked: boolean } {
    const { out, at } = this.#advance(text, true);
    return { text: out, masked: at.masked };
  }

  #advance(text: string, last: boolean): { out: string; at: Standing } {
    const begun = this.#at;
    const whole = begun.held + text;
    if (last && begun.covered === 0 && whole.length < this.#shortest) return { out: whole, at: begun };
    this.#needles ??= new Needles([...this.#secrets].flatMap((secret) => [...formsOf(secret)]));
    // The state is that of the held text, unless secrets came meanwhile: then that is read again.
    const again = begun.state === 0;
    const from = again ? 0 : begun.held.length;
    const { state, found } = search(this.#needles, whole, { from, state: begun.state, found: begun.found });
    const certain = last ? whole.length : whole.length - this.#needles.begun(state);
    return giveOut({ ...begun, state, held: whole, found }, certain);
  }
}

/** Every occurrence that ends after `from`, merged with those found before. */
const search = (
  needles: Needles,
  text: string,
  begun: { from: number; state: number; found: Standing['found'] },
): Pick<Standing, 'state' | 'found'> => {
  const found = [...begun.found];
  let state = begun.state;
  for (let index = begun.from; index < text.length; index += 1) {
    state = needles.next(state, text.charCodeAt(index));
    const length = needles.found(state);
    if (length > 0) mergeInto(found, { from: index + 1 - length, to: index + 1 });
  }
  return { state, found };
};

const mergeInto = (found: Standing['found'], next: { from: number; to: number }): void => {
  let { from } = next;
  for (let last = found.at(-1); last !== undefined && last.to > from; last = found.at(-1)) {
    from = Math.min(from, last.from);
    found.pop();
  }
  found.push({ from, to: next.to });
};

/** Everything before `certain`: no later occurrence can begin there. */
const giveOut = (at: Standing, certain: number): { out: string; at: Standing } => {
  const parts: string[] = [];
  let { covered, masked } = at;
  let done = 0;
  for (const { from, to } of at.found) {
    if (from >= certain) break;
    done += 1;
    if (from >= covered) {
      parts.push(at.held.slice(covered, from), maskOf(at.held.slice(from, to)));
      masked = true;
    }
    covered = Math.max(covered, to);
  }
  parts.push(at.held.slice(covered, Math.max(covered, certain)));
  const left = at.found.slice(done).map(({ from, to }) => ({ from: from - certain, to: to - certain }));
  const held = at.held.slice(certain);
  return {
    out: parts.join(''),
    at: { state: at.state, held, covered: Math.max(0, covered - certain), found: left, masked },
  };
};
