import { random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  fitHomoscedastic,
  fitIfgls,
  fitNeural,
  fitSpline,
  fitStudent,
  gammaPValue,
  hsic,
  hsicStatistic,
  permutationPValue,
} from './index';
import { normals } from './test-support';

const x = normals(1, 30);
const y = normals(2, 30);
const key = random.key(0);

type Samples = (a: Float64Array, b: Float64Array) => unknown;
const fits = { fitSpline, fitStudent, fitIfgls, fitHomoscedastic } as const;
const functions: Record<string, Samples> = {
  ...fits,
  fitNeural: (a, b) => fitNeural(a, b, { hidden: 2, steps: 2 }),
  hsic,
  hsicStatistic,
  permutationPValue: (a, b) => permutationPValue(a, b, { key, permutations: 2 }),
};

describe.each(Object.entries(functions))('%s', (name, call) => {
  const message = async (a: unknown, b: unknown) => {
    try {
      await call(a as Float64Array, b as Float64Array);
      return 'no error';
    } catch (error) {
      return String(error);
    }
  };

  test('refuses what are no two samples', async () => {
    expect(await message(x, y)).toBe('no error');
    expect(await message(x, y.slice(1))).toContain(`${name}: expected samples of equal length, got 30 in `);
    expect(await message([...x], y)).toMatch(new RegExp(`${name}: expected \\w+ to be a Float64Array, got Array`));
    expect(await message(x, Float64Array.of())).toMatch(new RegExp(`${name}: expected at least \\d values, got 0 in`));
    const holes = y.map((v, i) => (i === 3 ? Number.NaN : v));
    expect(await message(x, holes)).toMatch(new RegExp(`${name}: expected finite numbers, got NaN in \\w+\\[3\\]`));
  });
});

test.each(Object.entries(fits))('%s refuses a constant cause, and options out of range', (name, fit) => {
  expect(() => fit(new Float64Array(30).fill(4), y)).toThrow(`${name}: expected causes that differ, got 4 30 times`);
  expect(() => fit(x, y, { knots: 1 })).toThrow(`${name}: expected knots to be a whole number of 2 or more, got 1`);
  expect(() => fit(x, y, { degree: 0.5 })).toThrow(`${name}: expected degree to be a whole number of 1 or more`);
  expect(() => fit(x, y, { ridge: 0 })).toThrow(`${name}: expected ridge to be a number above 0, got 0`);
});

test('counts are checked where they are given', async () => {
  await expect(fitNeural(x, y, { hidden: 0 })).rejects.toThrow('fitNeural: expected hidden to be a whole number of 1');
  await expect(fitNeural(x, y, { steps: 2.5 })).rejects.toThrow('fitNeural: expected steps to be a whole number of 1');
  await expect(permutationPValue(x, y, { key, permutations: 0 })).rejects.toThrow(
    'permutationPValue: expected permutations to be a whole number of 1 or more, got 0',
  );
  const statistic = await hsicStatistic(x, y);
  expect(() => gammaPValue(statistic, 5)).toThrow('gammaPValue: expected n to be a whole number of 6 or more, got 5');
});
