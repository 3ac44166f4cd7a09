import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const IMPORT = /^import \{ z \} from 'zod';$/m;

/**
 * Bundles `import { z } from 'zod'` of our own sources as `import * as z from 'zod'`. The two mean the same, but through
 * the first esbuild keeps all of zod (355 KB more, 15 ms of every cold start), through the second only what is used.
 */
export const zodNamespace: Plugin = {
  name: 'zod-namespace',
  setup: (build) => {
    build.onLoad({ filter: /[\\/](functions|shared)[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(IMPORT, "import * as z from 'zod';"),
      loader: 'ts',
    }));
  },
};
