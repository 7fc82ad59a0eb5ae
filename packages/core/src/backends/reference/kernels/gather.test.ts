import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatherKernel, scatterAddKernel } from './gather';
import { indicesOf, inner, position, run, smallIntegers, total, uniform } from './test-support';
import type { Shape } from './types';

const extent = fc.integer({ min: 0, max: 3 });
const extents = fc.array(extent, { maxLength: 2 });
const problem = fc
  .record({
    batch: extents,
    pre: extents,
    size: fc.integer({ min: 1, max: 4 }),
    post: extents,
    inner: extents,
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  })
  .map(({ batch, pre, size, post, inner: own, seed }) => {
    const operand: Shape = [...batch, ...pre, size, ...post];
    const indices: Shape = [...batch, ...own];
    const spec = { operand, indices, axis: batch.length + pre.length, batchDims: batch.length };
    const out: Shape = [...batch, ...pre, ...own, ...post];
    const chosen = Int32Array.from(uniform(total(indices), seed), (x) => Math.floor(((x + 1) / 2) * size));
    /** For each index of the result, where it is in the result and in the operand. */
    const pairs = indicesOf(out).map((index) => {
      const [b, p] = [batch.length, pre.length];
      const which = [...index.slice(0, b), ...index.slice(b + p, b + p + own.length)];
      const row = chosen[position(indices, which)] as number;
      const source = [...index.slice(0, b + p), row, ...index.slice(b + p + own.length)];
      return [position(out, index), position(operand, source)] as const;
    });
    return { spec, chosen, pairs, operandSize: total(operand), outSize: total(out), seed };
  });

test('gather takes what the definition says', () => {
  const property = fc.property(problem, ({ spec, chosen, pairs, operandSize, outSize, seed }) => {
    const operand = uniform(operandSize, seed + 1);
    const expected = new Float64Array(outSize);
    for (const [to, from] of pairs) expected[to] = operand[from] as number;
    expect(run(gatherKernel(spec), [operand, chosen], new Float64Array(outSize))[0]).toEqual(expected);
  });
  fc.assert(property, { seed: 1, numRuns: 300 });
});

test('scatterAdd adds where gather reads, and is its adjoint', () => {
  const property = fc.property(problem, ({ spec, chosen, pairs, operandSize, outSize, seed }) => {
    const operand = smallIntegers(operandSize, seed + 1);
    const updates = smallIntegers(outSize, seed + 2);
    const expected = operand.slice();
    for (const [from, to] of pairs) expected[to] = (expected[to] as number) + (updates[from] as number);
    expect(run(scatterAddKernel(spec), [operand, chosen, updates], new Float64Array(operandSize))[0]).toEqual(expected);

    const zeros = new Float64Array(operandSize);
    const [spread] = run(scatterAddKernel(spec), [zeros, chosen, updates], new Float64Array(operandSize));
    const [gathered] = run(gatherKernel(spec), [operand, chosen], new Float64Array(outSize));
    expect(inner(gathered, updates)).toBe(inner(operand, spread));
  });
  fc.assert(property, { seed: 2, numRuns: 300 });
});

describe('scatterAdd with repeated indices', () => {
  const spec = { operand: [2], indices: [3], axis: 0, batchDims: 0 };
  const chosen = Int32Array.of(1, 1, 1);

  test('adds in order, rounding each sum', () => {
    const operand = Float32Array.of(5, 0);
    const kernel = scatterAddKernel(spec);
    const add = (...updates: number[]) => [
      ...run(kernel, [operand, chosen, Float32Array.from(updates)], new Float32Array(2))[0],
    ];
    expect(add(2 ** 24, 1, 1)).toEqual([5, 2 ** 24]);
    expect(add(1, 1, 2 ** 24)).toEqual([5, 2 ** 24 + 2]);
  });

  test('wraps integers', () => {
    const signed = [Int32Array.of(0, 2 ** 31 - 1), chosen, Int32Array.of(1, 2, 3)];
    expect([...run(scatterAddKernel(spec), signed, new Int32Array(2))[0]]).toEqual([0, -(2 ** 31) + 5]);
    const unsigned = [Uint32Array.of(0, 2 ** 32 - 1), chosen, Uint32Array.of(2, 2 ** 32 - 1, 1)];
    expect([...run(scatterAddKernel(spec), unsigned, new Uint32Array(2))[0]]).toEqual([0, 1]);
  });
});

test('an index outside the axis is refused with its place', () => {
  const spec = { operand: [2, 3], indices: [2, 2], axis: 1, batchDims: 1 };
  const operand = new Float32Array(6);
  const message = (op: string, index: number, place: string) =>
    new RangeError(
      `${op}: index ${index} at position [${place}] of the indices (shape [2, 2]) is out of range: axis 1 of the operand ` +
        '(shape [2, 3]) takes indices in [0, 3). Clip the indices, or mask what they select.',
    );
  const gather =
    (...indices: number[]) =>
    () =>
      gatherKernel(spec)([operand, Int32Array.from(indices)], [new Float32Array(4)]);
  expect(gather(0, 2, 3, 1)).toThrow(message('gather', 3, '1, 0'));
  expect(gather(0, -1, 3, 1)).toThrow(message('gather', -1, '0, 1'));
  expect(() =>
    scatterAddKernel(spec)([operand, Int32Array.of(0, 0, 0, 9), new Float32Array(4)], [new Float32Array(6)]),
  ).toThrow(message('scatterAdd', 9, '1, 1'));
});

test('nothing can be taken from an empty axis, or with a bad index even if the result is empty', () => {
  const empty = { operand: [0], indices: [], axis: 0, batchDims: 0 };
  expect(() => gatherKernel(empty)([new Float32Array(0), Int32Array.of(0)], [new Float32Array(1)])).toThrow(
    'index 0 at position [] of the indices (shape []) is out of range: axis 0 of the operand (shape [0]) takes indices in [0, 0)',
  );
  const nothing = { operand: [2, 0], indices: [1], axis: 0, batchDims: 0 };
  expect(() => gatherKernel(nothing)([new Float32Array(0), Int32Array.of(2)], [new Float32Array(0)])).toThrow(
    RangeError,
  );
});

test('missing buffers are refused', () => {
  const spec = { operand: [1], indices: [], axis: 0, batchDims: 0 };
  expect(() => gatherKernel(spec)([], [])).toThrow('gather: expected two inputs and one output');
  expect(() => scatterAddKernel(spec)([], [])).toThrow('scatterAdd: expected three inputs and one output');
});
