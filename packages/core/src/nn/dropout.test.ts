import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { ones } from '../numpy/creation';
import { key, split, splitMany } from '../random';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { dropout } from './dropout';
import { elements, scattered } from './test-support';

describe('dropout', () => {
  test('drops the given share and keeps the mean', () => {
    const n = 20000;
    for (const rate of [0.1, 0.5, 0.9]) {
      const y = elements(dropout(key(7), rate, ones([n])));
      const dropped = y.filter((v) => v === 0).length / n;
      // Five standard deviations: a right implementation fails for one seed in 1.7 million.
      expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / n));
      expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    }
  });

  test('drops the same elements for the same key, compiled or not, and others for another', () => {
    const x = scattered([100]);
    const first = elements(dropout(key(1), 0.5, x));
    expect(elements(dropout(key(1), 0.5, x))).toEqual(first);
    expect(elements(jit((k: NDArray, v: NDArray) => dropout(k, 0.5, v))(key(1), x))).toEqual(first);
    expect(elements(dropout(key(2), 0.5, x))).not.toEqual(first);
  });

  test('draws anew for each mapped key', () => {
    const drop = (k: NDArray) => elements(dropout(k, 0.5, ones([50])));
    const mapped = vmap((k: NDArray) => dropout(k, 0.5, ones([50])))(splitMany(key(0), 2));
    expect([...mapped].map(elements)).toEqual(split(key(0)).map(drop));
    expect(elements(mapped.at(0))).not.toEqual(elements(mapped.at(1)));
  });

  test('has the mask as its derivative', () => {
    const x = ones([50]);
    const slope = grad((v: NDArray) => dropout(key(3), 0.25, v).sum())(x) as NDArray;
    expect(elements(slope)).toEqual(elements(dropout(key(3), 0.25, x)));
  });

  test('does nothing in use or at rate 0', () => {
    const x = scattered([9]);
    expect(elements(dropout(key(0), 0.5, x, { train: false }))).toEqual(elements(x));
    expect(elements(dropout(key(0), 0, x))).toEqual(elements(x));
  });

  test('refuses rates that are no probability below 1', () => {
    for (const rate of [1, -0.1, Number.NaN]) {
      expect(() => dropout(key(0), rate, ones([2]))).toThrow(
        new ArgumentError(
          `nn.functional.dropout: expected rate to be a probability of 0 or more, below 1, got ${rate}`,
        ),
      );
    }
  });
});
