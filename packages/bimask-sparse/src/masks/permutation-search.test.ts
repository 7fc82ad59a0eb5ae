import { array, type NDArray, np, random } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ColumnCounts } from './column-counts';
import { forwardMask } from './forward-mask';
import { scorePermutation, searchPermutation } from './permutation-search';

const gaussian = (seed: number, shape: [number, number]) => random.normal(random.key(seed), { shape });
const sorted = (x: NDArray) => [...x.dataSync()].sort((a, b) => a - b);
const key = random.key(100);

describe('the hill climb', () => {
  test('goes up with every exchange, and its running score is the score counted anew', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(1e6),
        (outputs, inputs, seed) => {
          const pattern = { n: 2, m: 4 };
          const mask = Uint8Array.from(forwardMask(gaussian(seed, [outputs, inputs]), pattern).dataSync());
          const counts = new ColumnCounts(mask, outputs, inputs, pattern);
          counts.assign(Int32Array.from({ length: outputs }, (_, i) => i));
          for (let s = 0; s < 60; s++) {
            const before = counts.kept;
            const better = counts.swapIfBetter((7 * s + seed) % outputs, (11 * s) % outputs);
            expect(better ? counts.kept > before : counts.kept === before).toBe(true);
          }
          const anew = new ColumnCounts(mask, outputs, inputs, pattern);
          expect(anew.assign(counts.permutation)).toBe(counts.kept);
          expect(anew.eligible()).toBe(counts.eligible());
        },
      ),
      { numRuns: 40 },
    );
  });

  // One fixed key each; at this size the climb leads by 2.5 points or more, dozens of standard deviations.
  test.each(['2:4', '1:4', '1:8', '1:16'] as const)('%s: keeps more than the best of 100 permutations', (pattern) => {
    const forward = forwardMask(gaussian(1, [128, 128]), pattern);
    const identity = scorePermutation(forward, pattern).keptEntries;
    const drawn = searchPermutation(forward, pattern, key, { search: 'random', candidates: 100 });
    const climbed = searchPermutation(forward, pattern, key);
    expect(drawn.keptEntries).toBeGreaterThanOrEqual(identity);
    expect(climbed.keptEntries).toBeGreaterThan(drawn.keptEntries);
  });

  test('reports what the permutation it returns keeps, which is never less than the start', () => {
    const forward = forwardMask(gaussian(2, [30, 17]), '2:4');
    const start = random.permutation(random.key(3), 30);
    const found = searchPermutation(forward, '2:4', key, { swaps: 200, start });
    expect(sorted(found.permutation)).toEqual([...np.arange(30).dataSync()]);
    expect(scorePermutation(forward, '2:4', found)).toEqual({
      keptEntries: found.keptEntries,
      eligibleGroups: found.eligibleGroups,
    });
    expect(found.keptEntries).toBeGreaterThanOrEqual(
      scorePermutation(forward, '2:4', { permutation: start }).keptEntries,
    );
  });
});

test('without candidates and swaps the identity stays', () => {
  const forward = forwardMask(gaussian(4, [8, 8]), '2:4');
  const identity = [...np.arange(8).dataSync()];
  expect([...searchPermutation(forward, '2:4', key, { swaps: 0 }).permutation.dataSync()]).toEqual(identity);
  const none = searchPermutation(forward, '2:4', key, { search: 'random', candidates: 0 });
  expect([...none.permutation.dataSync()]).toEqual(identity);
});

test('the same key gives the same permutation, another one another', () => {
  const forward = forwardMask(gaussian(5, [64, 32]), '1:8');
  const found = (k: random.Key) => [
    ...searchPermutation(forward, '1:8', k, { search: 'random', candidates: 5 }).permutation.dataSync(),
  ];
  expect(found(key)).toEqual(found(key));
  expect(found(key)).not.toEqual(found(random.key(101)));
});

test('[inputs, outputs] is searched along the outputs', () => {
  const forward = forwardMask(gaussian(6, [12, 20]), '1:4');
  const turned = searchPermutation(forward.transpose(), '1:4', key, { inputAxis: 0 });
  expect(turned.keptEntries).toBe(searchPermutation(forward, '1:4', key).keptEntries);
});

test('bad input', () => {
  const forward = forwardMask(gaussian(7, [4, 4]), '1:4');
  expect(() => searchPermutation(forward, '1:4', key, { swaps: -1 })).toThrow(
    /expected swaps to be a whole number.*got -1/,
  );
  expect(() => searchPermutation(forward, '1:4', key, { search: 'best' as 'swap' })).toThrow(
    /'random' or 'swap', got 'best'/,
  );
  expect(() => scorePermutation(forward, '1:4', { inputAxis: 2 as 0 })).toThrow(
    'scorePermutation: expected inputAxis 0 or 1, got 2',
  );
  const start = array([0, 0, 1, 2], { dtype: 'int32' });
  expect(() => searchPermutation(forward, '1:4', key, { start })).toThrow(/each of 0 to 3 once/);
  expect(() => searchPermutation(np.ones([4, 4]), '1:4', key)).toThrow(/bool array, got float32/);
});
