import { describe, expect, it } from 'vitest';
import { gatherNeeds } from '../../../shared/jobs/gather-needs.ts';
import { requirementsOf } from '../../../shared/model/python-requirements.ts';

const workspace = (scripts: Record<string, string>) => {
  const asked: string[] = [];
  const gather = (code: string, path?: string) =>
    gatherNeeds(
      async (at) => {
        asked.push(at);
        return scripts[at];
      },
      code,
      path,
    );
  return { asked, gather };
};

describe('gathering what a script needs', () => {
  it('follows imports of scripts as far as they go, and reads each script once', async () => {
    const { asked, gather } = workspace({
      'f/lib/dates': 'import dateutil\nfrom .zones import utc',
      'f/lib/zones': 'import pytz # pin: pytz==2024.1\nfrom f.lib.dates import today',
      'f/etl/clean': 'from ..lib.zones import utc\nimport pandas',
    });
    const found = await gather('from f.lib.dates import today\nfrom .clean import tidy\nimport pytz', 'f/etl/load');
    expect(found.imported).toEqual(['f/lib/dates', 'f/etl/clean', 'f/lib/zones']);
    expect(requirementsOf(found.needs)).toEqual(['pandas', 'python-dateutil', 'pytz==2024.1']);
    expect(found.missing).toEqual([]);
    expect(asked).toEqual(['f/lib/dates', 'f/etl/clean', 'f/lib/zones']);
  });

  it('takes what is imported from a folder for scripts, and never asks for a folder', async () => {
    const { asked, gather } = workspace({ 'f/lib/a': 'import requests', 'f/lib/deep/b': '', 'u/ann/c': '' });
    const found = await gather(
      'from f.lib import a, deep\nfrom f.lib.deep import b\nfrom u import ann\nimport u.ann.c',
    );
    expect(found.imported).toEqual(['f/lib/a', 'f/lib/deep/b', 'u/ann/c']);
    expect(found.missing).toEqual([{ importer: undefined, line: 3, path: 'u' }]);
    expect(asked).not.toContain('f/lib');
    expect(asked).not.toContain('u/ann');
  });

  it('tells what is not there and goes on', async () => {
    const { gather } = workspace({ 'f/lib/a': '\ntry:\n  from .gone import x\nexcept ImportError: pass\nimport bs4' });
    const found = await gather('from f.lib.a import x', 'f/etl/load');
    expect(found.missing).toEqual([{ importer: 'f/lib/a', line: 3, path: 'f/lib/gone' }]);
    expect(requirementsOf(found.needs)).toEqual(['beautifulsoup4']);
  });

  it('ends where scripts import each other, or themselves', async () => {
    const { gather } = workspace({ 'f/x/a': 'from .b import y', 'f/x/b': 'from .a import z\nfrom .b import y' });
    expect((await gather('from .b import y', 'f/x/a')).imported).toEqual(['f/x/b']);
  });

  it('names script and line of what it cannot read', async () => {
    const { gather } = workspace({ 'f/x/a': '#requirements:\n#flask=1' });
    await expect(gather('from f.x.a import y', 'f/x/main')).rejects.toThrow(
      'f/x/a, line 2: `flask=1` is not a requirement',
    );
    await expect(gather('#requirements:\n#flask=1', 'f/x/main')).rejects.toThrow(/^line 2/);
  });

  it('gives up on a chain without end', async () => {
    const gather = gatherNeeds(async (at) => `from .${at.split('/')[2]}x import y`, 'from .x import y', 'f/x/main');
    await expect(gather).rejects.toThrow('imports more than 200 others');
  });
});
