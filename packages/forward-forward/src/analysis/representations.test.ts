import { array, type NDArray, np, random } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backpropagation } from '../backpropagation';
import { denseStack } from '../dense-stack';
import { forwardForward } from '../forward-forward';
import { patterns } from '../test-support';
import { train } from '../train';
import { barChartSvg, heatmapSvg } from './charts';
import { sharedUnits, unitEnsemble } from './ensembles';
import { ksPValue, ksStatistic } from './kolmogorov-smirnov';
import { representations, withoutClass } from './representations';

describe('Kolmogorov and Smirnov', () => {
  test('the statistic is the largest distance of the empirical distributions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
        (a, b) => {
          const share = (values: number[], x: number) => values.filter((v) => v <= x).length / values.length;
          const expected = Math.max(...[...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x))));
          const sorted = (values: number[]) => [...values].sort((x, y) => x - y);
          expect(ksStatistic(sorted(a), sorted(b))).toBeCloseTo(expected, 12);
        },
      ),
    );
  });

  test('the p-value is uniform for equal distributions, and tiny for different ones', () => {
    const draw = (seed: number, shift: number) =>
      random
        .normal(random.key(seed), { shape: [80] })
        .add(shift)
        .dataSync()
        .sort();
    const below = Array.from({ length: 400 }, (_, i) => ksPValue(draw(2 * i, 0), draw(2 * i + 1, 0))).filter(
      (p) => p < 0.2,
    );
    // 0.2 · 400 = 80 with standard deviation 8; the test is discrete and a little conservative.
    expect(below.length).toBeGreaterThan(40);
    expect(below.length).toBeLessThan(120);
    expect(ksPValue(draw(1, 0), draw(2, 2))).toBeLessThan(1e-10);
    expect(ksPValue([1, 2], [1, 2])).toBe(1);
  });
});

test('an ensemble is the units that are unlike the others', () => {
  const silent = np.zeros([40, 30]);
  const active = random.uniform(random.key(1), { shape: [40, 2] }).add(array([1, 3]));
  expect(unitEnsemble(np.concatenate([silent.slice(null, [0, 20]), active, silent.slice(null, [20, 30])], 1))).toEqual([
    20, 21,
  ]);
  expect(unitEnsemble(silent)).toEqual([]);
  expect(() => unitEnsemble(np.zeros([3, 1]))).toThrow(/at least one example and two units/);
});

test('shared units: the Jaccard index', () => {
  expect(sharedUnits([[1, 2, 3], [2, 3, 4], []])).toEqual([
    [1, 0.5, 0],
    [0.5, 1, 0],
    [0, 0, 0],
  ]);
});

describe('representations', () => {
  const data = patterns(400, 1);
  const unseen = patterns(160, 2);
  const settings = { epochs: 8, batchSize: 20, key: random.key(0) };
  const layers = denseStack([36, 40, 24]);

  test.each([
    ['FF', forwardForward({ layers, classes: 4 })],
    ['BP/FF', forwardForward({ layers, classes: 4, gradients: 'endToEnd' })],
  ] as const)('%s: of every layer and class, and of a class held out of training', async (_name, model) => {
    const { state } = await train(model, withoutClass(data, 3), settings);
    const [first, second] = representations(model, state, unseen, { samples: 30, correctOnly: false });
    expect(first?.meanActivity).toHaveLength(4);
    expect(first?.meanActivity[0]).toHaveLength(40);
    expect(second?.sparsity).toBeGreaterThan(0);
    expect(first?.ensembles[3]?.length).toBeGreaterThan(0);
    expect(first?.shared[1]?.[1]).toBe(1);
    const right = representations(model, state, unseen, { samples: 30 });
    // Of the class that it has never seen it gets none right.
    expect(right[0]?.ensembles[3]).toEqual([]);
  });

  test('of backpropagation', async () => {
    const model = backpropagation({ layers, classes: 4 });
    const { state } = await train(model, data, settings);
    const [first] = representations(model, state, unseen, { samples: 20 });
    const mean = (model.activities(state, unseen.images)[0] as NDArray).mean().item();
    const perClass = first?.meanActivity.flat() ?? [];
    // The network gets all of these easy patterns right, and classes are equally frequent.
    expect(perClass.reduce((sum, v) => sum + v, 0) / perClass.length).toBeCloseTo(mean, 4);
  });

  test('withoutClass leaves the other classes', () => {
    expect([...new Set(withoutClass(data, 2).labels.dataSync())].sort()).toEqual([0, 1, 3]);
    expect(() => withoutClass({ images: np.ones([2, 5]), labels: np.zeros([2], { dtype: 'int32' }) }, 0)).toThrow(
      /only examples of class 0/,
    );
  });
});

describe('charts', () => {
  test('a heat map has a cell for each number, white for the smallest', () => {
    const svg = heatmapSvg(
      [
        [0, 1],
        [2, 4],
      ],
      { title: 'a < b', rowLabels: ['x', 'y'] },
    );
    expect(svg.match(/<rect/g)).toHaveLength(4);
    expect(svg).toContain('a &lt; b');
    expect(svg).toContain('fill="rgb(255,255,255)"');
    expect(() => heatmapSvg([[1], [1, 2]])).toThrow(/all of one length/);
  });

  test('bars are as long as their numbers', () => {
    const svg = barChartSvg([1, 2], { rowLabels: ['layer 1', 'layer 2'] });
    expect(svg).toContain('width="200"');
    expect(svg).toContain('width="400"');
    expect(() => barChartSvg([-1])).toThrow(/0 or more/);
  });
});
