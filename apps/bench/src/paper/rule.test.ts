import { expect, test } from 'vitest';
import type { Published, Row } from './row';
import { above, below, reportOnly, withinStandardErrors, withinTolerance } from './rule';
import { standardError, summarise } from './summary';

const of = (...values: number[]) => summarise(values.map((value, seed) => ({ seed, value })));
const against = (better: Row['better'], published: Omit<Published, 'tag'>) => ({
  better,
  published: { ...published, tag: 'paper' as const },
});

test('mean, standard deviation of the sample and standard error', () => {
  const summary = of(1, 2, 3, 6);
  expect(summary).toMatchObject({ mean: 3, seeds: 4 });
  expect(summary.sd).toBeCloseTo(Math.sqrt(14 / 3), 12);
  expect(standardError(summary)).toBeCloseTo(Math.sqrt(14 / 3) / 2, 12);
  expect(of(5)).toMatchObject({ mean: 5, sd: null, seeds: 1 });
  expect(() => summarise([])).toThrow(/at least one value/);
});

// Mean 2, standard error 0.5 / √2 = 0.354.
const ours = of(1.5, 1.5, 2.5, 2.5, 2);
const error = standardError(ours) as number;

test.each([
  ['lower', 2 - 1.99 * error, true],
  ['lower', 2 - 2.01 * error, false],
  ['lower', 100, true],
  ['higher', 2 + 1.99 * error, true],
  ['higher', 2 + 2.01 * error, false],
  ['higher', -100, true],
  ['target', 2 + 1.99 * error, true],
  ['target', 2 - 2.01 * error, false],
  ['target', 2 + 2.01 * error, false],
] as const)('within 2 standard errors, %s is better, published %d: %s', (better, value, expected) => {
  expect(withinStandardErrors(2).holds(ours, against(better, { value }))).toBe(expected);
});

test('the spread of the published value counts where its number of seeds is known', () => {
  const rule = withinStandardErrors(1);
  const value = 2 + 1.2 * error;
  expect(rule.holds(ours, against('higher', { value }))).toBe(false);
  expect(rule.holds(ours, against('higher', { value, sd: 3 * error }))).toBe(false);
  expect(rule.holds(ours, against('higher', { value, sd: 2 * error, seeds: 4 }))).toBe(true);
});

test('one seed has no standard error: not judged', () => {
  expect(withinStandardErrors(2).holds(of(2), against('lower', { value: 2 }))).toBeNull();
  expect(above(0).holds(of(2), against('lower', { value: 2 }))).toBeNull();
});

test('within a tolerance', () => {
  const rule = withinTolerance(0.5);
  expect(rule.holds(of(2.5), against('lower', { value: 2 }))).toBe(true);
  expect(rule.holds(of(2.51), against('lower', { value: 2 }))).toBe(false);
  expect(rule.holds(of(1), against('lower', { value: 2 }))).toBe(true);
  expect(rule.holds(of(1), against('target', { value: 2 }))).toBe(false);
});

test('orderings are strict and take the spread into account', () => {
  const none = { better: 'lower', published: null } as const;
  expect(above(0, { standardErrors: 0 }).holds(of(0.1), none)).toBe(true);
  expect(above(0, { standardErrors: 0 }).holds(of(0), none)).toBe(false);
  expect(above(2 - 2.01 * error).holds(ours, none)).toBe(true);
  expect(above(2 - 1.99 * error).holds(ours, none)).toBe(false);
  expect(below(2 + 2.01 * error).holds(ours, none)).toBe(true);
  expect(below(2 + 1.99 * error).holds(ours, none)).toBe(false);
  expect(below(0).holds(ours, none)).toBe(false);
  expect(reportOnly().holds(ours, none)).toBeNull();
});
