import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequirement } from '../../../shared/model/python-requirement.ts';
import { pythonNeeds, pythonWishOf, requirementsOf } from '../../../shared/model/python-requirements.ts';
import { choosePython } from '../../../shared/model/python-version.ts';

const needed = (...codes: string[]): string[] => requirementsOf(codes.map((code) => pythonNeeds(code, 'f/etl/load')));
const scripts = (code: string, path?: string) => pythonNeeds(code, path).scripts;

describe('what imports stand for', () => {
  it('leaves out what comes with Python, also what came with an older one', () => {
    expect(
      needed(
        'import os, json.decoder, _thread, tomllib, distutils.core, cgi, __main__\nfrom __future__ import annotations',
      ),
    ).toEqual([]);
  });

  it('takes the first part of a module for the name of its package, with dashes, each once', () => {
    expect(needed('import requests.adapters\nfrom requests import get\nimport my_own_thing\nimport Flask')).toEqual([
      'Flask',
      'my-own-thing',
      'requests',
    ]);
  });

  it.each([
    ['import PIL.Image', ['Pillow']],
    ['import yaml, git, cv2, sklearn.svm', ['GitPython', 'opencv-python', 'pyyaml', 'scikit-learn']],
    ['import psycopg, psycopg2', ['psycopg2-binary', 'psycopg[binary,pool]']],
    ['from google.cloud import storage, secretmanager', ['google-cloud-secret-manager', 'google-cloud-storage']],
    ['import google.cloud.firestore_v1.types', ['google-cloud-firestore']],
    ['from google import genai\nimport google.auth', ['google-auth', 'google-genai']],
    ['from google.oauth2 import service_account', ['google-auth']],
    ['import google\nfrom google.cloud import *', []],
    [
      'from azure.storage.blob import BlobClient\nimport azure.mgmt.compute',
      ['azure-mgmt-compute', 'azure-storage-blob'],
    ],
    ['from azure.identity import X\nfrom azure.keyvault import secrets', ['azure-identity', 'azure-keyvault-secrets']],
  ])('knows packages that are named differently: %s', (code, packages) => {
    expect(needed(code)).toEqual(packages);
  });

  it('puts a pin in the place of the import, in every script that imports it, and a repin before all pins', () => {
    const pinned = 'import pandas # pin: pandas==2.1.0\nimport bs4  # pin: beautifulsoup4<5';
    expect(needed(pinned)).toEqual(['beautifulsoup4<5', 'pandas==2.1.0']);
    expect(needed('from pandas import DataFrame', pinned)).toEqual(['beautifulsoup4<5', 'pandas==2.1.0']);
    expect(needed('import pandas.io # pin: pandas>=2', pinned)).toEqual([
      'beautifulsoup4<5',
      'pandas==2.1.0',
      'pandas>=2',
    ]);
    expect(needed('import pandas # repin: pandas==1.5.3', pinned)).toEqual(['beautifulsoup4<5', 'pandas==1.5.3']);
    expect(needed('import a, b # pin: a==1')).toEqual(['a==1', 'b']);
    expect(() => needed('\nimport a, b # pin: c==1')).toThrow('line 2: `c==1` names none of a, b');
    expect(() => needed('\nimport a # pin: a=1')).toThrow('line 2: `a=1` is not a requirement');
  });

  it('adds `# extra_requirements:` to them', () => {
    expect(needed('# extra_requirements:\n# lxml\n#html5lib>=1\n\nimport bs4')).toEqual([
      'beautifulsoup4',
      'html5lib>=1',
      'lxml',
    ]);
  });
});

describe('imports of other scripts', () => {
  it('are told apart from packages, and resolved against the path of the script', () => {
    expect(scripts('from f.lib.dates import today\nimport u.ann.tool\nfrom f.lib import a, b', 'f/etl/load')).toEqual([
      { line: 1, path: 'f/lib/dates', names: ['today'] },
      { line: 2, path: 'u/ann/tool', names: [] },
      { line: 3, path: 'f/lib', names: ['a', 'b'] },
    ]);
    expect(scripts('from .clean import tidy\nfrom . import x\nfrom ..lib.dates import *', 'f/etl/load')).toEqual([
      { line: 1, path: 'f/etl/clean', names: ['tidy'] },
      { line: 2, path: 'f/etl', names: ['x'] },
      { line: 3, path: 'f/lib/dates', names: [] },
    ]);
    expect(needed('from f.lib.dates import today\nfrom .clean import tidy\nimport flask')).toEqual(['flask']);
  });

  it('are refused with their line when they lead nowhere', () => {
    expect(() => scripts('\nfrom .x import y')).toThrow('line 2: a relative import needs a script with a path');
    expect(() => scripts('from ....x import y', 'f/etl/load')).toThrow('line 1: the relative import leads out');
  });

  it('bring along what the other scripts need; a list of one script does not speak for another', () => {
    expect(needed('#requirements:\n#flask==3\n\nimport bs4', 'import yaml')).toEqual(['flask==3', 'pyyaml']);
  });
});

