import { expect, test } from 'vitest';
import { experiment, row } from './row';
import { withinStandardErrors } from './rule';

const budget = { settings: { epochs: 1 }, seeds: 1, seconds: 1, memory: 1 };
const run = async () => 1;

test.each([
  [{ seeds: 0 }, /experiment one: expected one seed or more.*got 0, 1 and 1/],
  [{ seconds: 0 }, /seconds and memory above 0/],
  [{ memory: Number.NaN }, /seconds and memory above 0/],
  [{ settings: { rate: undefined } }, /settings that JSON keeps, got { rate: undefined }/],
  [{ settings: { rate: Number.POSITIVE_INFINITY } }, /settings that JSON keeps/],
  [{ settings: undefined }, /settings that JSON keeps/],
])('a budget with %j is refused', (change, message) => {
  expect(() => experiment<unknown, number>({ name: 'one', full: { ...budget, ...change }, quick: null, run })).toThrow(
    message,
  );
  expect(() =>
    experiment<unknown, number>({ name: 'one', full: budget, quick: { ...budget, ...change }, run }),
  ).toThrow(message);
});

test('a rule about a published value is refused where there is none', () => {
  const one = experiment({ name: 'one', full: budget, quick: null, run });
  expect(() =>
    row({
      name: 'lonely',
      claim: '',
      published: null,
      source: '',
      unit: '',
      better: 'lower',
      from: { one },
      value: (results) => results.one,
      rule: withinStandardErrors(2),
    }),
  ).toThrow(/row lonely: the rule "within 2 standard errors.*" needs a published value, got null/);
});
