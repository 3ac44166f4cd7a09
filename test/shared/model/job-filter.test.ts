import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsJson, type JobFilter, jobFits } from '../../../shared/model/job-filter.ts';
import { Json } from '../../../shared/model/json.ts';
import { aJob } from '../../support/stores.ts';

const job = aJob({
  id: '00000000-0000-4000-8000-000000000001',
  status: 'success',
  tag: 'gpu-large',
  labels: ['nightly', 'eu'],
  worker: 'wk-default-1',
  trigger_kind: 'webhook',
  started_at: 2_000,
  completed_at: 3_000,
});
const text = (values: string[], more: Partial<NonNullable<JobFilter['tag']>> = {}) => ({
  values,
  negated: false,
  wildcards: false,
  ...more,
});

describe('a filter', () => {
  test.each<[string, JobFilter, boolean]>([
    ['one of several texts', { tag: text(['a', 'gpu-large']) }, true],
    ['none of several texts', { tag: text(['a', 'gpu-large'], { negated: true }) }, false],
    ['a wildcard, when allowed', { tag: text(['gpu-*'], { wildcards: true }) }, true],
    ['a wildcard, taken literally', { tag: text(['gpu-*']) }, false],
    ['wildcards around a part', { worker: text(['*def*-1'], { wildcards: true }) }, true],
    ['wildcards whose parts would overlap', { tag: text(['gpu-large*e'], { wildcards: true }) }, false],
    ['any label', { label: text(['eu']) }, true],
    ['the absence of a label', { label: text(['eu'], { negated: true }) }, false],
    ['the start of a path', { pathStart: text(['f/demo']) }, true],
    ['a broad text in any case', { broad: 'NIGHT' }, true],
    ['a time it started before', { startedBefore: 2_000 }, false],
    ['a time it completed after', { completedAfter: 2_999 }, true],
    ['success', { success: true }, true],
    ['failure', { success: false }, false],
    ['being no flow step', { isFlowStep: false }, true],
    ['no parent', { hasNullParent: true }, true],
  ])('by %s', (_, filter, expected) => {
    expect(jobFits(filter, job)).toBe(expected);
  });

  test('answers a pattern made to be slow at once', () => {
    const slow = { tag: text([`${'*a'.repeat(60)}*b`], { wildcards: true }) };
    const startedAt = performance.now();
    expect(jobFits(slow, { ...job, tag: 'a'.repeat(250) })).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});

describe('JSON containment', () => {
  test('every value contains itself, and an object any part of itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = Json.parse(value);
        expect(containsJson(json, json)).toBe(true);
      }),
    );
    expect(containsJson({ a: { b: [1, { c: 2 }] }, d: 1 }, { a: { b: [{ c: 2 }] } })).toBe(true);
    expect(containsJson({ a: 1 }, { a: '1' })).toBe(false);
    expect(containsJson({}, { toString: {} })).toBe(false);
  });
});
