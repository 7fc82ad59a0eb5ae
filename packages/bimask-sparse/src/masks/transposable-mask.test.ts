import { type NDArray, np, random } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestPattern, flowTile, greedyTile, transposablePatterns } from './tiles';
import { transposableMask } from './transposable-mask';

const rowsOf = (mask: NDArray) => mask.astype('int32').toJS() as number[][];
const magnitudesOf = (seed: number, size: number, coarse = false) =>
  Float64Array.from(random.normal(random.key(seed), { shape: [size] }).dataSync(), (x) =>
    Math.abs(coarse ? Math.round(x) : x),
  );
const sum = (magnitudes: Float64Array, kept: Uint8Array) =>
  kept.reduce((s, k, i) => s + k * (magnitudes[i] as number), 0);
const tile = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  seed: fc.nat(1e6),
  coarse: fc.boolean(),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});
const nOf = ({ size, share }: { size: number; share: number }) => Math.max(1, Math.ceil(size * share));

test('there are 90 patterns for 2:4, all different, with two entries in each row and column', () => {
  expect(new Set(transposablePatterns.map((p) => p.join())).size).toBe(90);
  for (const pattern of transposablePatterns) {
    for (let i = 0; i < 4; i++) {
      expect([...pattern].filter((p) => Math.floor(p / 4) === i).length).toBe(2);
      expect([...pattern].filter((p) => p % 4 === i).length).toBe(2);
    }
  }
});

describe('a tile', () => {
  test('the flow keeps exactly N in every row and column', () => {
    fc.assert(
      fc.property(tile, (t) => {
        const [m, n] = [t.size, nOf(t)];
        const kept = flowTile(magnitudesOf(t.seed, m * m, t.coarse), m, m, n);
        for (let i = 0; i < m; i++) {
          const indices = Array.from({ length: m }, (_, j) => j);
          expect(indices.reduce((s, j) => s + (kept[i * m + j] as number), 0)).toBe(n);
          expect(indices.reduce((s, j) => s + (kept[j * m + i] as number), 0)).toBe(n);
        }
      }),
    );
  });

  test('for 2:4 the best of 90 patterns is as good as the flow', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.boolean(), (seed, coarse) => {
        const magnitudes = magnitudesOf(seed, 16, coarse);
        expect(sum(magnitudes, flowTile(magnitudes, 4, 4, 2))).toBeCloseTo(sum(magnitudes, bestPattern(magnitudes)), 9);
      }),
    );
  });

  test('for N = 1 the flow is the best of all assignments', () => {
    const orders = (items: number[]): number[][] =>
      items.length < 2
        ? [items]
        : items.flatMap((x) => orders(items.filter((y) => y !== x)).map((rest) => [x, ...rest]));
    for (let seed = 0; seed < 20; seed++) {
      const magnitudes = magnitudesOf(seed, 25);
      const best = Math.max(
        ...orders([0, 1, 2, 3, 4]).map((order) => order.reduce((s, c, r) => s + (magnitudes[5 * r + c] as number), 0)),
      );
      expect(sum(magnitudes, flowTile(magnitudes, 5, 5, 1))).toBeCloseTo(best, 9);
    }
  });

  test('greedy has at least half of the sum of the flow, and never more than N in a row or column', () => {
    fc.assert(
      fc.property(tile, (t) => {
        const [m, n] = [t.size, nOf(t)];
        const magnitudes = magnitudesOf(t.seed, m * m, t.coarse);
        const kept = greedyTile(magnitudes, m, m, n);
        expect(sum(magnitudes, kept)).toBeGreaterThanOrEqual(0.5 * sum(magnitudes, flowTile(magnitudes, m, m, n)));
        for (let i = 0; i < m; i++) {
          const indices = Array.from({ length: m }, (_, j) => j);
          expect(indices.reduce((s, j) => s + (kept[i * m + j] as number), 0)).toBeLessThanOrEqual(n);
          expect(indices.reduce((s, j) => s + (kept[j * m + i] as number), 0)).toBeLessThanOrEqual(n);
        }
      }),
    );
  });
});

describe('the mask of a matrix', () => {
  test.each(['greedy', 'exact', 'flow'] as const)(
    '%s: at most N in every tile row and column, edges included',
    (solver) => {
      fc.assert(
        fc.property(
          fc.constantFrom([2, 4], [1, 4], [2, 8], [1, 3]),
          fc.integer({ min: 1, max: 19 }),
          fc.integer({ min: 1, max: 19 }),
          fc.nat(1e6),
          ([n = 1, m = 1], rows, columns, seed) => {
            const mask = rowsOf(
              transposableMask(random.normal(random.key(seed), { shape: [rows, columns] }), { n, m }, { solver }),
            );
            const count = (top: number, left: number, height: number, width: number) =>
              mask
                .slice(top, top + height)
                .reduce((s, row) => s + row.slice(left, left + width).reduce((a, b) => a + b, 0), 0);
            for (let r = 0; r < rows; r++)
              for (let c = 0; c < columns; c += m) expect(count(r, c, 1, m)).toBeLessThanOrEqual(n);
            for (let c = 0; c < columns; c++)
              for (let r = 0; r < rows; r += m) expect(count(r, c, m, 1)).toBeLessThanOrEqual(n);
          },
        ),
        { numRuns: 25 },
      );
    },
  );

  test('is transposed with the weights, where no magnitudes are equal', () => {
    const w = random.normal(random.key(9), { shape: [16, 24] });
    for (const solver of ['greedy', 'exact'] as const) {
      const turned = transposableMask(w.transpose(), '2:4', { solver });
      expect(rowsOf(turned.transpose())).toEqual(rowsOf(transposableMask(w, '2:4', { solver })));
    }
  });

  test('cuts tiles of the matrix, not runs of the flattened weights', () => {
    // Large entries on the diagonals of two 2 × 2 tiles side by side; as runs they would share rows.
    const w = np.concatenate([np.eye(2), np.eye(2)], 1).add(0.1);
    expect(rowsOf(transposableMask(w, '1:2'))).toEqual([
      [1, 0, 1, 0],
      [0, 1, 0, 1],
    ]);
  });

  test('bad input', () => {
    const solver = 'best' as 'exact';
    expect(() => transposableMask(np.ones([4, 4]), '2:4', { solver })).toThrow(
      /'greedy', 'exact' or 'flow', got 'best'/,
    );
    expect(() => transposableMask(np.ones([4]), '2:4')).toThrow(/expected a matrix/);
  });
});
