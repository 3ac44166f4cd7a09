import { describe, expect, it } from 'vitest';
import { isNpmRegistry, parseNpmRegistry, secretsOfRegistry } from '../../../shared/model/npm-registry.ts';
import { parseTypescriptLock, printTypescriptLock } from '../../../shared/model/typescript-lock.ts';

const manifest = '{\n  "dependencies": {\n    "left": "^1"\n  }\n}';
const chosen = '{\n  "lockfileVersion": 1,\n}\n';

describe('a TypeScript lock', () => {
  it('is read as it is printed, with the line ends of any system', () => {
    const lock = printTypescriptLock(manifest, chosen);
    expect(lock).toBe(`${manifest}\n//bun.lock\n${chosen}`);
    expect(parseTypescriptLock(lock)).toEqual({ manifest, chosen, empty: false });
    const windows = parseTypescriptLock(lock.replaceAll('\n', '\r\n'));
    expect(windows.manifest).toBe(manifest.replaceAll('\n', '\r\n'));
    expect(windows.chosen).toContain('lockfileVersion');
  });

  it('is empty when nothing is needed, in all of the ways Windmill says so', () => {
    for (const text of ['', '{\n  "dependencies": {}\n}\n//bun.lock\n<empty>', '{}\n//bun.lockb\n<empty>', '{}'])
      expect(parseTypescriptLock(text).empty, text).toBe(true);
    expect(printTypescriptLock('{}', undefined)).toBe('{}\n//bun.lock\n<empty>');
  });

  it('may leave the choice to each run', () => {
    expect(parseTypescriptLock(manifest)).toEqual({ manifest, empty: false });
  });

  it('is refused when it is damaged, in words that say how', () => {
    const refused = {
      '# py: 3.11\nrequests==2': 'this is no JSON',
      [`nonsense\n//bun.lock\n${chosen}`]: 'this is no JSON',
      '{"dependencies":{"a":1}}': 'lock: package.json: dependencies.a:',
      [`${manifest}\n//bun.lock\n<empty>`]: 'make the lock anew',
      [`${manifest}\n//bun.lockb\nAAAA`]: 'binary kind',
      [`${manifest}\n//bun.lock\nrubbish`]: 'which begins with {',
    };
    for (const [text, reason] of Object.entries(refused)) expect(() => parseTypescriptLock(text), text).toThrow(reason);
  });
});

describe('the registry of npm packages', () => {
  it("is a URL with or without a token, and bun's own when unset", () => {
    expect(parseNpmRegistry(undefined)).toEqual({});
    expect(secretsOfRegistry({})).toEqual([]);
    expect(parseNpmRegistry(' http://127.0.0.1:1/ ')).toEqual({ url: 'http://127.0.0.1:1/' });
    expect(parseNpmRegistry('https://n.example/:_authToken=abc')).toEqual({ url: 'https://n.example/', token: 'abc' });
    expect(secretsOfRegistry(parseNpmRegistry('https://me:p%40ss@n.example/:_authToken=abc'))).toEqual([
      'abc',
      'p%40ss',
      'p@ss',
    ]);
    expect(isNpmRegistry('')).toBe(true);
    expect(isNpmRegistry('registry')).toBe(false);
    expect(isNpmRegistry('file:///etc/passwd')).toBe(false);
  });
});
