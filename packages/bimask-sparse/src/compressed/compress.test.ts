import { array, grad, jit, type NDArray, np, random, vmap } from '@forback/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptOf } from '../pattern';
import { compress, compressBackward, decompress, takeEntries } from '.';
import { normal, on, patterns, tied } from './test-support';

const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90 }));
const pattern = fc.constantFrom(...patterns);

const rowsOf = (x: NDArray) => x.toJS() as number[][];

describe('compress', () => {
  test('keeps the n largest of each group in order, the first of equal ones', () => {
    const w = array([
      [1, -2, 2, 0, 5, 5, 5, 5, -3],
      [0, 0, 0, 0, 1, 2, 3, -4, 0],
    ]);
    const { values, indices } = compress(w, { n: 2, m: 4 });
    expect(indices.toJS()).toEqual([
      [1, 2, 4, 5, 8],
      [0, 1, 6, 7, 8],
    ]);
    expect(values.toJS()).toEqual([
      [-2, 2, 5, 5, -3],
      [0, 0, 3, -4, 0],
    ]);
  });

  test('NaN counts as infinite', () => {
    const w = array([[Number.NaN, Number.POSITIVE_INFINITY, 1e30, Number.NaN]]);
    expect(compress(w, { n: 2, m: 4 }).indices.toJS()).toEqual([[0, 1]]);
    const wide = np.tile(w, [40, 9]);
    for (const backend of ['wasm', 'reference'] as const) {
      const [indices] = on(backend, () => [compress(wide, { n: 2, m: 4 }).indices]);
      expect(indices?.slice(0, 4)).toEqual([0, 1, 4, 5]);
    }
  });

  test('exactly n of every whole group, and no smaller one than those left out', () => {
    fc.assert(
      fc.property(sizes, pattern, fc.nat(), ([rows, columns], { n, m }, seed) => {
        const w = tied([rows, columns], seed);
        const dense = rowsOf(w);
        const { values, indices } = compress(w, { n, m });
        expect(values.shape).toEqual([rows, keptOf(columns, { n, m })]);
        const wrong = rowsOf(indices).flatMap((row, r) => {
          const size = (i: number) => Math.abs(dense[r]?.[i] as number);
          const starts = Array.from({ length: Math.ceil(columns / m) }, (_, g) => g * m);
          return starts.filter((start) => {
            const group = Array.from({ length: Math.min(m, columns - start) }, (_, i) => start + i);
            const kept = row.filter((i) => i >= start && i < start + m);
            const dropped = group.filter((i) => !kept.includes(i));
            const least = Math.min(...kept.map(size));
            return kept.length !== Math.min(n, group.length) || dropped.some((i) => size(i) > least);
          });
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('the native code chooses what the loops choose', () => {
    const options = fc.record({ axis: fc.constantFrom(0 as const, 1 as const), shared: fc.boolean() });
    fc.assert(
      fc.property(sizes, pattern, options, fc.boolean(), fc.nat(), ([rows, columns], nm, chosen, permuted, seed) => {
        const w = tied([rows, columns], seed);
        const length = chosen.axis === 1 ? columns : rows;
        const permutation = random.permutation(random.key(seed), length).astype('int32');
        const f = () => {
          const { values, indices } = compress(w, { ...nm, ...chosen, ...(permuted ? { permutation } : {}) });
          return [values, indices];
        };
        expect(on('wasm', f)).toEqual(on('reference', f));
      }),
      { numRuns: 25 },
    );
  });

  test('decompressed it is the masked matrix, bit for bit, along either axis', () => {
    fc.assert(
      fc.property(sizes, pattern, fc.boolean(), fc.nat(), ([rows, columns], nm, shared, seed) => {
        const w = normal([rows, columns], seed);
        const masked = decompress(compress(w, { ...nm, shared }), { size: columns });
        const other = decompress(compress(w.T, { ...nm, shared, axis: 0 }), { size: columns, axis: 0 });
        expect([...other.T.dataSync()]).toEqual([...masked.dataSync()]);
        const zeroOrSame = np.logicalOr(np.equal(masked, 0), np.equal(masked, w));
        expect(np.all(zeroOrSame).item()).toBe(1);
        // Normal numbers are not zero.
        expect(np.sum(np.notEqual(masked, 0)).item()).toBe(rows * keptOf(columns, nm));
      }),
      { numRuns: 20 },
    );
  });

  test('four rows share the places with the largest sums', () => {
    const w = array([
      [3, 0, 0, 1],
      [0, 2, 2, 0],
      [0, 2, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 9, 0],
    ]);
    const { values, indices } = compress(w, { n: 2, m: 4, shared: true });
    expect(indices.toJS()).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(values.toJS()).toEqual([
      [3, 0],
      [0, 2],
      [0, 2],
      [0, 0],
      [0, 9],
    ]);
  });

  test('a permutation of whole groups, or inside groups, keeps the same entries', () => {
    const w = normal([30, 16], 5);
    const plain = decompress(compress(w, { n: 2, m: 4 }), { size: 16 });
    const order = [12, 15, 13, 14, 0, 2, 1, 3, 8, 9, 10, 11, 7, 6, 5, 4];
    const permutation = array(order, { dtype: 'int32' });
    const moved = decompress(compress(w, { n: 2, m: 4, permutation }), { size: 16 });
    expect(np.all(np.equal(moved, plain)).item()).toBe(1);
  });

  test('the derivative is that of the kept entries', () => {
    const w = normal([24, 30], 1);
    const c = normal([24, 16], 2);
    const loss = (v: NDArray) => compress(v, { n: 2, m: 4 }).values.mul(c).sum();
    const expected = decompress({ values: c, indices: compress(w, { n: 2, m: 4 }).indices }, { size: 30 });
    for (const g of [grad(loss), jit(grad(loss))]) {
      expect([...g(w).dataSync()]).toEqual([...expected.dataSync()]);
    }
    const columns = (v: NDArray) => compress(v, { n: 2, m: 4, axis: 0 }).values.mul(c).sum();
    expect([...grad(columns)(w.T).T.dataSync()]).toEqual([...expected.dataSync()]);
  });

  test('mapped, it is a loop', () => {
    const w = normal([3, 21, 18], 1);
    for (const shared of [false, true]) {
      const f = (v: NDArray) => compress(v, { n: 1, m: 4, shared });
      const all = vmap(f)(w);
      const each = [0, 1, 2].map((i) => f(w.at(i)));
      expect(all.values.toJS()).toEqual(each.map((c) => c.values.toJS()));
      expect(all.indices.toJS()).toEqual(each.map((c) => c.indices.toJS()));
    }
  });

  test('takes entries at places, and none at empty ones', () => {
    const w = array([[1, 2, 3]]);
    expect(takeEntries(w, array([[2, -1, 3, 0]], { dtype: 'int32' })).toJS()).toEqual([[3, 0, 0, 1]]);
  });

  test.each([
    [{ n: 3, m: 2 }, 'compress: expected whole numbers n and m with 1 <= n <= m, got n = 3, m = 2'],
    [{ n: 0, m: 2 }, 'got n = 0, m = 2'],
    [{ n: 1, m: 2, axis: 2 as never }, 'compress: expected axis to be 0 or 1, got 2'],
    [{ n: 1, m: 2, permutation: array([0, 1]) }, 'compress: expected permutation to be int32[4]'],
    [{ n: 1, m: 2, permutation: array([0, 1, 2, 4], { dtype: 'int32' }) }, 'got 4 in it'],
    [{ n: 1, m: 2, permutation: array([0, 1, 2, -1], { dtype: 'int32' }) }, 'got -1 in it'],
    [{ n: 1, m: 2, permutation: array([3, 1, 2, 1], { dtype: 'int32' }) }, 'numbers from 0 to 3, got 1 in it twice'],
  ])('refuses %j', (options, message) => {
    expect(() => compress(np.ones([2, 4]), options)).toThrow(message);
  });

  test('refuses what is no matrix of floats', () => {
    expect(() => compress(np.ones([4]), { n: 1, m: 2 })).toThrow('compress: expected the weight to be a matrix');
    expect(() => compress(np.ones([2, 4], { dtype: 'int32' }), { n: 1, m: 2 })).toThrow('convert it with astype');
  });
});

describe('compressBackward', () => {
  /** B by definition: F and the column top-n of the permuted masked matrix. */
  function byDefinition(masked: number[][], order: readonly number[], { n, m }: { n: number; m: number }): number[][] {
    const kept = masked.map((row) => row.map(() => 0));
    for (let c = 0; c < (masked[0]?.length ?? 0); c++) {
      for (let start = 0; start < order.length; start += m) {
        order
          .slice(start, start + m)
          .map((row, position) => ({ row, position, value: masked[row]?.[c] as number }))
          .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.position - b.position)
          .slice(0, n)
          .forEach(({ row, value }) => {
            (kept[row] as number[])[c] = value;
          });
      }
    }
    return kept;
  }

  test('is the definition, B is part of F, and both backends agree', () => {
    fc.assert(
      fc.property(sizes, pattern, fc.boolean(), fc.nat(), ([rows, columns], nm, shared, seed) => {
        const w = normal([rows, columns], seed);
        const forward = compress(w, { ...nm, shared });
        const permutation = random.permutation(random.key(seed), rows).astype('int32');
        const f = () => {
          const { values, indices } = compressBackward(forward, { ...nm, inputs: columns, permutation });
          return [decompress({ values, indices }, { size: rows }).T, indices];
        };
        const [dense, indices] = on('wasm', f);
        expect([dense, indices]).toEqual(on('reference', f));
        const masked = rowsOf(decompress(forward, { size: columns }));
        const order = [...permutation.dataSync()];
        expect(dense).toEqual(byDefinition(masked, order, nm).flat());
        const places = (indices as number[]).filter((i) => i >= 0).length;
        expect((dense as number[]).filter((v) => v !== 0)).toHaveLength(places);
      }),
      { numRuns: 25 },
    );
  });

  test('refuses what does not fit by its own name, on both backends', () => {
    const forward = compress(normal([20, 24], 3), { n: 1, m: 4 });
    const permutation = array([...Array(19).keys(), 0], { dtype: 'int32' });
    for (const backend of ['wasm', 'reference'] as const) {
      const broken = () =>
        on(backend, () => [compressBackward(forward, { n: 1, m: 4, inputs: 24, permutation }).values]);
      expect(broken).toThrow('compressBackward: expected a permutation of the numbers from 0 to 19, got 0 in it twice');
    }
    const options = { n: 1, m: 4, inputs: 24 };
    expect(() => compressBackward(forward, { ...options, n: 5 })).toThrow('compressBackward: expected whole numbers n');
    expect(() => compressBackward(forward, { ...options, inputs: -1 })).toThrow(
      'compressBackward: expected inputs to be a whole number, got -1',
    );
    expect(() => compressBackward(forward, { ...options, permutation: array([0, 1], { dtype: 'int32' }) })).toThrow(
      'compressBackward: expected permutation to be int32[20]',
    );
  });

  test('with n = m everything is kept', () => {
    const w = normal([12, 9], 3);
    const backward = compressBackward(compress(w, { n: 4, m: 4 }), { n: 4, m: 4, inputs: 9 });
    expect(decompress(backward, { size: 12 }).T.toJS()).toEqual(w.toJS());
  });
});
