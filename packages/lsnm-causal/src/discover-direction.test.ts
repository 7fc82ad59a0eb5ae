import { array, np, random } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { discoverDirection, discoverDirections } from './discover-direction';
import type { DirectionOptions } from './options';
import type { DirectionResult } from './result';
import { locationScalePair, normals, shuffled, truth, uniforms } from './test-support';

const { x, y } = locationScalePair(1, 300);
const small = { hidden: 5, steps: 10 };
const codes = (result: DirectionResult) => result.warnings.map((warning) => warning.code);

const everyMethod: DirectionOptions[] = [
  {},
  { rule: 'likelihood' },
  { noise: 'student-t' },
  { estimator: 'polynomial' },
  { estimator: 'ifgls' },
  { estimator: 'nn', neural: small },
  { method: 'anm' },
  { method: 'anm', rule: 'likelihood' },
  { method: 'roche', neural: small },
  { method: 'reci' },
  { method: 'igci' },
  { method: 'igci', reference: 'uniform' },
  { method: 'marginal' },
  { independenceTest: 'permutation', permutations: 19 },
  { maxN: 100 },
  { standardise: false },
];

describe('score > 0 means x -> y', () => {
  test.each(everyMethod.map((options) => [JSON.stringify(options), options] as const))(
    'swapping the variables negates the score exactly: %s',
    async (_, options) => {
      const there = await discoverDirection(x, y, options);
      const back = await discoverDirection(y, x, options);
      expect(there.score).not.toBe(0);
      expect(there.direction).toBe(there.score > 0 ? 'x->y' : 'y->x');
      expect(back.score).toBe(-there.score);
      expect(back.confidence).toBe(there.confidence);
      expect(back.direction).toBe(there.direction === 'x->y' ? 'y->x' : 'x->y');
      expect(back.logLikelihood).toEqual({
        forward: there.logLikelihood.reverse,
        reverse: there.logLikelihood.forward,
      });
      expect(back.pValue).toEqual({ forward: there.pValue.reverse, reverse: there.pValue.forward });
    },
  );

  test('the direction of location-scale data is found by both rules, in nearly all of 20 pairs', {
    timeout: 60_000,
  }, async () => {
    let hsic = 0;
    let likelihood = 0;
    for (let seed = 0; seed < 20; seed++) {
      const pair = locationScalePair(seed, 250);
      const result = await discoverDirection(pair);
      hsic += result.score > 0 ? 1 : 0;
      likelihood += result.logLikelihood.forward > result.logLikelihood.reverse ? 1 : 0;
    }
    // HSIC needs more rows than the likelihood of the true model.
    expect(hsic).toBeGreaterThanOrEqual(17);
    expect(likelihood).toBeGreaterThanOrEqual(19);
  });

  test('additive noise finds the direction of a parabola', async () => {
    const cause = uniforms(3, 300, -1, 2);
    const noise = normals(4, 300);
    const effect = cause.map((v, i) => v * v + 0.3 * (noise[i] as number));
    for (const rule of ['hsic', 'likelihood'] as const) {
      expect((await discoverDirection(cause, effect, { method: 'anm', rule })).direction).toBe('x->y');
    }
  });
});

describe('what must not change a result', () => {
  test.each(['hsic', 'likelihood'] as const)(
    'units, signs and the order of rows (%s)',
    { timeout: 60_000 },
    async (rule) => {
      const before = await discoverDirection(x, y, { rule });
      const factor = fc.double({ min: 0.01, max: 100, noNaN: true }).chain((v) => fc.constantFrom(v, -v));
      const change = fc.record({
        a: factor,
        b: factor,
        shift: fc.double({ min: -50, max: 50, noNaN: true }),
        seed: fc.nat(99),
      });
      await fc.assert(
        fc.asyncProperty(change, async ({ a, b, shift, seed }) => {
          const after = await discoverDirection(
            shuffled(x, seed).map((v) => a * v + shift),
            shuffled(y, seed).map((v) => b * v - shift),
            { rule },
          );
          expect(after.score).toBeCloseTo(before.score, 7);
          expect(after.direction).toBe(before.direction);
          expect(after.pValue.forward).toBeCloseTo(before.pValue.forward, 4);
        }),
        { numRuns: 8 },
      );
    },
  );

  test('the names of columns', async () => {
    const plain = await discoverDirection(x, y);
    const named = await discoverDirection({ effect: x, cause: y });
    expect({ ...named, predict: 0, plot: 0, timing: 0 }).toEqual({
      ...plain,
      names: ['effect', 'cause'],
      cause: 'effect',
      effect: 'cause',
      predict: 0,
      plot: 0,
      timing: 0,
    });
  });

  test('the form of the input', async () => {
    const { score } = await discoverDirection(x, y);
    const rows = Array.from(x, (v, i) => [v, y[i] as number]);
    const forms = [
      { x: [...x], y: [...y] },
      { altitude: x, temperature: y },
      rows,
      np.stack([array(x), array(y)], 1),
      { SampleID: 'train1', A: ` ${x.join(' ')}`, B: y.join(' ') },
      { A: x, B: array(y) },
    ];
    for (const form of forms) expect((await discoverDirection(form)).score).toBe(score);
    expect((await discoverDirection(array(x), array(y))).score).toBe(score);
    expect(
      (
        await discoverDirections([
          { x, y },
          { x: y, y: x },
        ])
      ).map((r) => r.score),
    ).toEqual([score, -score]);
  });
});

