import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../system/client.ts';
import { Millrace } from '../../system/millrace.ts';
import { memberOfDemo } from '../../system/trust/people.ts';
import { attack, begin, outcome } from './attacker.ts';

/*
 * Scripts that take what they can get, and what one job can do to the next. Every bomb has an end of its own that spares the
 * machine if a limit should fail.
 */
let millrace: Millrace;
let ann: Client;

const named = (word: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word);
    } catch {
      return false;
    }
  });
const gone = (word: string): Promise<void> => expect.poll(() => named(word), { timeout: 3000 }).toEqual([]);

beforeAll(async () => {
  millrace = await Millrace.start({ streamingLimits: null });
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
}, 60_000);

afterAll(() => millrace.stop());

describe('a script that takes too much', () => {
  test('of processes: everything it started is killed, and the job says why', async () => {
    const bomb = 'for i in $(seq 1500); do sleep 20.0071 & done; wait';
    const { success, result } = await attack(ann, 'bash', bomb);
    expect(success).toBe(false);
    expect(JSON.stringify(result)).toContain('more than 1024 processes and threads');
    await gone('20.0071');
  });

  test('of memory: its process is killed, and the job says so', async () => {
    // 2 GB at most, in a function of 1 GB
    const bomb =
      'import time\ndef main():\n    kept = []\n    for _ in range(40):\n        kept.append(b"x" * 50_000_000)\n        time.sleep(0.02)\n    time.sleep(5)';
    const { success, result } = await attack(ann, 'python3', bomb);
    expect(success).toBe(false);
    expect(JSON.stringify(result)).toMatch(/possibly (out of|killed for) memory/);
  });

  test('of disk: 512 MB of /tmp are all there is, for its whole tenant', async () => {
    const bomb =
      'for place in "$HOME" /var/tmp /dev/shm; do head -c 10G /dev/zero > $place/x; done 2>/dev/null; du -scxm /tmp /dev/shm | tail -n 1 | cut -f 1';
    const { success, result } = await attack(ann, 'bash', bomb);
    expect(success).toBe(true);
    expect(Number(result)).toBeGreaterThan(400);
    expect(Number(result)).toBeLessThanOrEqual(580);
  });

  test('of output: it is cut with a word, and the job goes on to its time limit', async () => {
    const id = await ann.text('POST', '/w/demo/jobs/run/preview?timeout=3', 201, {
      language: 'bash',
      content: 'yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    });
    expect((await outcome(ann, id, 30_000)).success).toBe(false);
    const response = await ann.request('GET', `/w/demo/jobs_u/get_logs/${id}`);
    expect((await response.text()).length).toBeLessThan(68 * 1024 * 1024);
  }, 40_000);

  test('of time: what it detached dies with it, whatever it changed about itself', async () => {
    const code = [
      'setsid sleep 300.0072 & disown',
      'env -i setsid -f /bin/sleep 300.0073',
      '(cd /; setsid -f env -i /bin/bash -c "exec /bin/sleep 300.0074" </dev/null >/dev/null 2>&1)',
      'sleep 0.2; pgrep -c sleep || true',
    ].join('\n');
    const { success, log } = await attack(ann, 'bash', code);
    expect(success).toBe(true);
    expect(log).toMatch(/killed 3 process\(es\) the job had left behind/);
    for (const word of ['300.0072', '300.0073', '300.0074']) expect(named(word)).toEqual([]);
  });

  test('of patience: SIGSTOP to the runner and to its init ends with the job', async () => {
    const id = await begin(
      ann,
      'bash',
      'sleep 300.0075 & kill -STOP 1; kill -9 1; kill -9 $PPID; echo still here; sleep 1',
    );
    expect((await outcome(ann, id)).success).toBe(false);
    await gone('300.0075');
  });
});

describe('what a job leaves for later ones', () => {
  const LEAVE = 'echo poison > /tmp/left; mkdir -p /tmp/bin; echo left';
  const LOOK = 'if [ -e /tmp/left ]; then cat /tmp/left; else echo nothing; fi';
  const run = async (path: string): Promise<unknown> => {
    const response = await ann.request('POST', `/w/demo/jobs/run_wait_result/p/${path}`, {});
    return response.json();
  };
  const deploy = (name: string, content: string, more: object = {}): Promise<string> =>
    ann.script(`u/ann/${name}`, 'bash', content, more);

  test('known limit: a later job of the same identity meets it in a warm environment', async () => {
    await deploy('leave', LEAVE);
    await deploy('look', LOOK);
    await run('u/ann/leave');
    expect(await run('u/ann/look')).toBe('poison');
  });

  test('isolation "script" of the later script closes it, and so does that of the workspace', async () => {
    await deploy('careful', LOOK, { isolation: 'script' });
    expect(await ann.json('GET', '/w/demo/scripts/get/p/u/ann/careful')).toMatchObject({ isolation: 'script' });
    await run('u/ann/leave');
    expect(await run('u/ann/careful')).toBe('nothing');

    await deploy('plain', `${LOOK} # of the workspace`);
    await millrace.text('POST', '/w/demo/workspaces/edit_isolation', 200, { isolation: 'script' });
    await expect.poll(() => run('u/ann/plain'), { timeout: 7000 }).toBe('nothing');
    expect((await millrace.request('POST', '/w/demo/workspaces/edit_isolation', { isolation: 'none' })).status).toBe(
      400,
    );
    await millrace.text('POST', '/w/demo/workspaces/edit_isolation', 200, { isolation: 'identity' });
  });

  test('is never run by the runner: not after a time-out, a kill or leftover processes', async () => {
    const plant = `
for folder in "$HOME" "$HOME/.." /tmp; do
  for name in main.py millrace_job.py json.py sitecustomize.py usercustomize.py main.sh boot.py; do echo 'import os; os._exit(66)' > "$folder/$name"; done
done
mkdir -p "$HOME/.local/bin" /tmp/.local/bin; printf '#!/bin/sh\\nexit 66\\n' | tee "$HOME/python3" /tmp/python3 "$HOME/../mkfifo" /tmp/mkfifo > /dev/null
`;
    const later = async (word: string): Promise<void> => {
      const { success, result } = await run_wait(
        `import json, os\ndef main(): return [sorted(os.listdir(os.environ["HOME"])), "${word}"]`,
      );
      expect({ success, result }).toEqual({ success: true, result: [['args.json', 'main.py', 'tmp'], word] });
    };
    const run_wait = async (content: string) => {
      const path = `u/ann/later${Date.now()}`;
      await ann.script(path, 'python3', content);
      return outcome(ann, await ann.text('POST', `/w/demo/jobs/run/p/${path}`, 201, {}));
    };
    const ends = { 'timed out': 'sleep 60', killed: 'kill -9 $$', 'left processes': 'setsid -f sleep 60' };
    for (const [word, end] of Object.entries(ends)) {
      const path = `u/ann/${word.replace(' ', '_')}`;
      await ann.script(path, 'bash', `${plant}${end}`, { timeout: 1 });
      await outcome(ann, await ann.text('POST', `/w/demo/jobs/run/p/${path}`, 201, {}));
      await later(word);
    }
  }, 40_000);

  test('the state of the local cloud is not among it', () => {
    expect(existsSync('/tmp/left')).toBe(false);
  });
});
