import { array, jit, type NDArray, np, random, vmap } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptOf } from '../pattern';
import { backwardMask } from './backward-mask';
import { expectedSparsity } from './closed-forms';
import { forwardMask } from './forward-mask';
import { parsePattern } from './parse-pattern';
import { scorePermutation } from './permutation-search';

const patterns = [
  { n: 1, m: 1 },
  { n: 1, m: 2 },
  { n: 2, m: 4 },
  { n: 1, m: 4 },
  { n: 4, m: 8 },
  { n: 2, m: 8 },
  { n: 3, m: 5 },
  { n: 1, m: 16 },
] as const;

const cases = fc.record({
  pattern: fc.constantFrom(...patterns),
  outputs: fc.integer({ min: 1, max: 37 }),
  inputs: fc.integer({ min: 1, max: 37 }),
  seed: fc.nat(1e6),
  // Few different values: ties and zeros.
  coarse: fc.boolean(),
});

function drawn({ outputs, inputs, seed, coarse }: { outputs: number; inputs: number; seed: number; coarse: boolean }) {
  const w = random.normal(random.key(seed), { shape: [outputs, inputs] });
  return coarse ? np.round(w) : w;
}

const rowsOf = (mask: NDArray) => mask.astype('int32').toJS() as number[][];
const total = (mask: NDArray) => mask.astype('int32').sum().item();

describe('the forward mask', () => {
  test('keeps N of every group of every row, the largest, and the first of equal ones', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const w = drawn(c);
        const values = w.toJS() as number[][];
        rowsOf(forwardMask(w, c.pattern)).forEach((row, o) => {
          expect(row.reduce((a, b) => a + b, 0)).toBe(keptOf(c.inputs, c.pattern));
          for (let start = 0; start < c.inputs; start += c.pattern.m) {
            const places = row.slice(start, start + c.pattern.m).map((_, i) => start + i);
            const size = (i: number) => Math.abs(values[o]?.[i] as number);
            const ordered = [...places].sort((a, b) => size(b) - size(a) || a - b);
            const wanted = ordered.slice(0, c.pattern.n).sort((a, b) => a - b);
            expect(places.filter((i) => row[i] === 1)).toEqual(wanted);
          }
        });
      }),
      { numRuns: 12 },
    );
  });

  test('is the same for [inputs, outputs], under jit and under vmap', () => {
    const w = random.normal(random.key(1), { shape: [3, 12, 10] });
    const mask = (x: NDArray) => forwardMask(x, '2:4');
    const each = [0, 1, 2].map((i) => rowsOf(mask(w.at(i))));
    expect(vmap(mask)(w).astype('int32').toJS()).toEqual(each);
    expect(rowsOf(jit(mask)(w.at(0)))).toEqual(each[0]);
    expect(rowsOf(forwardMask(w.at(0).transpose(), '2:4', { inputAxis: 0 }).transpose())).toEqual(each[0]);
  });
});

describe('the backward mask', () => {
  test('is part of F, keeps at most N of a column group, and as many as the counts say', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const w = drawn(c);
        const forward = forwardMask(w, c.pattern);
        const permutation = random.permutation(random.key(c.seed + 1), c.outputs);
        const backward = backwardMask(w, c.pattern, { permutation });
        const [f, b, values] = [rowsOf(forward), rowsOf(backward), w.toJS() as number[][]];
        const order = [...permutation.dataSync()];
        let counted = 0;
        for (let column = 0; column < c.inputs; column++) {
          for (let start = 0; start < c.outputs; start += c.pattern.m) {
            const group = order.slice(start, start + c.pattern.m);
            const size = (row: number) => Math.abs(values[row]?.[column] as number);
            const inF = group.filter((row) => f[row]?.[column] === 1 && size(row) > 0);
            const largest = [...inF].sort((x, y) => size(y) - size(x) || group.indexOf(x) - group.indexOf(y));
            const inB = group.filter((row) => b[row]?.[column] === 1);
            expect(new Set(inB)).toEqual(new Set(largest.slice(0, c.pattern.n)));
            counted += inB.length;
          }
        }
        const { keptEntries } = scorePermutation(forward, c.pattern, { permutation });
        // The score knows nothing of magnitudes, so it also counts weights of 0.
        if (c.coarse) expect(counted).toBeLessThanOrEqual(keptEntries);
        else expect(counted).toBe(keptEntries);
      }),
      { numRuns: 12 },
    );
  });

  test('does not depend on the order inside groups or of whole groups', () => {
    const w = random.normal(random.key(3), { shape: [12, 20] });
    const first = array([3, 9, 0, 7, 1, 2, 11, 4, 5, 6, 8, 10], { dtype: 'int32' });
    const second = array([4, 1, 11, 2, 10, 8, 6, 5, 7, 0, 3, 9], { dtype: 'int32' });
    const [a, b] = [first, second].map((permutation) => rowsOf(backwardMask(w, '2:4', { permutation })));
    expect(a).toEqual(b);
    expect(a).not.toEqual(rowsOf(backwardMask(w, '2:4')));
  });

  test('is F where no column group has more than N entries', () => {
    // One entry in each row and column of a 4 × 4 tile.
    const w = np.eye(4).add(0.01);
    const forward = forwardMask(w, '1:4');
    expect(rowsOf(backwardMask(w, '1:4'))).toEqual(rowsOf(forward));
  });

  test('is the same for [inputs, outputs]', () => {
    const w = random.normal(random.key(4), { shape: [9, 14] });
    const permutation = random.permutation(random.key(5), 9);
    const turned = backwardMask(w.transpose(), '2:8', { permutation, inputAxis: 0 });
    expect(rowsOf(turned.transpose())).toEqual(rowsOf(backwardMask(w, '2:8', { permutation })));
  });
});

