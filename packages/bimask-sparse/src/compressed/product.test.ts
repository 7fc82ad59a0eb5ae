import { grad, init, jit, jvp, type NDArray, np, random, vmap } from '@forback/core';
import { setGrain } from '@forback/core/kernels';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Compressed, compress, compressBackward, decompress, sparseMatmul, sparseMatmulTransposed } from '.';
import { normal, on, patterns } from './test-support';

const shape = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }));
const pattern = fc.constantFrom(...patterns);

/** Each term of a product: the row of the dense operand, and where the non-zeros of W ⊙ F lie. */
function eachTerm(
  { values, indices }: Compressed,
  count: number,
  columns: number,
  visit: (example: number, row: number, column: number, value: number) => void,
): void {
  const [rows, kept] = values.shape as [number, number];
  const [v, at] = [values.dataSync(), indices.dataSync()];
  const shared = indices.shape[0] === rows ? 1 : 4;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < kept; k++) {
      const column = at[Math.floor(row / shared) * kept + k] as number;
      if (column < 0 || column >= columns) continue;
      for (let i = 0; i < count; i++) visit(i, row, column, v[row * kept + k] as number);
    }
  }
}

/** |error| <= 1e-5 of the magnitudes of all terms together. */
function expectSums(actual: NDArray, add: (to: (at: number, term: number) => void) => void): void {
  const [sums, sizes] = [new Float64Array(actual.size), new Float64Array(actual.size)];
  add((at, term) => {
    sums[at] = (sums[at] as number) + term;
    sizes[at] = (sizes[at] as number) + Math.abs(term);
  });
  const off = actual.dataSync().map((y, i) => Math.abs(y - (sums[i] as number)) - 1e-5 * (sizes[i] as number));
  expect(Math.max(0, ...off)).toBe(0);
}

