import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstRows, oneHot, permute } from './participant';

function place(shape: readonly number[], flat: number): number[] {
  const result: number[] = [];
  let rest = flat;
  for (const size of shape.toReversed()) {
    result.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return result;
}

describe('permute', () => {
  test('moves every element to where the axes say', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    const arguments_ = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
      ),
    );
    fc.assert(
      fc.property(arguments_, ([shape, order]) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const x = { shape, data: Float32Array.from({ length: size }, (_, i) => i) };
        const y = permute(x, order);
        expect(y.shape).toEqual(order.map((axis) => shape[axis]));
        y.data.forEach((value, flat) => {
          const to = place(y.shape, flat);
          const from = place(shape, value);
          expect(order.map((axis) => from[axis])).toEqual(to);
        });
      }),
    );
  });
});

test('oneHot has a one at each label', () => {
  const labels = { shape: [3], data: Int32Array.of(1, 0, 2) };
  expect(oneHot(labels, 3)).toEqual({ shape: [3, 3], data: Float32Array.of(0, 1, 0, 1, 0, 0, 0, 0, 1) });
});

test('firstRows keeps the leading rows', () => {
  const x = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect(firstRows(x, 2)).toEqual({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
});
