import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError, ShapeError } from '../errors';
import { array, zeros } from '../numpy/creation';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { avgPool, maxPool, type PoolOptions } from './pooling';
import { elements, expectClose, expectGradient, filled, scattered, weighted } from './test-support';

interface Axis {
  size: number;
  window: number;
  stride: number;
  pad: [number, number];
}

const axes: fc.Arbitrary<Axis> = fc
  .record({
    size: fc.integer({ min: 1, max: 6 }),
    window: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
  })
  .filter((a) => a.pad[0] < a.window && a.pad[1] < a.window && a.pad[0] + a.size + a.pad[1] >= a.window);

/** The places of each window along an axis, those in the padding left out. */
function places({ size, window, stride, pad }: Axis): number[][] {
  const all: number[][] = [];
  for (let start = -pad[0]; start + window <= size + pad[1]; start += stride) {
    all.push(Array.from({ length: window }, (_, i) => start + i).filter((i) => i >= 0 && i < size));
  }
  return all;
}

function bruteForce(x: NDArray, [rows, columns]: [Axis, Axis], reduce: (values: number[]) => number): number[] {
  const data = elements(x);
  const maps = data.length / (rows.size * columns.size);
  const out: number[] = [];
  for (let m = 0; m < maps; m++) {
    for (const is of places(rows)) {
      for (const js of places(columns)) {
        out.push(reduce(is.flatMap((i) => js.map((j) => data[(m * rows.size + i) * columns.size + j] as number))));
      }
    }
  }
  return out;
}

const largest = (values: number[]) => Math.max(...values);
const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('are the maximum and the mean of what each window covers', () => {
  fc.assert(
    fc.property(axes, axes, (rows, columns) => {
      const x = scattered([2, 2, rows.size, columns.size], 5);
      const options: PoolOptions = {
        window: [rows.window, columns.window],
        stride: [rows.stride, columns.stride],
        padding: [rows.pad, columns.pad],
      };
      const shape = [2, 2, places(rows).length, places(columns).length];
      expect(maxPool(x, options).shape).toEqual(shape);
      expect(elements(maxPool(x, options))).toEqual(bruteForce(x, [rows, columns], largest));
      expect(avgPool(x, options).shape).toEqual(shape);
      expectClose(avgPool(x, options), bruteForce(x, [rows, columns], average), 1e-14);
    }),
    { numRuns: 60, seed: 3 },
  );
});

test('have the derivatives of finite differences', () => {
  const x = scattered([1, 2, 5, 4], 5);
  for (const options of [{ window: 2 }, { window: [3, 2], stride: 1, padding: 'same' }] satisfies PoolOptions[]) {
    expectGradient((v) => weighted(maxPool(v, options)), x);
    expectGradient((v) => weighted(avgPool(v, options)), x);
  }
});

test('work along one axis, and windows do not overlap by default', () => {
  const x = array([[[1, 5, 2, 2, 7]]]);
  expect(maxPool(x, { window: 2 }).toJS()).toEqual([[[5, 2]]]);
  expect(avgPool(x, { window: 2 }).toJS()).toEqual([[[3, 2]]]);
  expect(maxPool(x, { window: 2, padding: 'same' }).toJS()).toEqual([[[5, 2, 7]]]);
  expect(avgPool(x, { window: 2, padding: 'same' }).toJS()).toEqual([[[3, 2, 7]]]);
});

test('negative elements win over padding', () => {
  expect(maxPool(filled([-3, -1], [1, 1, 2]), { window: 2, stride: 1, padding: 1 }).toJS()).toEqual([[[-3, -1, -1]]]);
});

test('elements that tie share the derivative', () => {
  const slope = grad((v: NDArray) => maxPool(v, { window: 4 }).sum())(array([[[2, 7, 7, 0]]])) as NDArray;
  expect(elements(slope)).toEqual([0, 0.5, 0.5, 0]);
});

test('are mapped and compiled to the same bits', () => {
  const x = scattered([3, 1, 2, 4, 4], 5);
  for (const pool of [maxPool, avgPool]) {
    const options: PoolOptions = { window: 3, stride: 2, padding: 'same' };
    const whole = jit(vmap((v: NDArray) => pool(v, options)))(x);
    expect(elements(whole)).toEqual([...x].flatMap((v) => elements(pool(v, options))));
  }
});

describe('errors', () => {
  test('of shapes', () => {
    expect(() => maxPool(zeros([4, 4]), { window: 2 })).toThrow(
      new ShapeError('nn.functional.maxPool: expected x to be [n, channels, ...spatial], got float32[4, 4]'),
    );
    expect(() => avgPool(zeros([1, 1, 4, 2]), { window: 3 })).toThrow(
      'nn.functional.avgPool: a window of [3, 3] does not fit in axis 3 of x float32[1, 1, 4, 2] with padding [0, 0]; ' +
        "use a smaller window or padding 'same'",
    );
  });

  test('of options', () => {
    const x = zeros([1, 1, 4, 4]);
    expect(() => maxPool(x, { window: 2, padding: 2 })).toThrow(
      new ArgumentError(
        'nn.functional.maxPool: expected padding smaller than the window [2, 2], got [2, 2] for axis 2; ' +
          'a window would lie in the padding alone',
      ),
    );
    expect(() => maxPool(x, { window: [2] })).toThrow(
      'expected window to be a whole number of 1 or more, or 2 of them',
    );
    expect(() => maxPool(x, { window: 0 })).toThrow('got 0');
  });
});

test('a window that is not in an object of options is missing, and the error says so', () => {
  for (const options of [2, {}] as unknown as PoolOptions[]) {
    expect(() => maxPool(zeros([1, 1, 4]), options)).toThrow(
      'nn.functional.maxPool: expected window to be a whole number of 1 or more, or 1 of them (one for each spatial axis), ' +
        'got undefined',
    );
  }
});
