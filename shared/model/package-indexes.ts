import type { PackageIndexes } from './runner.ts';
import type { InstanceSettings } from './settings.ts';

/** Where Python packages come from unless the instance says otherwise. */
const PYPI = 'https://pypi.org/simple';

/** The instance's indexes of Python packages. A list is one text, as in Windmill. */
export const indexesOf = (
  settings: Pick<InstanceSettings, 'pip_index_url' | 'pip_extra_index_url'>,
): PackageIndexes => ({
  default: settings.pip_index_url ?? PYPI,
  extra: (settings.pip_extra_index_url ?? '').split(/[\s,]+/).filter((url) => url !== ''),
});

/** What of the indexes may stand in no log: their passwords, as they are written in a URL and as they are meant. */
export const secretsOfIndexes = ({ default: main, extra }: PackageIndexes): string[] =>
  [main, ...extra].flatMap((url) => {
    const { password } = new URL(url);
    return password === '' ? [] : [password, decodeURIComponent(password)];
  });
