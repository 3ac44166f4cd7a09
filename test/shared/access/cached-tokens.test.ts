import { expect, test } from 'vitest';
import { cachedTokens } from '../../../shared/access/cached-tokens.ts';
import type { UserPrincipal } from '../../../shared/access/principal.ts';

const admin: UserPrincipal = { kind: 'user', email: 'a@b.c', username: 'a', super_admin: true };

const setUp = () => {
  const known = new Map<string, UserPrincipal>([['good', admin]]);
  const asked: string[] = [];
  const store = cachedTokens({
    find: (sha256) => {
      asked.push(sha256);
      return Promise.resolve(known.get(sha256));
    },
  });
  return { known, asked, store };
};

test('a known token is asked for once in 5 s, and a revoked one dies within that', async () => {
  const { known, asked, store } = setUp();
  await store.find('good', 0);
  known.delete('good');
  expect(await store.find('good', 4_999)).toEqual(admin);
  expect(await store.find('good', 5_000)).toBeUndefined();
  expect(asked).toEqual(['good', 'good']);
});

test('an unknown token is asked for again after 1 s', async () => {
  const { known, asked, store } = setUp();
  await store.find('new', 0);
  known.set('new', admin);
  expect(await store.find('new', 999)).toBeUndefined();
  expect(await store.find('new', 1_000)).toEqual(admin);
  expect(asked).toHaveLength(2);
});

test('guessing many tokens does not fill the memory', async () => {
  const { asked, store } = setUp();
  for (let n = 0; n < 1_500; n += 1) await store.find(`guess-${n}`, 0);
  await store.find('guess-1499', 0);
  await store.find('guess-0', 0);
  expect(asked).toHaveLength(1_501);
});
