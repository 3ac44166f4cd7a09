import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importsOf, type PythonImport } from '../../../shared/model/python-imports.ts';
import { readPythonSource } from '../../../shared/model/python-source.ts';

const modules = (code: string): string[] =>
  importsOf(readPythonSource(code).lines).map(({ dots, module, names }) =>
    names.length === 0 ? module : `${'.'.repeat(dots)}${module}:${names.join()}`,
  );

/** What Python's own parser says of the modules of its library: `{file: [[line, dots, module, names]]}`. */
const ASK_PYTHON = `
import ast, glob, json, os, warnings
warnings.simplefilter('ignore')
def walk(body, out):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name == 'main' and node.col_offset == 0 and not isinstance(node, ast.ClassDef): return False
        elif isinstance(node, ast.Import):
            out += [[node.lineno, 0, each.name, []] for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            out.append([node.lineno, node.level, node.module or '', [each.name for each in node.names]])
        else:
            parts = [getattr(node, field, []) for field in ('body', 'orelse', 'finalbody')]
            parts += [each.body for field in ('handlers', 'cases') for each in getattr(node, field, [])]
            for part in parts:
                if isinstance(part, list): walk(part, out)
    return True
found = {}
folder = os.path.dirname(os.__file__)
for file in sorted(glob.glob(folder + '/*.py') + glob.glob(folder + '/[a-j]*/*.py')):
    if 'site-packages' in file: continue
    try: tree = ast.parse(open(file, encoding='utf-8', newline='').read())
    except (SyntaxError, UnicodeDecodeError): continue
    found[file] = []
    walk(tree.body, found[file])
print(json.dumps(found))
`;

type Row = [number, number, string, string[]];
const ordered = (rows: Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1));
const row = ({ line, dots, module, names }: PythonImport): Row => [line, dots, module, names];

describe('imports of a Python source', () => {
  it('are those that Python itself finds in its standard library', () => {
    const answer = execFileSync('python3', ['-c', ASK_PYTHON], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const files: [string, Row[]][] = Object.entries(JSON.parse(answer));
    expect(files.length).toBeGreaterThan(150);
    for (const [file, expected] of files) {
      const found = importsOf(readPythonSource(readFileSync(file, 'utf8')).lines).map(row);
      expect({ file, found: ordered(found) }).toEqual({ file, found: ordered(expected) });
    }
  });

  it('are read in each of their forms', () => {
    expect(
      modules('import a, b.c as d;import e\nfrom f.g import (h as i,\n  j, # why\n)\nfrom k \\\n  import l'),
    ).toEqual(['a', 'b.c', 'e', 'f.g:h,j', 'k:l']);
    expect(modules('from . import a\nfrom .b import c\nfrom ..d.e import*\nfrom.f import(g)')).toEqual([
      '.:a',
      '.b:c',
      '..d.e:*',
      '.f:g',
    ]);
  });

  it('are found within try, if, with and the like, on a line with them too', () => {
    const code = [
      'try:',
      '    import a',
      'except ImportError: import b; import c',
      'if x[1:2] == {"k": 1}: from d import e',
      'else:',
      '\timport g',
      'with suppress(Exception):',
      '  if deep:',
      '    import h',
    ].join('\n');
    expect(modules(code)).toEqual(['a', 'b', 'c', 'd:e', 'g', 'h']);
  });

  it('are not those of functions and classes, and none from `def main(` on', () => {
    const code = [
      'def f(): import a; import b',
      'class C:',
      '  import c',
      '  def g(self):',
      '    import d',
      'import e',
    ];
    expect(modules(code.join('\n'))).toEqual(['e']);
    expect(modules('import a\ndef mainly():\n  pass\nimport b\nasync def main(x):\n  pass\nimport c')).toEqual([
      'a',
      'b',
    ]);
  });

  it('are not in strings and comments', () => {
    const code = [
      '"""',
      'import a',
      '"""',
      "r'\\'; import b",
      "x = 'it\\'s'; import c # import d",
      'y = f"{q["k"]:>{w}} {{import e}} {d!r:\'>10}"; import f',
      "z = rf'\\{p}'",
      'w = [',
      '"#", import_g, """',
      'import h""",',
      ']',
      'from i import j',
    ].join('\n');
    expect(modules(code)).toEqual(['c', 'f', 'i:j']);
  });

  it('are found again whatever string stands before them', () => {
    const literal = fc
      .tuple(
        fc.constantFrom('', 'r', 'b', 'Rb', 'u'),
        fc.constantFrom('"', "'", '"""', "'''"),
        fc.string({ maxLength: 30 }),
      )
      .map(([prefix, quote, text]) => `${prefix}${quote}${text.replaceAll(/[\\"'\r\n]/g, '#')}${quote}`);
    fc.assert(
      fc.property(fc.array(literal, { maxLength: 5 }), (literals) => {
        expect(modules(`x = (${literals.join(', ')})\nimport found\n`)).toEqual(['found']);
      }),
    );
  });

  it('are looked for in any text, in time linear in its length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('"', "'", '"""', 'f"', '{', '}', '(', ')', '\\', '\n', ' ', '#', ':', 'import a')),
        (parts) => {
          expect(importsOf(readPythonSource(parts.join('')).lines)).toBeInstanceOf(Array);
        },
      ),
      { numRuns: 1000 },
    );
    const startedAt = performance.now();
    for (const piece of [
      'f"{',
      '(',
      'from . ',
      "'''",
      'import a, ',
      'a.',
      'if :',
      '"\\',
      'from a\\\n',
      'import a # pin: b\n',
    ])
      readAll(piece.repeat(20_000));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

const readAll = (code: string): PythonImport[] => importsOf(readPythonSource(code).lines);
