import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dynamicSliceKernel, dynamicUpdateSliceKernel } from './dynamic-slice';
import { indicesOf, position, run, total, uniform } from './test-support';

const axis = fc
  .integer({ min: 0, max: 4 })
  .chain((extent) =>
    fc.tuple(fc.constant(extent), fc.integer({ min: 0, max: extent }), fc.integer({ min: -9, max: 9 })),
  );

/** A shape, a box in it, starts, and where each element of the box lies in the operand. */
const problem = fc.array(axis, { maxLength: 4 }).map((axes) => {
  const operand = axes.map(([extent]) => extent);
  const sizes = axes.map(([, size]) => size);
  const starts = Int32Array.from(axes, ([, , start]) => start);
  const corner = axes.map(([extent, size, start]) => (start < 0 ? 0 : start + size > extent ? extent - size : start));
  const places = indicesOf(sizes).map((index) =>
    position(
      operand,
      index.map((i, d) => i + (corner[d] as number)),
    ),
  );
  return { operand, sizes, starts, places };
});

test('a slice is the box at the clamped start', () => {
  const property = fc.property(problem, ({ operand, sizes, starts, places }) => {
    const data = uniform(total(operand), 1);
    const kernel = dynamicSliceKernel({ operand, sizes });
    const expected = Float64Array.from(places, (at) => data[at] as number);
    expect(run(kernel, [data, starts], new Float64Array(places.length))[0]).toEqual(expected);
  });
  fc.assert(property, { seed: 1, numRuns: 300 });
});

test('an update replaces the box at the clamped start and nothing else', () => {
  const property = fc.property(problem, ({ operand, sizes, starts, places }) => {
    const data = uniform(total(operand), 1);
    const update = uniform(total(sizes), 2);
    const kernel = dynamicUpdateSliceKernel({ operand, update: sizes });
    const expected = data.slice();
    places.forEach((at, i) => {
      expected[at] = update[i] as number;
    });
    expect(run(kernel, [data, update, starts], new Float64Array(data.length))[0]).toEqual(expected);
  });
  fc.assert(property, { seed: 2, numRuns: 300 });
});

test('starts at the ends of int32 are clamped too', () => {
  const kernel = dynamicSliceKernel({ operand: [5], sizes: [2] });
  const data = Float32Array.of(0, 1, 2, 3, 4);
  expect([...run(kernel, [data, Int32Array.of(2 ** 31 - 1)], new Float32Array(2))[0]]).toEqual([3, 4]);
  expect([...run(kernel, [data, Int32Array.of(-(2 ** 31))], new Float32Array(2))[0]]).toEqual([0, 1]);
});

test('missing buffers are refused', () => {
  expect(() => dynamicSliceKernel({ operand: [], sizes: [] })([], [])).toThrow('dynamicSlice: expected two inputs');
  const update = dynamicUpdateSliceKernel({ operand: [], update: [] });
  expect(() => update([], [])).toThrow('dynamicUpdateSlice: expected three inputs and one output');
});
