import { array, type NDArray, nn, np, random, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { conditionalGumbel } from './conditional-gumbel';
import { ksCritical, ksDistance, normal } from './test-support';

const logits = array([0.5, -1, 1.2, 0], { dtype: 'float64' });
const n = 4;
const logp = nn.logSoftmax(logits);

/** Column i of rows, as numbers. */
function column(rows: NDArray, i: number): number[] {
  return [...rows.slice(null, [i, i + 1]).dataSync()];
}

describe('perturbed logits given the choice', () => {
  const draws = 40_000;
  const free = logp.add(random.gumbel(random.key(1), { shape: [draws, n], dtype: 'float64' }));
  const winners = np.argmax(free, 1).dataSync();

  // 16 comparisons at error rate 1e-4 each; the keys are fixed.
  test.each([0, 1, 2, 3])('are what rejection leaves of free ones, for choice %i', (choice) => {
    const kept = [...winners.keys()].filter((i) => winners[i] === choice);
    const hard = nn.oneHot(array(choice, { dtype: 'int32' }), n, 'float64');
    const redrawn = conditionalGumbel(logits, hard, random.key(10 + choice), 4000);
    for (let i = 0; i < n; i++) {
      const all = free.dataSync();
      const rejected = kept.map((row) => all[row * n + i] as number);
      expect(ksDistance(rejected, column(redrawn, i))).toBeLessThan(ksCritical(rejected.length, 4000));
    }
  });

  test('have the correlations that rejection leaves', () => {
    const hard = nn.oneHot(array(2, { dtype: 'int32' }), n, 'float64');
    const redrawn = conditionalGumbel(logits, hard, random.key(20), 20_000);
    const rows = array(
      [...winners.keys()].filter((i) => winners[i] === 2),
      { dtype: 'int32' },
    );
    const rejected = np.take(free, rows);
    const correlation = (x: NDArray, i: number, j: number) => {
      const centred = x.sub(x.mean(0));
      const part = (k: number) => centred.slice(null, [k, k + 1]);
      return part(i)
        .mul(part(j))
        .mean()
        .div(
          np.sqrt(
            np
              .square(part(i))
              .mean()
              .mul(np.square(part(j)).mean()),
          ),
        )
        .item();
    };
    for (const [i, j] of [
      [2, 0],
      [2, 1],
      [0, 3],
    ] as const) {
      // Standard deviation of each about 0.008.
      expect(Math.abs(correlation(redrawn, i, j) - correlation(rejected, i, j))).toBeLessThan(0.06);
    }
    expect(correlation(redrawn, 2, 0)).toBeGreaterThan(0.1);
  });

  test('mixed over the choice are the free ones again', () => {
    const keys = random.splitMany(random.key(30), 5000);
    const mixed = vmap((k: NDArray) => {
      const [choose, redraw] = random.split(k);
      const hard = nn.oneHot(random.categorical(choose, logits), n, 'float64');
      return conditionalGumbel(logits, hard, redraw, 1).at(0);
    })(keys);
    for (let i = 0; i < n; i++) {
      expect(ksDistance(column(free, i), column(mixed, i))).toBeLessThan(ksCritical(draws, 5000));
    }
  });

  test.each([1, 80])('are always largest at the choice, for logits of size %i', (size) => {
    const wide = normal(2, [50, 6], 'float32').mul(size);
    const choice = random.randint(random.key(3), { shape: [50], minval: 0, maxval: 6 });
    const redrawn = conditionalGumbel(wide, nn.oneHot(choice, 6), random.key(4), 100);
    expect(np.isFinite(redrawn).toJS().toString()).not.toContain('false');
    const best = redrawn.max(-1);
    const chosen = redrawn.mul(nn.oneHot(choice, 6)).sum(-1);
    expect(np.equal(best, chosen).toJS().toString()).not.toContain('false');
  });
});