describe('products with compressed matrices', () => {
  test('are sums over the places', () => {
    fc.assert(
      fc.property(shape, pattern, fc.boolean(), fc.nat(), ([count, rows, columns], nm, shared, seed) => {
        const w = compress(normal([rows, columns], seed), { ...nm, shared });
        const [x, g] = [normal([count, columns], seed + 1), normal([count, rows], seed + 2)];
        const [xs, gs] = [x.dataSync(), g.dataSync()];
        expectSums(sparseMatmul(x, w), (to) =>
          eachTerm(w, count, columns, (i, r, c, v) => to(i * rows + r, v * (xs[i * columns + c] as number))),
        );
        expectSums(sparseMatmulTransposed(g, w, columns), (to) =>
          eachTerm(w, count, columns, (i, r, c, v) => to(i * columns + c, v * (gs[i * rows + r] as number))),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('from the other side, it is the exact product with the masked matrix', () => {
    for (const shared of [false, true]) {
      const [w, g] = [compress(normal([75, 66], 1), { n: 2, m: 4, shared }), normal([21, 75], 2)];
      const masked = decompress(w, { size: 66 });
      expect(np.max(np.abs(sparseMatmulTransposed(g, w, 66).sub(g.matmul(masked)))).item()).toBeLessThan(1e-4);
      const backward = compressBackward(w, { n: 2, m: 4, inputs: 66 });
      const through = g.matmul(decompress(backward, { size: 75 }).T);
      expect(np.max(np.abs(sparseMatmul(g, backward).sub(through))).item()).toBeLessThan(1e-4);
    }
  });

  test('are close to the reference at 512 columns', () => {
    const [x, w] = [normal([37, 512], 1), compress(normal([130, 512], 2), { n: 2, m: 4 })];
    const f = () => [sparseMatmul(x, w), sparseMatmulTransposed(normal([37, 130], 3), w, 512)];
    const [fast, slow] = [on('wasm', f), on('reference', f)];
    const off = fast.flatMap((values, k) => values.map((y, i) => Math.abs(y - (slow[k]?.[i] as number))));
    // 256 terms of about 1.
    expect(Math.max(...off)).toBeLessThan(1e-5 * 60);
  });

  test.each([false, true])('are sums over the places of large mapped matrices too (shared: %s)', (shared) => {
    const [rows, columns, count] = [620, 300, 21];
    const weights = vmap((v: NDArray) => compress(v, { n: 4, m: 8, shared }))(normal([2, rows, columns], 1));
    const x = normal([2, count, columns], 2);
    const y = vmap(sparseMatmul)(x, weights);
    const xs = x.dataSync();
    for (const b of [0, 1]) {
      const one = { values: weights.values.at(b), indices: weights.indices.at(b) };
      expectSums(y.at(b), (to) =>
        eachTerm(one, count, columns, (i, r, c, v) =>
          to(i * rows + r, v * (xs[(b * count + i) * columns + c] as number)),
        ),
      );
    }
  });

  test.each([false, true])('skip empty places whatever their value (shared: %s)', (shared) => {
    const { values, indices } = compress(normal([36, 40], 1), { n: 2, m: 4, shared });
    const places = np.arange(indices.size).reshape(indices.shape);
    const outside = np.where(np.mod(places, 2).equal(0), 40, -1);
    const holes = np.where(np.mod(places, 3).equal(0), outside, indices);
    const w = { values, indices: holes.astype('int32') };
    for (const count of [1, 20]) {
      // A number that must not be touched.
      const x = np.where(np.arange(40).equal(0), Number.POSITIVE_INFINITY, normal([count, 40], 2));
      const dense = decompress(w, { size: 40 });
      const touched = dense.T.at(0).notEqual(0);
      const y = sparseMatmul(x, w);
      expect(np.isFinite(y).toJS()).toEqual(np.broadcastTo(np.logicalNot(touched), y.shape).toJS());
    }
  });

  test('take any axes in front, and none', () => {
    const w = compress(normal([6, 8], 1), { n: 1, m: 4 });
    const x = normal([2, 3, 8], 2);
    expect(sparseMatmul(x, w).shape).toEqual([2, 3, 6]);
    const last = sparseMatmul(x.at(1, 2), w);
    expect(last.shape).toEqual([6]);
    expect([...last.dataSync()]).toEqual([...sparseMatmul(x, w).dataSync()].slice(-6));
    expect(sparseMatmulTransposed(last, w, 8).shape).toEqual([8]);
  });

  test.each([false, true])('mapped, they are loops (shared: %s)', (shared) => {
    const weights = vmap((v: NDArray) => compress(v, { n: 2, m: 4, shared }))(normal([3, 21, 18], 1));
    const one = (i: number): Compressed => ({
      values: weights.values.at(i),
      indices: weights.indices.at(i),
    });
    const x = normal([3, 17, 18], 2);
    const close = (a: NDArray, b: NDArray) => expect(np.max(np.abs(a.sub(b))).item()).toBeLessThan(1e-5);
    const both = vmap(sparseMatmul)(x, weights);
    const examples = vmap((v: NDArray) => sparseMatmul(v, one(0)))(x);
    const matrices = vmap((w: Compressed) => sparseMatmulTransposed(both.at(0), w, 18))(weights);
    const single = vmap((v: NDArray) => sparseMatmul(v, one(1)))(x.at(0));
    close(single, sparseMatmul(x.at(0), one(1)));
    for (const i of [0, 1, 2]) {
      close(both.at(i), sparseMatmul(x.at(i), one(i)));
      close(examples.at(i), sparseMatmul(x.at(i), one(0)));
      close(matrices.at(i), sparseMatmulTransposed(both.at(0), one(i), 18));
    }
  });

  test.each([false, true])('gradients are finite differences (shared: %s)', (shared) => {
    const w = compress(normal([7, 9], 1).astype('float64'), { n: 2, m: 4, shared });
    const [x, c] = [normal([5, 9], 2).astype('float64'), normal([5, 7], 3).astype('float64')];
    const forward = (v: NDArray, values: NDArray) =>
      np
        .tanh(sparseMatmul(v, { values, indices: w.indices }))
        .mul(c)
        .sum();
    const back = (g: NDArray, values: NDArray) =>
      np
        .tanh(sparseMatmulTransposed(g, { values, indices: w.indices }, 9))
        .mul(x)
        .sum();
    for (const [f, first] of [
      [forward, x],
      [back, c],
    ] as const) {
      const ts = [normal(first.shape, 4), normal(w.values.shape, 5)].map((t) => t.astype('float64')) as [
        NDArray,
        NDArray,
      ];
      const at = (h: number) => f(first.add(ts[0].mul(h)), w.values.add(ts[1].mul(h))).item();
      const slope = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
      const [, tangent] = jvp(f, [first, w.values], ts);
      const [gx, gv] = grad(f, { argnums: [0, 1] })(first, w.values) as unknown as [NDArray, NDArray];
      expect(tangent.item()).toBeCloseTo(slope, 6);
      expect(gx.mul(ts[0]).sum().item() + gv.mul(ts[1]).sum().item()).toBeCloseTo(slope, 6);
    }
  });

  test('a compiled gradient through selection is that of the masked product', () => {
    const [w, x] = [normal([40, 36], 1), normal([20, 36], 2)];
    const sparse = (v: NDArray) => np.square(sparseMatmul(x, compress(v, { n: 2, m: 4 }))).sum();
    const mask = decompress(compress(w, { n: 2, m: 4 }), { size: 36 }).notEqual(0);
    const masked = (v: NDArray) => np.square(x.matmul(np.where(mask, v, 0).T)).sum();
    const [a, b] = [jit(grad(sparse))(w), grad(masked)(w)];
    expect(np.max(np.abs(a.sub(b))).item()).toBeLessThan(1e-3);
  });

  test('refuse what does not fit', () => {
    const w = compress(np.ones([6, 8]), { n: 1, m: 4 });
    expect(() => sparseMatmul(np.ones([2, 8], { dtype: 'float64' }), w)).toThrow(
      'sparseMatmul: expected x and values of one dtype',
    );
    expect(() =>
      sparseMatmul(np.ones([2, 8]), { values: w.values, indices: np.zeros([5, 2], { dtype: 'int32' }) }),
    ).toThrow('sparseMatmul: expected indices of shape [6, 2], or of 2 rows where each 4 rows share them');
    expect(() => sparseMatmulTransposed(np.ones([2, 5]), w, 8)).toThrow(
      'expected as many columns of g as rows of values',
    );
    expect(() => sparseMatmulTransposed(np.ones([2, 6]), w, -1)).toThrow(
      'expected columns to be a whole number, got -1',
    );
  });
});

describe('threads change no bit', () => {
  beforeAll(() => setGrain(32));
  afterAll(() => {
    setGrain(1 << 16);
    init();
  });

  test('of selection, products from both sides and the backward mask', { timeout: 30_000 }, async () => {
    const permutation = random.permutation(random.key(9), 131).astype('int32');
    const results = (shared: boolean, count: number) => {
      const f = jit((w: NDArray, x: NDArray, g: NDArray) => {
        const forward = compress(w, { n: 2, m: 4, shared });
        const backward = compressBackward(forward, { n: 2, m: 4, inputs: 90, permutation });
        const back = sparseMatmulTransposed(g, forward, 90);
        return [forward, backward, sparseMatmul(x, forward), sparseMatmul(g, backward), back] as const;
      });
      const [forward, backward, ...products] = f(normal([131, 90], 1), normal([count, 90], 2), normal([count, 131], 3));
      return [forward, backward, ...products].flatMap((r) =>
        'values' in r ? [r.values, r.indices] : [r],
      ) as NDArray[];
    };
    for (const shared of [false, true]) {
      for (const count of [2, 45]) {
        init({ threads: 1 });
        const alone = results(shared, count).map((r) => [...r.dataSync()]);
        init({ threads: 3 });
        // Workers start with the first program, and help as soon as they are there.
        for (let i = 0; i < 2; i++) {
          expect(results(shared, count).map((r) => [...r.dataSync()])).toEqual(alone);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    }
  });
});