describe('evidence', () => {
  test('predictions and the fitted band are in the units of the data', async () => {
    const pair = locationScalePair(2, 1500);
    const options = { features: { knots: 8, degree: 3 } };
    const result = await discoverDirection(
      pair.x.map((v) => 10 * v + 3),
      pair.y.map((v) => 100 - 5 * v),
      options,
    );
    expect([result.direction, result.cause, result.effect]).toEqual(['x->y', 'x', 'y']);
    const { mean, std } = result.predict([3, 13]);
    [0, 1].forEach((v, i) => {
      expect(Math.abs((mean[i] as number) - (100 - 5 * truth.location(v)))).toBeLessThan(0.5);
      expect(std[i] as number).toBeGreaterThan(0.85 * 5 * truth.scale(v));
      expect(std[i] as number).toBeLessThan(1.15 * 5 * truth.scale(v));
    });
    const { curve, points, residuals } = result.plot();
    expect(points.cause).toEqual(pair.x.map((v) => 10 * v + 3));
    expect(residuals).toBe(result.residuals.forward);
    const inside = points.effect.filter((v, i) => {
      const at = result.predict([points.cause[i] as number]);
      return Math.abs(v - (at.mean[0] as number)) < 2 * (at.std[0] as number);
    });
    expect(inside.length / 1500).toBeCloseTo(0.954, 1);
    expect(curve.upper[7]).toBeCloseTo(
      (curve.mean[7] as number) + 2 * (result.predict([curve.cause[7] as number]).std[0] as number),
      9,
    );
    expect(result.plot('y->x').points.cause).toEqual(points.effect);
    expect(result.predict(array([3, 13], { dtype: 'float64' })).mean).toEqual(mean);
    expect(() => result.predict(3 as never)).toThrow('predict: expected cause to be a list of numbers, got number 3');
    expect(() => result.predict([Number.NaN])).toThrow('predict: expected finite numbers, got NaN in cause[0]');
    expect(() => result.predict([3], 'forward' as never)).toThrow('expected direction to be x->y or y->x, got forward');
  });

  test('residuals have mean 0 and variance 1', async () => {
    const { residuals, rows } = await discoverDirection(x, y);
    const mean = residuals.forward.reduce((a, b) => a + b) / rows;
    const variance = residuals.forward.reduce((a, b) => a + b * b, 0) / rows;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(variance).toBeCloseTo(1, 1);
  });

  test('both models are accepted for independent variables, both rejected with a hidden common cause', async () => {
    const independent = await discoverDirection(normals(1, 200), normals(2, 200));
    expect([independent.bothAccepted, independent.bothRejected]).toEqual([true, false]);
    const hidden = uniforms(3, 600, -1, 1);
    const noise = [normals(4, 600), normals(5, 600)] as const;
    const [a, b] = noise.map((e, k) => hidden.map((h, i) => Math.cos((3 + k) * h + k) + 0.1 * (e[i] as number)));
    const confounded = await discoverDirection(a as Float64Array, b as Float64Array);
    expect([confounded.bothAccepted, confounded.bothRejected]).toEqual([false, true]);
    expect(codes(confounded)).toContain('both-rejected');
  });

  test('minConfidence leaves weak verdicts undecided', async () => {
    const pair = { x: normals(1, 100), y: normals(2, 100) };
    const { confidence } = await discoverDirection(pair);
    expect(confidence).toBeLessThan(0.999);
    const strict = await discoverDirection(pair, { minConfidence: 0.9999 });
    expect([strict.direction, strict.cause, codes(strict).at(-1)]).toEqual(['undecided', null, 'low-confidence']);
    expect(strict.score).not.toBe(0);
  });

  test('confidence does not promise more than new samples keep', { timeout: 60_000 }, async () => {
    // Weak data, so that signs differ: (1 + confidence)/2 is to be compared with the share of the majority's sign.
    const runs = 60;
    let positive = 0;
    let claimed = 0;
    for (let run = 0; run < runs; run++) {
      const pair = locationScalePair(100 + run, 150);
      const noise = normals(900 + run, 150);
      const blurred = pair.y.map((v, i) => v + (noise[i] as number));
      const options = { rule: 'likelihood', features: { knots: 4, degree: 3 }, independenceTest: 'none' } as const;
      const result = await discoverDirection(pair.x, blurred, options);
      positive += result.score > 0 ? 1 : 0;
      claimed += (1 + result.confidence) / 2;
    }
    // 0.885 and 0.749 in 200 runs: the standard error of the share is 0.04 here.
    expect(claimed / runs).toBeLessThan(positive / runs);
    expect(claimed / runs).toBeGreaterThan(0.65);
  });

  test('rows are sampled only when asked, by the key, and the result says so', async () => {
    const options = { maxN: 100, rule: 'likelihood', independenceTest: 'none' } as const;
    const first = await discoverDirection(x, y, options);
    expect([first.rows, codes(first)[0]]).toEqual([100, 'subsampled']);
    expect((await discoverDirection(x, y, { ...options, key: 0 })).score).toBe(first.score);
    expect((await discoverDirection(x, y, { ...options, key: random.key(5) })).score).not.toBe(first.score);
    expect((await discoverDirection(x, y)).rows).toBe(300);
  });
});

