import { describe, expect, it } from 'vitest';
import { typescriptImports } from '../../../shared/model/typescript-imports.ts';
import { manifestOf, typescriptNeeds } from '../../../shared/model/typescript-needs.ts';
import { runnableTypescript } from '../../../shared/model/typescript-runnable.ts';

const named = (code: string) => typescriptImports(code).map(({ specifier, line }) => `${line} ${specifier}`);
const packages = (code: string, path?: string) =>
  typescriptNeeds(code, path).packages.map(({ name, version }) => `${name}@${version}`);
const scripts = (code: string, path?: string) => typescriptNeeds(code, path).scripts.map((one) => one.path);
const manifest = (...codes: string[]) =>
  JSON.parse(manifestOf(codes.map((code, at) => typescriptNeeds(code, `f/a/s${at}`))) ?? 'null')?.dependencies;

describe('what a TypeScript source imports', () => {
  it('is read from every form of import that lives at run time', () => {
    const code = `import a from "a"
import * as b from 'b'; import "c"
import d, {
  type D,
  default as dd,
  "odd name" as odd,
} from "d"
export * as e from "e"
export { f } from "f"
export * from 'g';
const h = await import("h", { with: {} }), i = require('i')
import j = require("j")
import type, { k } from "k"
import type from "l"
import {} from \`m\``;
    expect(named(code)).toEqual([
      '1 a',
      '2 b',
      '2 c',
      '7 d',
      '8 e',
      '9 f',
      '10 g',
      '11 h',
      '11 i',
      '12 j',
      '13 k',
      '14 l',
      '15 m',
    ]);
  });

  it('is nothing that lives only in types, strings, comments, templates, regular expressions or other names', () => {
    const code = `import type { A } from "no"
import type B from "no"
import type * as C from "no"
export type { D } from "no"
export type E = string
export { x }
const from = "no"
// import "no"
/* import "no"
import "no" */
const s = "import 'no'", t = 'it\\'s import("no")', u = \`import "no" \${s} require("no")\`
const r = /import "no"/, q = 1 / 2, w = /[/"]require("no")/
it.import("no"); it.require("no"); import.meta.url; require.resolve("no"); const { a: b } = { import: "no" }
import(s); require(s + "no"); import("no" + s)
import "yes"`;
    expect(named(code)).toEqual(['15 yes']);
  });

  it('is seen in code within templates, and behind what is not closed', () => {
    expect(named('`$' + '{await import("a")} $' + '{`$' + '{require("b")} {`} }` + require("c")')).toEqual([
      '1 a',
      '1 b',
      '1 c',
    ]);
    expect(named('const a = "x\nimport "b"')).toEqual(['2 b']);
    expect(named('`import "no"')).toEqual([]);
    expect(named('/* import "no"')).toEqual([]);
  });

  it('is read in linear time, whatever the source is', () => {
    for (const piece of ['import {', '`${', '/[', '"\\', 'import a,', '/*', "'"]) {
      const startedAt = performance.now();
      named(piece.repeat(20_000));
      expect(performance.now() - startedAt).toBeLessThan(6000);
    }
  });
});

describe('what a TypeScript script needs', () => {
  it('is packages, with versions and without what lies in them', () => {
    expect(
      packages('import "a"; import "b@1.2"; import "@s/c@^2/sub/x.js"; import "d/e"; import "npm:f@latest"'),
    ).toEqual(['a@', 'b@1.2', '@s/c@^2', 'd@', 'f@latest']);
    expect(packages('import "g@>=1 <2 || ~3.x"; import "h@1.0.0-rc.1+b"; import "i@1.0 - 2"')).toEqual([
      'g@>=1 <2 || ~3.x',
      'h@1.0.0-rc.1+b',
      'i@1.0 - 2',
    ]);
  });

  it('is nothing for what a runtime has or finds by itself', () => {
    const code =
      'import "fs"; import "fs/promises"; import "node:test"; import "bun:sqlite"; import "bun"; import "https://x.y/z"; import "#a"; import "/etc/x"';
    expect(typescriptNeeds(code)).toEqual({ path: undefined, packages: [], scripts: [] });
    expect(packages('import "buffer@6"')).toEqual(['buffer@6']);
  });

  it('is scripts of the workspace, by their paths', () => {
    expect(scripts('import "./c"; import "../lib/d.ts"; import "/u/me/e"; import "f/x/y/z.bun.ts"', 'f/a/b')).toEqual([
      'f/a/c',
      'f/lib/d',
      'u/me/e',
      'f/x/y/z',
    ]);
  });

  it('cannot be read from a version that is none, a name that is none, and paths that lead nowhere', () => {
    expect(() => packages('\nimport "a@1..2"')).toThrow(
      'line 2: `a@1..2`: `1..2` is not a version such as 1.2.3, ^2 or latest',
    );
    expect(() => packages('import "a@"')).toThrow('`` is not a version');
    expect(() => packages('import "a@git+ssh:x"')).toThrow('is not a version');
    expect(() => packages('import "a b"')).toThrow('line 1: `a b` is not the name of an npm package');
    expect(() => packages('import "__proto__"')).toThrow('is not the name of an npm package');
    expect(() => scripts('import "./x"')).toThrow('is relative, and this script has no path');
    expect(() => scripts('import "../../../x"', 'f/a/b')).toThrow(
      'line 1: the relative import leads out of the workspace',
    );
  });

  it('becomes one package.json: an import without a version takes that of another, two different ones are refused', () => {
    expect(manifest('import "b"; import "a"', 'import "a@^1"')).toEqual({ a: '^1', b: 'latest' });
    expect(manifest('import "fs"')).toBeUndefined();
    expect(() => manifest('import "a@1"', '\nimport "a@2"')).toThrow(
      'f/a/s0, line 1, wants a@1 and f/a/s1, line 2, wants a@2; a run has one version',
    );
  });
});

describe('a source as it is run', () => {
  it('has no versions in its imports, and every line where it was', () => {
    const code =
      'import a from "a@1.2" // a@1.2\nimport { b } from \'@s/b@^2/sub\'; const s = "a@1.2"\nimport type { T } from "t@1"';
    expect(runnableTypescript(code, { path: undefined, main: undefined })).toBe(
      'import a from "a" // a@1.2\nimport { b } from \'@s/b/sub\'; const s = "a@1.2"\nimport type { T } from "t@1"',
    );
  });

  it('names scripts of the workspace by the files that hold them', () => {
    const code = 'import "./c"; import "/u/me/d"; import "../lib/e.ts"; import "./b"';
    expect(runnableTypescript(code, { path: 'f/a/b', main: 'f/a/b' })).toBe(
      'import "./f/a/c.ts"; import "./u/me/d.ts"; import "./f/lib/e.ts"; import "./main.ts"',
    );
    expect(runnableTypescript(code, { path: 'f/a/z', main: 'f/a/b' })).toBe(
      'import "../../f/a/c.ts"; import "../../u/me/d.ts"; import "../../f/lib/e.ts"; import "../../main.ts"',
    );
  });
});
