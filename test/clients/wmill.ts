import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const CLI = createRequire(import.meta.url).resolve('windmill-cli');

/**
 * Windmill's own command line, as it is published, in a folder and with a HOME of its own. Its only way out of this machine, the
 * check for a newer version, leads to a proxy that is not there.
 */
export class Wmill {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Answers what it printed, without colours; throws when it ends with anything but 0. */
  run(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        WMILL_CONFIG_DIR: `${this.#folder}/`,
        NO_COLOR: '1',
        NODE_USE_ENV_PROXY: '1',
        HTTP_PROXY: 'http://127.0.0.1:9',
        HTTPS_PROXY: 'http://127.0.0.1:9',
        NO_PROXY: 'localhost,127.0.0.1',
      },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (printed += part));
    return new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
        const text = printed.replaceAll(/\u001b\[[0-9;]*m/g, '');
        if (code === 0) done(text);
        else fail(new Error(`wmill ${args.join(' ')} ended with ${code}: ${text}`));
      });
    });
  }
}
