import { describe, expect, test } from 'vitest';
import { settingKey, settingValue } from '../../../shared/model/settings.ts';
import { mayUseTag, tagNames } from '../../../shared/model/tags.ts';

describe('a custom tag', () => {
  test.each([
    [['gpu'], 'gpu', { one: true, two: true, three: true }],
    [['gpu(one+two)'], 'gpu', { one: true, two: true, three: false }],
    [['gpu(one)', 'gpu(three)'], 'gpu', { one: true, two: false, three: true }],
    [['gpu(^one^two)'], 'gpu', { one: false, two: false, three: true }],
    [['gpu(one)'], 'python3', { one: true, two: true, three: true }],
    [['gpu(one)'], 'gpu-2', { one: true, two: true, three: true }],
    [['gpu-$workspace(one)'], 'gpu-two', { one: true, two: false, three: false }],
    [['$args[a]-$args[b]-gpu(one)'], 'x-y-gpu', { one: true, two: false, three: false }],
    [['a$args[a]a(one)'], 'a', { one: true, two: true, three: true }],
    [['$args[size](one)'], 'anything', { one: true, two: false, three: false }],
  ])('of %j lets use %s: %j', (entries, tag, expected) => {
    const may = ['one', 'two', 'three'].map((workspace) => [workspace, mayUseTag(entries, workspace, tag)]);
    expect(Object.fromEntries(may)).toEqual(expected);
  });

  test('is listed by its name, once, for the workspaces that may use it', () => {
    const entries = ['gpu(one)', 'gpu(two)', 'big', 'secret(^one)'];
    expect(tagNames(entries)).toEqual(['gpu', 'big', 'secret']);
    expect(tagNames(entries, 'one')).toEqual(['gpu', 'big']);
    expect(tagNames(entries, 'three')).toEqual(['big', 'secret']);
  });

  test.each([
    [['gpu(one']],
    [['gpu()']],
    [['gpu(one^two)']],
    [['gpu(^one+two)']],
    [['']],
    ['gpu'],
    [[{ tag: 'gpu' }]],
    [Array.from({ length: 501 }, (_, n) => `t${n}`)],
  ])('%j is no setting', (given) => {
    expect(() => settingValue(settingKey('custom_tags'), given as never)).toThrow('custom_tags');
  });
});
