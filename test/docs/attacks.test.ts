import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(ROOT, 'docs/attacks.md'), 'utf8');
/** Every file named in the page, with the tests that are named behind it. */
const named = [...page.matchAll(/`(test\/[^`]+\.test\.ts)`((?:,? "[^"]+")*)/g)].map(([, file = '', names = '']) => ({
  file,
  tests: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
}));

test('every test that docs/attacks.md names is there', () => {
  expect(named.length).toBeGreaterThan(30);
  const missing = named.flatMap(({ file, tests }) => {
    if (!existsSync(resolve(ROOT, file))) return [file];
    const text = readFileSync(resolve(ROOT, file), 'utf8');
    return tests.filter((name) => !text.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test('docs/attacks.md has a row for each of the thirty attacks and the five shapes', () => {
  const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  expect(page.match(/^\| [1-5]\. /gm)).toHaveLength(5);
});
