import { expect, test } from 'vitest';
import { type HandlerRules, handlersDue, type Streak, streakWith } from '../../../shared/model/streak.ts';

/** What runs after each of the runs, given as a word of `f` (failed) and `s` (succeeded). */
const after = (runs: string, rules: HandlerRules): string[] => {
  let streak: Streak | undefined;
  return [...runs].map((run, number) => {
    streak = streakWith(streak, `job ${number}`, run === 's');
    return handlersDue(rules, streak)
      .map((name) => name.replace('on_', ''))
      .join('+');
  });
};

test('a failure calls its handler every time, or from the nth in a row on, or at exactly the nth', () => {
  expect(after('fsff', { on_failure: 'x' })).toEqual(['failure', '', 'failure', 'failure']);
  expect(after('ffsfff', { on_failure: 'x', on_failure_times: 2 })).toEqual([
    '',
    'failure',
    '',
    '',
    'failure',
    'failure',
  ]);
  expect(after('fffsff', { on_failure: 'x', on_failure_times: 2, on_failure_exact: true })).toEqual([
    '',
    'failure',
    '',
    '',
    '',
    'failure',
  ]);
});

test('a recovery is the first success after a failure, or the nth in a row after one, once', () => {
  expect(after('sfsssfs', { on_recovery: 'x' })).toEqual(['', '', 'recovery', '', '', '', 'recovery']);
  expect(after('fssss', { on_recovery: 'x', on_recovery_times: 2 })).toEqual(['', '', 'recovery', '', '']);
  expect(after('fsfss', { on_recovery: 'x', on_recovery_times: 2 })).toEqual(['', '', '', '', 'recovery']);
});

test('a success calls its handler every time', () => {
  expect(after('sfs', { on_success: 'x', on_recovery: 'y' })).toEqual(['success', '', 'success+recovery']);
});

test('without handlers nothing is called', () => {
  expect(after('fsf', {})).toEqual(['', '', '']);
});

test('a run counted twice counts once, and the streak knows its last failure', () => {
  const once = streakWith(undefined, 'a', false);
  expect(streakWith(once, 'a', false)).toBe(once);
  const recovered = streakWith(streakWith(once, 'b', false), 'c', true);
  expect(recovered).toEqual({ job: 'c', failures: 2, successes: 1, failed: 'b' });
});
