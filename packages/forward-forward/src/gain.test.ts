import { expect, test } from 'vitest';
import { halfThenLinear } from './gain';

test('the gain is 1 through the first half and falls in a line to 1 / E', () => {
  for (const epochs of [1, 2, 7, 100]) {
    for (let e = 1; e <= epochs / 2; e++) expect(halfThenLinear(e, epochs)).toBe(1);
    expect(halfThenLinear(epochs, epochs)).toBeCloseTo(1 / epochs, 12);
  }
  const second = Array.from({ length: 50 }, (_, i) => halfThenLinear(51 + i, 100));
  second.slice(1).forEach((g, i) => {
    expect((second[i] as number) - g).toBeCloseTo(2 / 100, 12);
  });
});

test('an epoch outside the run is refused', () => {
  expect(() => halfThenLinear(0, 10)).toThrow(/expected an epoch from 1 to 10, got 0/);
  expect(() => halfThenLinear(11, 10)).toThrow(/got 11/);
});
