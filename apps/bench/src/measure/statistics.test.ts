import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { median, ratios, spread } from './statistics';

describe('median', () => {
  test('is the middle of an odd number of values and the mean of the middle two of an even number', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow(/at least one value/);
  });

  test('has as many values below as above, and leaves its argument alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const before = [...values];
        const m = median(values);
        expect(values).toEqual(before);
        const below = values.filter((v) => v < m).length;
        const above = values.filter((v) => v > m).length;
        expect(below).toBeLessThanOrEqual(values.length / 2);
        expect(above).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

test('a spread runs from the least to the greatest', () => {
  expect(spread([4, 9, 5])).toEqual({ median: 5, min: 4, max: 9 });
});

describe('ratios', () => {
  test('pair the rounds: load that hits both in the same round cancels', () => {
    const ours = [10, 100, 10];
    const peer = [20, 200, 20];
    expect(ratios(ours, peer)).toEqual([2, 2, 2]);
  });

  test('are above 1 where the peer needs longer', () => {
    expect(ratios([1, 4], [3, 2])).toEqual([3, 0.5]);
  });

  test('end when a slow peer leaves', () => {
    expect(ratios([1, 2, 4], [10])).toEqual([10]);
    expect(() => ratios([1], [1, 2])).toThrow(/got 2 and 1/);
  });
});
