import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LockedPackage,
  packageKey,
  parsePythonLock,
  printPythonLock,
  requirementSetHash,
} from '../../../shared/model/python-lock.ts';

const name = fc.stringMatching(/^[a-z]{1,6}(-[a-z0-9]{1,4})?$/);
const version = fc.stringMatching(/^\d{1,2}(\.\d{1,2}){0,2}(rc1|\.post2|\+cu121)?$/);
const packages = fc.uniqueArray(fc.record({ name, version }), { selector: (one) => one.name, maxLength: 8 });

describe('a Python lock', () => {
  it('is read back as it was printed, by name', () => {
    fc.assert(
      fc.property(packages, fc.integer({ min: 9, max: 14 }), (list, minor) => {
        const text = printPythonLock({ python: `3.${minor}`, packages: list });
        const read = parsePythonLock(text);
        expect(read.python).toBe(`3.${minor}`);
        expect(new Set(read.packages.map((one) => JSON.stringify(one)))).toEqual(
          new Set(list.map((one) => JSON.stringify({ name: one.name, version: one.version }))),
        );
        expect(printPythonLock(read)).toBe(text);
      }),
    );
  });

  it("is Windmill's: its Python first, then a package a line", () => {
    expect(
      printPythonLock({
        python: '3.13',
        packages: [
          { name: 'urllib3', version: '2.0' },
          { name: 'idna', version: '3.7' },
        ],
      }),
    ).toBe('# py: 3.13\nidna==3.7\nurllib3==2.0');
    expect(parsePythonLock('# py311\r\nZope.Interface==6.0  # via x\r\n\r\n# note\nrich[jupyter] == 13\n')).toEqual({
      python: '3.11',
      packages: [
        { name: 'zope-interface', version: '6.0' },
        { name: 'rich', version: '13' },
      ],
    });
  });

  it('is for 3.11 when it does not say, and may be empty', () => {
    expect(parsePythonLock('')).toEqual({ python: '3.11', packages: [] });
    expect(parsePythonLock('idna==3.7').python).toBe('3.11');
  });

  it.each([
    ['# py: 3.11\nidna>=3.7', 'lock, line 2: `idna>=3.7` is not of the form name==version'],
    ['idna @ file:///etc/passwd', 'lock, line 1'],
    ['--index-url x', 'lock, line 1'],
    ['a==1; python_version < "3"', 'lock, line 1'],
    ['A_b==1\na-b==2', 'lock, line 2: a-b stands in it twice, as 1 and as 2'],
  ])('is refused with the line of its mistake: %j', (text, message) => {
    expect(() => parsePythonLock(text)).toThrow(message);
  });

  it('has a record of each archive, whose names and hashes are what keys are made of', () => {
    const record = { name: 'idna', version: '3.7', sha256: 'a'.repeat(64), bytes: 12 };
    expect(LockedPackage.parse(record)).toEqual(record);
    for (const wrong of [
      { name: 'Idna' },
      { name: '../x' },
      { version: '1/2' },
      { sha256: 'A'.repeat(64) },
      { bytes: 0 },
    ])
      expect(LockedPackage.safeParse({ ...record, ...wrong }).success).toBe(false);
    expect(packageKey('demo', record.sha256)).toBe(`packages/demo/${'a'.repeat(64)}`);
  });

  it('is looked up by what it was resolved from: requirements in any order, workspace, Python and indexes', async () => {
    const set = { workspace: 'demo', python: '3.13', requirements: ['a', 'b<2'], indexes: ['https://index/simple'] };
    const hash = await requirementSetHash(set);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await requirementSetHash({ ...set, requirements: ['b<2', 'a', 'a'] })).toBe(hash);
    const others = [{ workspace: 'other' }, { python: '3.12' }, { requirements: ['a', 'b<3'] }, { indexes: [] }];
    for (const other of others) expect(await requirementSetHash({ ...set, ...other })).not.toBe(hash);
  });
});