describe('data that decide nothing', () => {
  const undecided: [string, ArrayLike<number>, ArrayLike<number>, string][] = [
    ['one row', [1], [2], 'too-few-rows'],
    ['10 rows', normals(1, 10), normals(2, 10), 'too-few-rows'],
    ['a constant', x, new Float64Array(300).fill(4), 'constant-column'],
    ['a constant up to rounding', x, y.map((v) => 1e9 + 1e-6 * Math.sign(v)), 'constant-column'],
    ['a category', x, y.map((v) => Math.sign(v)), 'categorical-column'],
    ['twins', x, x, 'no-difference'],
  ];
  test.each(undecided)('%s: undecided, and why', async (_, a, b, code) => {
    const result = await discoverDirection(Float64Array.from(a), Float64Array.from(b));
    expect([result.direction, result.score, result.cause]).toEqual(['undecided', 0, null]);
    expect(codes(result)).toContain(code);
    if (code !== 'no-difference') expect(() => result.predict([1])).toThrow('expected a result with fitted models');
  });

  test.each<DirectionOptions>([
    { features: { knots: 97 } },
    { features: { knots: 97 }, estimator: 'ifgls' },
    { features: { degree: 100 }, estimator: 'polynomial' },
    { features: { degree: 100 }, method: 'reci' },
  ])('fewer rows than functions: undecided, and why (%j)', async (options) => {
    const [a, b] = [x.slice(0, 100), y.slice(0, 100)];
    const result = await discoverDirection(a, b, options);
    expect([result.direction, codes(result)]).toEqual(['undecided', ['too-few-rows']]);
    expect(result.warnings[0]?.message).toContain('100 rows are too few for a fit of 101 functions');
  });

  test.each<DirectionOptions>([
    {},
    { estimator: 'nn', neural: small },
    { estimator: 'nn', neural: { ...small, optimiser: 'adam' } },
  ])('numbers that no fit can hold: undecided, and why (%j)', async (options) => {
    const huge = y.map((v) => v * 1e200);
    const result = await discoverDirection(x, huge, { ...options, standardise: false });
    expect([result.direction, result.cause]).toEqual(['undecided', null]);
    expect(result.score).toBeNaN();
    expect(codes(result)).toContain('not-converged');
    expect(result.warnings.at(-1)?.message).toContain('no finite likelihood');
  });

  test('ties and few rows are warned of', async () => {
    expect(
      codes(
        await discoverDirection(
          x.map((v) => Math.round(10 * v)),
          y,
        ),
      ),
    ).toContain('ties');
    const few = await discoverDirection(x.slice(0, 25), y.slice(0, 25));
    expect(codes(few)).toContain('fewer-knots');
    expect(Number.isFinite(few.score)).toBe(true);
  });

  test('extreme units change nothing', async () => {
    const { score } = await discoverDirection(x, y);
    expect(
      (
        await discoverDirection(
          x.map((v) => v * 1e-200),
          y.map((v) => v * 1e200),
        )
      ).score,
    ).toBeCloseTo(score, 9);
  });
});

