import { expect, test } from 'vitest';
import { difference } from './compare';

const result = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const spec = { name: 'y', tolerance: 0.01 };

test('results within the tolerance of the norm are equal', () => {
  expect(difference(spec, result(3, 4), result(3, 4.04))).toBeNull();
});

test('a larger difference says how much and where', () => {
  const found = difference(spec, result(3, 4, 0), result(3, 4, 0.5));
  expect(found).toMatch(
    /"y" differs by 1\.0e-1 of its norm, more than 0\.01; the worst is element 2: 0\.5, forback has 0/,
  );
});

test('a change is measured against the change, not against the value', () => {
  const before = Float32Array.of(100, 100);
  expect(difference(spec, result(101, 101), result(101, 102))).toBeNull();
  expect(difference({ ...spec, change: true }, result(101, 101), result(101, 102), before)).toMatch(
    /differs by 7\.1e-1/,
  );
});

test('shapes, missing results, NaN and zeros are no match', () => {
  expect(difference(spec, result(1), undefined)).toMatch(/missing/);
  expect(difference(spec, result(1, 2), { shape: [1, 2], data: Float32Array.of(1, 2) })).toMatch(
    /shape \[1,2\] instead of \[2\]/,
  );
  expect(difference(spec, result(1, 2), result(1, Number.NaN))).toMatch(/"y"\[1\] is NaN/);
  expect(difference(spec, result(Number.POSITIVE_INFINITY), result(1))).toMatch(/forback has Infinity/);
  expect(difference(spec, result(0, 0), result(0, 0))).toMatch(/compares nothing/);
});
