import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dotKernel } from './dot';
import { indicesOf, position, run, smallIntegers, total } from './test-support';
import type { Shape } from './types';

test('matrix times matrix', () => {
  const kernel = dotKernel({ lhs: [2, 3], rhs: [3, 2], contract: [[1], [0]], batch: [[], []], dtype: 'float32' });
  const a = Float32Array.of(1, 2, 3, 4, 5, 6);
  const b = Float32Array.of(7, 8, 9, 10, 11, 12);
  expect([...run(kernel, [a, b], new Float32Array(4))[0]]).toEqual([58, 64, 139, 154]);
});

test('every axis may be batch, free or contracted, in any order', () => {
  const axis = fc.record({
    role: fc.constantFrom('batch', 'contract', 'lhs', 'rhs'),
    size: fc.integer({ min: 0, max: 3 }),
  });
  const property = fc.property(
    fc.array(axis, { maxLength: 5 }),
    fc.nat(),
    fc.nat(),
    fc.integer({ min: 0, max: 2 ** 31 }),
    (axes, shiftLeft, shiftRight, seed) => {
      // An einsum: labels are positions in `axes`; each operand holds its labels in a rotated order.
      const labels = (...roles: string[]) => axes.flatMap(({ role }, label) => (roles.includes(role) ? [label] : []));
      const rotate = (list: number[], by: number) => list.map((_, i) => list[(i + by) % list.length] as number);
      const left = rotate(labels('batch', 'contract', 'lhs'), shiftLeft);
      const right = rotate(labels('batch', 'contract', 'rhs'), shiftRight);
      const sizes = (list: number[]) => list.map((label) => axes[label]?.size as number);
      const [batch, contract] = [labels('batch'), labels('contract')];
      const free = (list: number[], role: string) => list.filter((label) => axes[label]?.role === role);
      const outLabels = [...batch, ...free(left, 'lhs'), ...free(right, 'rhs')];

      const a = smallIntegers(total(sizes(left)), seed);
      const b = smallIntegers(total(sizes(right)), seed + 1);
      const expected = new Float64Array(total(sizes(outLabels)));
      for (const index of indicesOf(axes.map(({ size }) => size))) {
        const pick = (list: number[]) =>
          position(
            sizes(list),
            list.map((label) => index[label] as number),
          );
        const at = pick(outLabels);
        expected[at] = (expected[at] as number) + (a[pick(left)] as number) * (b[pick(right)] as number);
      }

      const kernel = dotKernel({
        lhs: sizes(left),
        rhs: sizes(right),
        contract: [contract.map((l) => left.indexOf(l)), contract.map((l) => right.indexOf(l))],
        batch: [batch.map((l) => left.indexOf(l)), batch.map((l) => right.indexOf(l))],
        dtype: 'float64',
      });
      expect(run(kernel, [a, b], new Float64Array(expected.length))[0]).toEqual(expected);
    },
  );
  fc.assert(property, { seed: 1, numRuns: 300 });
});

describe('rounding and overflow', () => {
  const vectors = (size: number) => ({ lhs: [size], rhs: [size], contract: [[0], [0]], batch: [[], []] }) as const;

  test('float32 sums in double precision', () => {
    const kernel = dotKernel({ ...vectors(3), dtype: 'float32' });
    const a = Float32Array.of(2 ** 30, 1, -(2 ** 30));
    expect(run(kernel, [a, Float32Array.of(1, 1, 1)], new Float32Array(1))[0][0]).toBe(1);
  });

  test('integers wrap', () => {
    const words = fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)), { maxLength: 6 });
    const property = fc.property(words, (pairs) => {
      const exact = pairs.reduce((sum, [x, y]) => sum + BigInt(x) * BigInt(y), 0n);
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      const unsigned = dotKernel({ ...vectors(pairs.length), dtype: 'uint32' });
      const signed = dotKernel({ ...vectors(pairs.length), dtype: 'int32' });
      const u = run(unsigned, [Uint32Array.from(a), Uint32Array.from(b)], new Uint32Array(1))[0];
      const s = run(signed, [Int32Array.from(a), Int32Array.from(b)], new Int32Array(1))[0];
      expect(u[0]).toBe(Number(BigInt.asUintN(32, exact)));
      expect(s[0]).toBe(Number(BigInt.asIntN(32, exact)));
    });
    fc.assert(property, { seed: 2, numRuns: 200 });
  });
});

test('an empty contraction gives zeros', () => {
  const shape: Shape = [2, 0];
  const kernel = dotKernel({ lhs: shape, rhs: shape, contract: [[1], [1]], batch: [[], []], dtype: 'float32' });
  expect([...run(kernel, [new Float32Array(0), new Float32Array(0)], new Float32Array(4))[0]]).toEqual([0, 0, 0, 0]);
});

test('missing buffers are refused', () => {
  const kernel = dotKernel({ lhs: [1], rhs: [1], contract: [[0], [0]], batch: [[], []], dtype: 'float32' });
  expect(() => kernel([], [])).toThrow('dot: expected two inputs and one output');
});