test.each([
  [
    'unequal lengths',
    () => discoverDirection([1, 2, 3], [1, 2]),
    'expected two columns of equal length, got 3 in x and 2 in y',
  ],
  ['no rows', () => discoverDirection([], []), 'expected at least one row, got none'],
  ['NaN', () => discoverDirection([1, Number.NaN], [1, 2]), 'expected finite numbers, got NaN in x[1]'],
  ['infinity', () => discoverDirection({ a: [1, 2], b: [3, Infinity] }), 'got Infinity in b[1]'],
  ['three columns', () => discoverDirection({ a: [1], b: [2], c: [3] }), 'exactly two columns, got 3 (a, b, c)'],
  ['rows of three', () => discoverDirection([[1, 2, 3]]), 'rows of two numbers, got 3 numbers in row 0'],
  ['an array of three columns', () => discoverDirection(np.zeros([4, 3])), 'expected an array [n, 2], got [4, 3]'],
  ['one column', () => discoverDirection(x as never), 'pass the second variable as the second argument'],
  [
    'text',
    () => discoverDirection({ A: '1 2 red', B: '1 2 3' }),
    'expected A to hold numbers, got the text "red" at 2',
  ],
  [
    'a matrix as a column',
    () => discoverDirection(np.zeros([3, 1]), np.zeros([3])),
    'expected x to be [n], got [3, 1]',
  ],
  [
    'an unknown method',
    () => discoverDirection(x, y, { method: 'magic' as never }),
    'one of loci, anm, roche, reci, igci, marginal',
  ],
  [
    'a useless option',
    () => discoverDirection(x, y, { method: 'igci', rule: 'hsic' }),
    'expected no rule with the method igci',
  ],
  [
    'an unknown optimiser',
    () => discoverDirection(x, y, { estimator: 'nn', neural: { optimiser: 'sgd' as never } }),
    'expected neural.optimiser to be one of adam, lbfgs, got sgd',
  ],
  ['alpha', () => discoverDirection(x, y, { alpha: 5 }), 'expected alpha to be a number from 0 to 1, got 5'],
  [
    'knots',
    () => discoverDirection(x, y, { features: { knots: 1 } }),
    'expected features.knots to be a whole number of 2 or more',
  ],
  [
    'a key',
    () => discoverDirection(x, y, { key: 'k' as never }),
    'expected key to be a whole number or a key of random.key',
  ],
  ['no test with hsic', () => discoverDirection(x, y, { independenceTest: 'none' }), "needs the rule 'likelihood'"],
  [
    'ifgls with other noise',
    () => discoverDirection(x, y, { estimator: 'ifgls', noise: 'student-t' }),
    'location-scale with the estimator ifgls',
  ],
  [
    'a pair of a list',
    () =>
      discoverDirections([
        { x, y },
        { x, y: [1] },
      ]),
    'discoverDirections, pair 1: expected two columns',
  ],
])('%s: a clear error', async (_, call, message) => {
  await expect(call()).rejects.toThrow(message);
});

test('work can be watched and stopped', async () => {
  const stages: string[] = [];
  await discoverDirection(x, y, {
    onProgress: ({ stage, direction, done }) => stages.push(`${stage} ${direction} ${done}`),
  });
  expect(stages).toEqual(['fit x->y 1', 'fit y->x 1', 'independence x->y 1', 'independence y->x 1']);
  const controller = new AbortController();
  const options: DirectionOptions = {
    estimator: 'nn',
    neural: { hidden: 4, steps: 300 },
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  };
  await expect(discoverDirection(x, y, options)).rejects.toThrow('enough');
});
