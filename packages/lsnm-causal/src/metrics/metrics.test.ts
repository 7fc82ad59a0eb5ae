import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy } from './accuracy';
import { auroc } from './auroc';
import { benchmarkMetrics } from './benchmark-metrics';
import { audrc, decisionRateCurve } from './decision-rate';
import type { ScoredPair } from './scored-pair';

const right = (score: number, weight?: number): ScoredPair => ({ truth: 'x->y', score, weight });
const wrong = (score: number, weight?: number): ScoredPair => ({ truth: 'y->x', score, weight });

const scored = fc.record({
  truth: fc.constantFrom('x->y' as const, 'y->x' as const),
  score: fc.oneof(
    fc.integer({ min: -9, max: 9 }),
    fc.double({ noNaN: true, min: -5, max: 5 }),
    fc.constant(Number.NaN),
  ),
  weight: fc.double({ min: 0.01, max: 3, noNaN: true }),
});
const suites = fc.array(scored, { minLength: 1, maxLength: 30 });
const exchanged = ({ truth, score, weight }: ScoredPair): ScoredPair => ({
  truth: truth === 'x->y' ? 'y->x' : 'x->y',
  score: -score,
  weight,
});

describe('by hand', () => {
  // |score|: 4 right, 3 wrong, 2 right, 1 right; weights 1, 2, 3, 4.
  const pairs = [right(1, 4), wrong(3, 2), right(2, 3), right(4, 1)];

  it('accuracy', () => {
    expect(accuracy(pairs)).toBe(0.75);
    expect(accuracy(pairs, { weighted: true })).toBe(0.8);
  });

  it('decision rate', () => {
    expect(decisionRateCurve(pairs)).toEqual([
      { rate: 0.1, accuracy: 1, threshold: 4 },
      { rate: 0.3, accuracy: 1 / 3, threshold: 3 },
      { rate: 0.6, accuracy: 4 / 6, threshold: 2 },
      { rate: 1, accuracy: 0.8, threshold: 1 },
    ]);
    expect(decisionRateCurve(pairs, { weighted: false }).map((p) => [p.rate, p.accuracy])).toEqual([
      [0.25, 1],
      [0.5, 0.5],
      [0.75, 2 / 3],
      [1, 0.75],
    ]);
  });

  it('the three areas under it', () => {
    expect(audrc(pairs)).toBeCloseTo((1 + 1 / 3 + 4 / 6 + 0.8) / 4, 14);
    expect(audrc(pairs, { definition: 'weighted' })).toBeCloseTo((1 + 2 / 3 + 3 * (4 / 6) + 4 * 0.8) / 10, 14);
    expect(audrc(pairs, { definition: 'unweighted' })).toBeCloseTo((1 + 1 / 2 + 2 / 3 + 3 / 4) / 4, 14);
  });

  it('area under the ROC curve', () => {
    // x -> y at 2 and 1, y -> x at 1 and -3: the second beats one and ties with one.
    const mixed = [right(2, 1), right(1, 3), wrong(1, 1), wrong(-3, 2)];
    expect(auroc(mixed)).toBe(3.5 / 4);
    expect(auroc(mixed, { weighted: true })).toBeCloseTo((1 * 3 + 3 * 2.5) / (4 * 3), 14);
    expect(auroc(pairs.slice(2))).toBeNaN();
  });
});