describe('closed forms', () => {
  // Printed in the notes of section 1.4 to four digits.
  test.each([
    ['2:4', 0.8125, 0.6875, 0.667, 0.833],
    ['4:8', 0.8633, 0.6367, 0.667, 0.833],
    ['1:4', 0.6836, 0.7383, 0.5, 0.75],
    ['2:8', 0.7664, 0.6785, 0.5, 0.75],
    ['1:8', 0.6564, 0.7363, 0.417, 0.708],
    ['1:16', 0.6439, 0.7359, 0.375, 0.688],
  ] as const)('%s', (pattern, kept, eligible, biMask, srSte) => {
    const expected = expectedSparsity(pattern);
    expect(expected.kept).toBeCloseTo(kept, 4);
    expect(expected.eligible).toBeCloseTo(eligible, 4);
    expect(expected.stepCost.biMask).toBeCloseTo(biMask, 3);
    expect(expected.stepCost.srSte).toBeCloseTo(srSte, 3);
    const { n, m } = parsePattern('test', pattern);
    expect(expected.stepCost.biMaskByIndex).toBeCloseTo((1 + (1 + expected.kept) * (n / m)) / 3, 12);
  });

  test('N = M keeps everything at full cost', () => {
    expect(expectedSparsity('4:4')).toEqual({
      kept: 1,
      eligible: 1,
      stepCost: { srSte: 1, biMask: 1, biMaskByIndex: 1 },
    });
  });

  // 65,536 Gaussian weights: the standard error of κ is below 0.002, of ε below 0.004 (column groups of one column are
  // independent); bounds of 0.01 are missed with a probability below 1 in 100.
  test.each(['2:4', '4:8', '1:4', '2:8', '1:8', '1:16'] as const)('%s agrees with Gaussian weights', (pattern) => {
    const w = random.normal(random.key(6), { shape: [256, 256] });
    const forward = forwardMask(w, pattern);
    const permutation = random.permutation(random.key(7), 256);
    const { keptEntries, eligibleGroups } = scorePermutation(forward, pattern, { permutation });
    const { m } = parsePattern('test', pattern);
    const expected = expectedSparsity(pattern);
    expect(Math.abs(keptEntries / total(forward) - expected.kept)).toBeLessThan(0.01);
    expect(Math.abs(eligibleGroups / ((256 / m) * 256) - expected.eligible)).toBeLessThan(0.01);
  });
});

describe('bad input', () => {
  const w = np.ones([4, 8]);
  test.each(['4:2', '0:4', '1:0'] as const)('%s is no pattern', (pattern) => {
    expect(() => forwardMask(w, pattern)).toThrow(/forwardMask: expected whole numbers n and m with 1 <= n <= m/);
  });

  test('text and types', () => {
    expect(() => forwardMask(w, 'x' as '1:2')).toThrow(/forwardMask: expected a pattern such as '2:4'.*got 'x'/);
    expect(() => forwardMask(w, { n: 1.5, m: 4 })).toThrow(/got n = 1.5/);
    expect(() => forwardMask(w.reshape([2, 2, 8]), '1:4')).toThrow(/expected a matrix of weights.*reshape/);
    expect(() => forwardMask(w.astype('int32'), '1:4')).toThrow(/float dtype, got int32/);
    expect(() => forwardMask(w, '1:4', { inputAxis: 2 as 0 })).toThrow(/expected inputAxis 0 or 1, got 2/);
  });

  test('permutations that are none', () => {
    const withOrder = (order: number[], dtype: 'int32' | 'float32' = 'int32') =>
      backwardMask(w, '1:4', { permutation: array(order, { dtype }) });
    expect(() => withOrder([0, 1, 1, 3])).toThrow(
      /expected each of 0 to 3 once in the permutation, got \[0, 1, 1, 3\]/,
    );
    expect(() => withOrder([0, 1, 2])).toThrow(/permutation of the 4 outputs, int32\[4\], got int32\[3\]/);
    expect(() => withOrder([0, 1, 2, 3], 'float32')).toThrow(/int32 array, got float32/);
  });
});
