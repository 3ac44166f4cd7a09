import { expect, test } from 'vitest';
import { type SaveDeps, saveVersion } from '../../../functions/api/save-version.ts';
import type { Job } from '../../../shared/model/job.ts';
import { NewScript, type ScriptVersion } from '../../../shared/model/script.ts';
import { InstanceSettings } from '../../../shared/model/settings.ts';

/** Stores that remember what was asked of them, in its order. */
const world = (added: 'added' | 'same-hash' | 'head-moved' = 'added') => {
  const asked: string[] = [];
  const known: { job?: Job; version?: ScriptVersion } = {};
  const deps = {
    locks: { get: async () => undefined },
    report: () => asked.push('report'),
    catalog: {
      add: async (_workspace: string, version: ScriptVersion) => {
        asked.push('version');
        known.version = version;
        return added;
      },
    },
    start: {
      audit: { append: async () => undefined },
      payloads: { put: async (_key: unknown, _kind: string, text: string) => ({ at: 'inline', text }) },
      settings: { read: async () => InstanceSettings.parse({}) },
      jobs: {
        create: async (job: Job) => {
          asked.push('job');
          if (known.job !== undefined) return { created: false, existing: known.job };
          known.job = job;
          return { created: true };
        },
        skipQueued: async () => asked.push('skip'),
      },
      queue: { serves: () => true, send: async () => asked.push('send') },
    },
  };
  return { asked, known, deps: deps as unknown as SaveDeps };
};

const saving = (content: string) => ({
  workspace: 'demo',
  script: NewScript.parse({ path: 'f/a/b', language: 'python3', content }),
  head: undefined,
  parent: undefined,
  by: 'ann',
  owner: { created_by: 'ann', permissioned_as: 'u/ann', email: 'ann@x.dev' },
  on_behalf_of: undefined,
});
const NEEDY = saving('import requests\ndef main(): pass');

test('the job is there before the version that waits for it, and is sent after', async () => {
  const { deps, asked, known } = world();
  const { hash } = await saveVersion(deps, NEEDY, 1);
  expect(asked).toEqual(['job', 'version', 'send']);
  expect(known.job).toMatchObject({ kind: 'dependencies', hash, status: 'queued', tag: 'dependency' });
  expect(known.version?.lock_job).toBe(known.job?.id);
});

test('a request that was cut and comes again makes no second job', async () => {
  const { deps, known } = world('same-hash');
  await saveVersion(deps, NEEDY, 1);
  const first = known.job?.id;
  await saveVersion(deps, NEEDY, 2);
  expect([known.job?.id, known.version?.lock_job]).toEqual([first, first]);
});

test('a message that cannot be sent is left to the reaper, and the version is saved', async () => {
  const { deps, asked } = world();
  deps.start.queue.send = () => Promise.reject(new Error('no queue'));
  expect((await saveVersion(deps, NEEDY, 1)).outcome).toBe('added');
  expect(asked).toEqual(['job', 'version', 'report']);
});

test('the job of a version that was refused is skipped', async () => {
  const { deps, asked } = world('head-moved');
  await saveVersion(deps, NEEDY, 1);
  expect(asked).toEqual(['job', 'version', 'skip']);
});

test('a version without packages costs what it always did', async () => {
  const { deps, asked, known } = world();
  await saveVersion(deps, saving('import json\ndef main(): pass'), 1);
  expect(asked).toEqual(['version']);
  expect(known.version?.lock_job).toBeUndefined();
});