describe('laws', () => {
  it('a perfect ranking has 1 and the always-wrong 0, whatever the weights', () => {
    fc.assert(
      fc.property(suites, (pairs) => {
        const magnitudes = pairs.map(({ score }) => Math.abs(score) + 1 || 1);
        const perfect = pairs.map((pair, i) => ({
          ...pair,
          score: (pair.truth === 'x->y' ? 1 : -1) * (magnitudes[i] as number),
        }));
        const inverted = perfect.map((pair) => ({ ...pair, score: -pair.score }));
        for (const [list, value] of [
          [perfect, 1],
          [inverted, 0],
        ] as const) {
          const both = new Set(list.map(({ truth }) => truth)).size === 2;
          for (const [name, figure] of Object.entries(benchmarkMetrics(list))) {
            if (name.toLowerCase().includes('auroc') && !both) expect(figure).toBeNaN();
            else expect(figure).toBeCloseTo(value, 12);
          }
        }
      }),
    );
  });

  it('exchanging x and y of any pairs changes no accuracy and no decision rate; of all pairs, no AUROC', () => {
    fc.assert(
      fc.property(suites, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (pairs, coins) => {
        const some = pairs.map((pair, i) => (coins[i] ? exchanged(pair) : pair));
        const { auroc: _, weightedAuroc: __, ...before } = benchmarkMetrics(pairs);
        const { auroc: ___, weightedAuroc: ____, ...after } = benchmarkMetrics(some);
        expect(after).toEqual(before);
        const all = benchmarkMetrics(pairs.map(exchanged));
        for (const name of ['auroc', 'weightedAuroc'] as const) {
          const value = benchmarkMetrics(pairs)[name];
          if (Number.isNaN(value)) expect(all[name]).toBeNaN();
          else expect(all[name]).toBeCloseTo(value, 12);
        }
      }),
    );
  });

  it('equal weights are no weights, and the last point of the curve is the accuracy', () => {
    fc.assert(
      fc.property(suites, fc.double({ min: 0.1, max: 9, noNaN: true }), (pairs, weight) => {
        const m = benchmarkMetrics(pairs.map((pair) => ({ ...pair, weight })));
        expect(m.weightedAccuracy).toBeCloseTo(m.accuracy, 12);
        expect(m.audrc).toBeCloseTo(m.unweightedAudrc, 12);
        expect(m.weightedAudrc).toBeCloseTo(m.unweightedAudrc, 12);
        if (!Number.isNaN(m.auroc)) expect(m.weightedAuroc).toBeCloseTo(m.auroc, 12);
        expect(decisionRateCurve(pairs).at(-1)?.accuracy).toBeCloseTo(accuracy(pairs, { weighted: true }), 12);
      }),
    );
  });

  it('a weight of 2 counts a pair twice', () => {
    fc.assert(
      fc.property(fc.array(scored, { minLength: 1, maxLength: 15 }), (pairs) => {
        const twice = pairs.flatMap((pair) => [pair, pair]).map(({ truth, score }) => ({ truth, score }));
        const double = pairs.map((pair) => ({ ...pair, weight: 2 }));
        expect(accuracy(double, { weighted: true })).toBeCloseTo(accuracy(twice), 12);
        const [a, b] = [auroc(double, { weighted: true }), auroc(twice)];
        if (Number.isNaN(b)) expect(a).toBeNaN();
        else expect(a).toBeCloseTo(b, 12);
      }),
    );
  });
});

describe('ties and failures', () => {
  it('count as wrong, and failures come last', () => {
    const pairs = [right(Number.NaN), right(0), right(-1), right(2)];
    expect(accuracy(pairs)).toBe(0.25);
    expect(decisionRateCurve(pairs).map((p) => p.threshold)).toEqual([2, 1, 0, Number.NaN]);
    expect(accuracy([wrong(0)])).toBe(0);
    expect(auroc([right(Number.NaN), wrong(-5)])).toBe(0);
    expect(auroc([right(5), wrong(Number.NaN)])).toBe(0);
  });

  it('leaves pairs of weight 0 out of weighted figures', () => {
    const pairs = [wrong(9, 0), right(1, 2)];
    expect(accuracy(pairs, { weighted: true })).toBe(1);
    expect(audrc(pairs, { definition: 'weighted' })).toBe(1);
  });
});

it('refuses what is no benchmark', () => {
  expect(() => accuracy([])).toThrow('accuracy: expected at least one pair, got none');
  expect(() => audrc([right(1, -1)])).toThrow('audrc: expected the weight of pair 0 to be a number from 0 on, got -1');
  expect(() => auroc([{ truth: '1' as 'x->y', score: 1 }])).toThrow(
    'auroc: expected the truth of pair 0 to be x->y or y->x',
  );
  expect(() => decisionRateCurve([right(1, 0)])).toThrow('expected weights of which one is above 0, got zeros');
});