describe('`# requirements:`', () => {
  it('stands for the imports, as far as the comment lines right below go', () => {
    expect(needed('import bs4\n#requirements:\n#flask==3.0.0\n# rich[jupyter] >= 13, < 15\n#\n# not-this')).toEqual([
      'flask==3.0.0',
      'rich[jupyter] >= 13, < 15',
    ]);
    expect(needed('# requirements:\nimport bs4')).toEqual([]);
    expect(needed('#requirements:\n#flask\n# This script is about flasks.\nimport bs4')).toEqual(['flask']);
    expect(needed('"""\n#requirements:\n#flask\n"""\nimport bs4')).toEqual(['beautifulsoup4']);
  });

  it.each([
    ['flask=3', 'is not a requirement such as'],
    ['flask>=', 'is not a requirement such as'],
    ['--index-url=https://example.com/simple', 'is an option of pip'],
    ['-r other.txt', 'is an option of pip'],
    ['./wheel.whl', 'is a path or a URL'],
    ['tool @ git+https://example.com/tool', 'is a path or a URL'],
    ['https://example.com/tool.whl', 'is a path or a URL'],
  ])('refuses `%s` and names the line', (line, reason) => {
    expect(() => needed(`\n#requirements:\n#rich\n#${line}`)).toThrow(`line 4: \`${line}\` ${reason}`);
  });

  it('of the workspace are refused: there are none', () => {
    expect(() => needed('# requirements: default, etl')).toThrow(
      'line 1: `# requirements: default, etl` names dependencies',
    );
  });

  it('takes what PEP 508 allows, and never what has a second line', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/);
    const clause = fc.tuple(
      fc.constantFrom('==', '>=', '<', '~=', '!='),
      fc.stringMatching(/^\d{1,3}(\.\d{1,3}){0,2}$/),
    );
    fc.assert(
      fc.property(
        name,
        fc.array(name, { maxLength: 2 }),
        fc.array(clause, { maxLength: 3 }),
        (own, extras, clauses) => {
          const text = `${own}${extras.length === 0 ? '' : `[${extras.join(', ')}]`}${clauses.map((one) => one.join(' ')).join(',')}`;
          expect(parseRequirement(text)).toEqual({
            ok: true,
            value: { name: own.toLowerCase().replace(/[-_.]+/g, '-'), text },
          });
          expect(parseRequirement(`${text}\n-r x`).ok).toBe(false);
        },
      ),
    );
  });
});

describe('`# /// script`', () => {
  const block = (...lines: string[]): string =>
    `# /// script\n${lines.map((line) => `# ${line}`).join('\n')}\n# ///\nimport bs4`;

  it('stands for the imports and says which Python', () => {
    const code = block(
      'requires-python = ">=3.12"',
      'dependencies = [',
      '  "requests<3", # why',
      '  \'rich[jupyter] ; python_version > "3.8"\',',
      ']',
      '[tool.uv]',
      'dependencies = 3',
    );
    expect(needed(code)).toEqual(['requests<3', 'rich[jupyter] ; python_version > "3.8"']);
    expect(pythonWishOf([pythonNeeds(code)])).toEqual({ specifier: '>=3.12', line: 2 });
  });

  it('goes before `# requirements:`, but only for what it names', () => {
    expect(needed(`${block('dependencies = ["rich"]')}\n# requirements:\n# flask`)).toEqual(['rich']);
    expect(needed(block('requires-python = ">=3.9"'))).toEqual(['beautifulsoup4']);
    expect(needed(block('dependencies = []'))).toEqual([]);
  });

  it.each([
    ['# /// script\n# dependencies = []\nimport a', 'line 1: `# /// script` needs a line `# ///`'],
    [block('dependencies = ["rich", 3]'), 'line 2: dependencies must be a list'],
    [block('dependencies = [', '"rich",', '"ri ch"]'), 'line 4: "ri ch" is not a requirement'],
    [block('dependencies = [', '"rich"'), 'line 2: dependencies must be a list'],
    [block('requires-python = 3.12'), 'line 2: requires-python must be a string'],
  ])('is refused with the line of its mistake: %j', (code, message) => {
    expect(() => needed(code)).toThrow(message);
  });
});

it('needs time linear in the length of a script', () => {
  const startedAt = performance.now();
  const pins = Array.from({ length: 15_000 }, (_, n) => `import a${n} # pin: b${n}`);
  const list = `# /// script\n# dependencies = [${'"a",'.repeat(50_000)}]\n# ///\n`;
  expect(needed(pins.join('\n'))).toHaveLength(15_000);
  expect(needed(list)).toEqual(['a']);
  expect(needed(`#requirements:\n${'#a\n'.repeat(50_000)}`)).toEqual(['a']);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

describe('the Python of a script', () => {
  const chosen = (code: string, available: string[]): string =>
    choosePython(pythonWishOf([pythonNeeds(code)]), available);

  it.each([
    ['import a', '3.13'],
    ['# py311\nimport a', '3.11'],
    ['#py313', '3.13'],
    ['# what it does\n# py: 3.11', '3.11'],
    ['#py: >=3.10', '3.13'],
    ['#py: <3.12', '3.11'],
    ['#py: <3.12.1', '3.12'],
    ['#py: >=3.11,<3.13', '3.12'],
    ['#py: ~=3.12.4', '3.12'],
    ['#py: ~=3.9', '3.13'],
    ['#py: ==3.11.*', '3.11'],
    ['#py: !=3.13', '3.12'],
    ['#py: 3', '3.13'],
    ['import a\n# py311', '3.13'],
  ])('is the preferred one unless it wants another: %j', (code, version) => {
    expect(chosen(code, ['3.13', '3.12', '3.11'])).toBe(version);
  });

  it('is refused with its line when it is not there', () => {
    expect(() => chosen('#!x\n# py310', ['3.13', '3.11'])).toThrow(
      'line 2: the script asks for Python 3.10, but 3.13 and 3.11 is what runs here',
    );
    expect(() => chosen('# py: latest', ['3.13'])).toThrow('line 1: "latest" is not a Python version');
  });
});
