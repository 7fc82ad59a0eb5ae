import { describe, expect, test } from 'vitest';
import { forAll } from '../../test/support/sampler';
import {
  broadcastShapes,
  checkAxes,
  checkAxis,
  denseLayout,
  dropAxes,
  isDense,
  rowMajorStrides,
  sizeOf,
} from './shape';

describe('broadcasting', () => {
  test('is NumPy’s: aligned at the end, axes of 1 stretch, also to 0', () => {
    expect(broadcastShapes('f', [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
    expect(broadcastShapes('f', [], [2])).toEqual([2]);
    expect(broadcastShapes('f', [1], [0])).toEqual([0]);
    expect(broadcastShapes('f', [3, 1], [1, 3], [2, 1, 1])).toEqual([2, 3, 3]);
    expect(() => broadcastShapes('f', [2], [0])).toThrow('f: shapes [2] and [0] do not broadcast');
    expect(() => broadcastShapes('f', [2, 3], [3, 2])).toThrow('axis -2 has sizes 2 and 3');
  });

  test('is commutative and associative where it is defined, and absorbs', () => {
    const attempt = (...shapes: number[][]) => {
      try {
        return broadcastShapes('f', ...shapes);
      } catch {
        return null;
      }
    };
    forAll(300, (s) => {
      const [a, b, c] = [0, 1, 2].map(() => s.shape({ sizes: [1, 2, 1, 3, 0] })) as [number[], number[], number[]];
      const ab = attempt(a, b);
      expect(attempt(b, a)).toEqual(ab);
      expect(attempt(a, b, c)).toEqual(ab && attempt(ab, c));
      if (ab) expect(attempt(ab, a)).toEqual(ab);
    });
  });
});

describe('axes', () => {
  test('count from the end when negative', () => {
    expect([0, 2, -1, -3].map((axis) => checkAxis('f', axis, 3))).toEqual([0, 2, 2, 0]);
    for (const axis of [3, -4, 0.5, Number.NaN])
      expect(() => checkAxis('f', axis, 3)).toThrow(`f: axis ${axis} does not exist`);
  });

  test('come sorted, each once; undefined means all', () => {
    expect(checkAxes('f', undefined, 3)).toEqual([0, 1, 2]);
    expect(checkAxes('f', [-1, 0], 3)).toEqual([0, 2]);
    expect(checkAxes('f', [], 3)).toEqual([]);
    expect(() => checkAxes('f', [1, -2], 3)).toThrow('expected each axis once');
    expect(dropAxes([2, 3, 4], [0, 2])).toEqual([3]);
  });
});

describe('layouts', () => {
  test('dense ones are row-major', () => {
    expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
    expect(sizeOf([])).toBe(1);
    forAll(100, (s) => {
      const layout = denseLayout({ shape: s.shape(), dtype: 'float32' });
      expect(isDense(layout)).toBe(true);
      expect(isDense({ ...layout, offset: 1 })).toBe(false);
      const wide = layout.shape.findIndex((n) => n > 1);
      if (wide < 0 || sizeOf(layout.shape) === 0) return;
      const strides = layout.strides.map((step, i) => (i === wide ? -step : step));
      expect(isDense({ ...layout, strides })).toBe(false);
    });
  });

  test('the stride of an axis of size 1 does not matter', () => {
    expect(isDense({ shape: [2, 1, 3], strides: [3, 99, 1], offset: 0, dtype: 'float32' })).toBe(true);
  });
});
