import { describe, expect, it } from 'vitest';
import { type Tenancy, tenantOf } from '../../../shared/model/tenant.ts';

const script: Tenancy = {
  job: { workspace: 'demo', id: '1', permissioned_as: 'u/ann', kind: 'script', hash: 'aa' },
  code: 'x',
  script: undefined,
  workspace: undefined,
};
const with_ = (job: Partial<Tenancy['job']>, more: Partial<Tenancy> = {}): string =>
  tenantOf({ ...script, ...more, job: { ...script.job, ...job } });
/** Do runs of two versions share environments? */
const shares = (job: Partial<Tenancy['job']>, more: Partial<Tenancy> = {}): boolean =>
  with_({ ...job, hash: 'aa' }, more) === with_({ ...job, hash: 'bb' }, more);

describe('a tenant', () => {
  it('is one identity in one workspace, however they are spelled', () => {
    const all = [
      with_({}),
      with_({ workspace: 'other' }),
      with_({ permissioned_as: 'u/bob' }),
      with_({ permissioned_as: 'g/ann' }),
      with_({ workspace: 'demo"', permissioned_as: 'u/ann' }),
      with_({ workspace: 'demou', permissioned_as: '/ann' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('holds all scripts of a user, unless the script or else the workspace keeps them apart', () => {
    expect(shares({})).toBe(true);
    expect(shares({}, { script: 'script' })).toBe(false);
    expect(shares({}, { workspace: 'script' })).toBe(false);
    expect(shares({}, { script: 'identity', workspace: 'script' })).toBe(true);
  });

  it('is one version for a group, whatever the workspace says', () => {
    const group = { permissioned_as: 'g/ops' };
    expect(shares(group)).toBe(false);
    expect(shares(group, { workspace: 'identity' })).toBe(false);
    expect(shares(group, { script: 'identity' })).toBe(true);
  });

  it('is one lock for the jobs that look for packages', () => {
    const lock = with_({ kind: 'dependencies' });
    expect(lock).toBe(with_({ kind: 'dependencies', id: '2' }));
    expect(lock).not.toBe(with_({ kind: 'dependencies', hash: 'bb' }));
    expect(lock).not.toBe(with_({}));
    expect(with_({ kind: 'dependencies', hash: undefined })).not.toBe(
      with_({ kind: 'dependencies', hash: undefined, id: '2' }),
    );
  });

  it('is one code for code that comes with the request', () => {
    const preview = (code: string): string =>
      tenantOf({
        job: { workspace: 'demo', id: '1', permissioned_as: 'u/ann', kind: 'preview' },
        code,
        script: undefined,
        workspace: 'identity',
      });
    expect(preview('x')).toBe(preview('x'));
    expect(preview('x')).not.toBe(preview('y'));
  });
});
