import type { PackageIndexes } from './runner.ts';
import type { InstanceSettings } from './settings.ts';

/** The instance's indexes of Python packages; without a `default`, uv's own comes first. A list is one text, as in Windmill. */
export const indexesOf = (
  settings: Pick<InstanceSettings, 'pip_index_url' | 'pip_extra_index_url'>,
): PackageIndexes => ({
  ...(settings.pip_index_url ? { default: settings.pip_index_url } : {}),
  extra: (settings.pip_extra_index_url ?? '').split(/[\s,]+/).filter((url) => url !== ''),
});

/** What of the indexes may stand in no log: their passwords, as they are written in a URL and as they are meant. */
export const secretsOfIndexes = ({ default: main, extra }: PackageIndexes): string[] =>
  [...(main === undefined ? [] : [main]), ...extra].flatMap((url) => {
    const { password } = new URL(url);
    return password === '' ? [] : [password, decodeURIComponent(password)];
  });
