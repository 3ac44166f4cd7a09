import { describe, expect, it } from 'vitest';
import { gatherTypescript } from '../../../shared/jobs/gather-typescript.ts';
import { manifestOf } from '../../../shared/model/typescript-needs.ts';

const workspace = (scripts: Record<string, string>) => {
  const asked: string[] = [];
  const read = async (at: string) => {
    asked.push(at);
    return scripts[at];
  };
  return { asked, gather: (code: string, path?: string) => gatherTypescript(read, code, path) };
};

describe('gathering what a TypeScript script imports', () => {
  it('follows imports of scripts round circles, and reads each script once', async () => {
    const { asked, gather } = workspace({
      'f/lib/dates': 'import "./zones"; import "dayjs@1"',
      'f/lib/zones': 'import "/f/lib/dates.ts"; import "../etl/load"; import "tz"',
    });
    const found = await gather(
      'import "../lib/dates"; import "f/lib/zones"; import "./gone"; import "../x"',
      'f/etl/load',
    );
    expect(found.scripts.map(({ path }) => path)).toEqual(['f/lib/dates', 'f/lib/zones']);
    expect(asked).toEqual(['f/lib/dates', 'f/lib/zones', 'f/etl/gone']);
    expect(JSON.parse(manifestOf(found.needs) ?? '')).toEqual({ dependencies: { dayjs: '1', tz: 'latest' } });
  });

  it('asks for nothing when a script imports none', async () => {
    const { asked, gather } = workspace({});
    expect((await gather('import "left"')).scripts).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('names the script and the line of what cannot be read, and has its limits', async () => {
    const { gather } = workspace({ 'f/a/b': '\nimport "x@nope!"', 'f/a/large': `//${'x'.repeat(2_000_000)}` });
    await expect(gather('import "f/a/b"')).rejects.toThrow('f/a/b, line 2: `x@nope!`');
    await expect(gather('import "f/a/large"')).rejects.toThrow('more than 2000000 characters together');
    const many = Array.from({ length: 201 }, (_, at) => `import "f/a/s${at}"`).join('\n');
    await expect(gather(many)).rejects.toThrow('more than 200 others');
  });
});
