import fc from 'fast-check';
import { expect, test } from 'vitest';
import { argsortKernel } from './sort';
import { indicesOf, position, run, total } from './test-support';

const shapes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 });
const values = fc.constantFrom(Number.NaN, -0, 0, 1, -1, 2.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

test('sorts every line along the axis, stable, NaN last', () => {
  const property = fc.property(
    shapes.chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.nat(shape.length - 1),
        descending: fc.boolean(),
        data: fc.array(values, { minLength: total(shape), maxLength: total(shape) }),
      }),
    ),
    ({ shape, axis, descending, data }) => {
      const expected = new Int32Array(data.length);
      const length = shape[axis] as number;
      for (const index of indicesOf(shape.map((size, d) => (d === axis ? Math.min(1, size) : size)))) {
        const places = Array.from({ length }, (_, i) => position(shape, index.with(axis, i)));
        // Insertion: each element goes behind all that are not to come after it.
        const sorted: number[] = [];
        for (let i = 0; i < length; i++) {
          const value = data[places[i] as number] as number;
          const after = (j: number) => {
            const other = data[places[j] as number] as number;
            if (Number.isNaN(value)) return false;
            return Number.isNaN(other) || (descending ? other < value : other > value);
          };
          const at = sorted.findIndex(after);
          sorted.splice(at < 0 ? sorted.length : at, 0, i);
        }
        sorted.forEach((i, to) => {
          expected[places[to] as number] = i;
        });
      }
      const kernel = argsortKernel({ shape, axis, descending });
      expect(run(kernel, [Float32Array.from(data)], new Int32Array(data.length))[0]).toEqual(expected);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 300 });
});

test('unsigned and signed integers sort by value', () => {
  const kernel = argsortKernel({ shape: [3], axis: 0, descending: false });
  expect([...run(kernel, [Uint32Array.of(2 ** 32 - 1, 0, 7)], new Int32Array(3))[0]]).toEqual([1, 2, 0]);
  expect([...run(kernel, [Int32Array.of(7, -1, 0)], new Int32Array(3))[0]]).toEqual([1, 2, 0]);
  expect([...run(kernel, [Uint8Array.of(1, 0, 1)], new Int32Array(3))[0]]).toEqual([1, 0, 2]);
});

test('missing buffers are refused', () => {
  const kernel = argsortKernel({ shape: [1], axis: 0, descending: false });
  expect(() => kernel([], [])).toThrow('argsort: expected one input and one output');
});
