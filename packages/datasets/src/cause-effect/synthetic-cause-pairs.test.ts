import { random } from '@forback/core';
import { describe, expect, it } from 'vitest';
import { normalNumber, randomStream, unitNumber } from '../random-stream';
import { type CausePair, exchange, shuffleOrientation } from './cause-pair';
import { gaussianProcess } from './gaussian-process';
import { syntheticCausePairs, syntheticSuiteNames } from './synthetic-cause-pairs';

const key = random.key(11);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const moment = (values: ArrayLike<number>, k: number) => {
  const m = mean(values);
  return mean(Array.from(values, (v) => (v - m) ** k));
};
const causeFirst = (pair: CausePair) => (pair.truth === 'x->y' ? pair : exchange(pair));

describe('syntheticCausePairs', () => {
  it.each(syntheticSuiteNames)('draws %s from the key', (name) => {
    const suite = syntheticCausePairs(key, name, { pairs: 3, rows: 50 });
    expect(suite).toMatchObject({ name, synthetic: true, excluded: [] });
    expect(suite).toEqual(syntheticCausePairs(key, name, { pairs: 3, rows: 50 }));
    expect(suite.pairs.slice(0, 2)).toEqual(syntheticCausePairs(key, name, { pairs: 2, rows: 50 }).pairs);
    expect(suite.pairs[0]?.x).not.toEqual(suite.pairs[1]?.x);
    expect(suite.pairs[0]?.x).not.toEqual(
      syntheticCausePairs(random.key(12), name, { pairs: 1, rows: 50 }).pairs[0]?.x,
    );
    expect(suite.pairs.map(({ id, weight }) => [id, weight])).toEqual([1, 2, 3].map((i) => [`${name}/${i}`, 1]));
    for (const { x, y } of suite.pairs) expect([...x, ...y].every(Number.isFinite)).toBe(true);
  });

  it('has 100 pairs of 1000 rows unless told otherwise, in either orientation', () => {
    const { pairs } = syntheticCausePairs(key, 'MN-U');
    expect(pairs).toHaveLength(100);
    expect(pairs[99]?.x).toHaveLength(1000);
    const forward = pairs.filter(({ truth }) => truth === 'x->y').length;
    expect(Math.abs(forward - 50)).toBeLessThan(20); // four standard deviations
  });

  // E v = 1.5 and E v² = 7/3, so √v·r has variance 1.5 and kurtosis 28/9 where v varies, else 3 for each pair.
  it.each([
    ['LS', 1.5, 28 / 9],
    ['AN-s', null, 3],
  ] as const)('draws the cause of %s as published', (name, variance, kurtosis) => {
    const causes = syntheticCausePairs(key, name, { pairs: 20, rows: 4000 }).pairs.map((p) => causeFirst(p).x);
    const variances = causes.map((x) => moment(x, 2));
    if (variance === null) {
      expect(Math.min(...variances)).toBeGreaterThan(0.9);
      expect(Math.max(...variances) - Math.min(...variances)).toBeGreaterThan(0.5);
    } else for (const v of variances) expect(v).toBeCloseTo(variance, 0);
    const kurtoses = causes.map((x) => moment(x, 4) / moment(x, 2) ** 2);
    expect(Math.abs(mean(kurtoses) - kurtosis)).toBeLessThan(0.08); // standard error about 0.02
  });

  it('multiplies by a uniform number in MN-U and keeps the additive noise of AN-s at a fifth of a cause', () => {
    for (const pair of syntheticCausePairs(key, 'MN-U', { pairs: 5 }).pairs) {
      const { x, y } = causeFirst(pair);
      // c · b (x + a) / (1 + |b (x + a)|) changes sign once, at −a, and so does f·u.
      const order = Array.from(x, (_, i) => i).sort((i, j) => (x[i] as number) - (x[j] as number));
      const signs = order.map((i) => Math.sign(y[i] as number));
      expect(signs.filter((s, i) => i > 0 && s !== signs[i - 1]).length).toBeLessThanOrEqual(1);
    }
    // A steep part of the sigmoid is nearly linear between neighbours, so that differences of neighbours are noise.
    for (const pair of syntheticCausePairs(key, 'AN-s', { pairs: 5, rows: 4000 }).pairs) {
      const { x, y } = causeFirst(pair);
      const order = Array.from(x, (_, i) => i).sort((i, j) => (x[i] as number) - (x[j] as number));
      const sorted = order.map((i) => y[i] as number).slice(500, 3500);
      const noise = Math.sqrt(mean(sorted.slice(1).map((v, i) => (v - (sorted[i] as number)) ** 2)) / 2);
      expect(noise).toBeGreaterThan(0.18);
      expect(noise).toBeLessThan(0.31); // 0.2 √v with v from 1 to 2, and 5 %
    }
  });

  it('refuses other suites, counts and keys', () => {
    expect(() => syntheticCausePairs(key, 'SIM' as 'AN')).toThrow(
      'syntheticCausePairs: expected suite to be one of AN, AN-s, LS, LS-s, MN-U, got SIM',
    );
    expect(() => syntheticCausePairs(key, 'AN', { pairs: 0 })).toThrow('expected pairs to be a whole number from 1 on');
    expect(() => syntheticCausePairs(key, 'AN', { rows: 1.5 })).toThrow('expected rows to be a whole number from 2 on');
    expect(() => syntheticCausePairs(1 as never, 'AN')).toThrow('expected a key from random.key(seed), got 1');
  });
});

describe('gaussianProcess', () => {
  it('has the covariance of the kernel', () => {
    const stream = randomStream([1]);
    const points = Float64Array.of(-1, 0, 0.5, 3);
    const draws = Array.from({ length: 20_000 }, () => gaussianProcess(points, () => normalNumber(stream)));
    for (const i of points.keys()) {
      for (const j of points.keys()) {
        const covariance = mean(draws.map((f) => (f[i] as number) * (f[j] as number)));
        const distance = (points[i] as number) - (points[j] as number);
        expect(Math.abs(covariance - Math.exp(-(distance ** 2) / 2))).toBeLessThan(0.05); // five standard errors
      }
    }
  });

  it('gives one value to one point, and close values to close ones', () => {
    const stream = randomStream([2]);
    const f = gaussianProcess(Float64Array.of(1, 2, 1, 1 + 1e-7), () => normalNumber(stream));
    expect(f[2]).toBeCloseTo(f[0] as number, 6);
    expect(f[3]).toBeCloseTo(f[0] as number, 6);
    expect(f[1]).not.toBe(f[0]);
  });
});

describe('shuffleOrientation', () => {
  const pairs = syntheticCausePairs(key, 'MN-U', { pairs: 400, rows: 2 }).pairs;

  it('exchanges about half of the pairs, whatever else is in the list', () => {
    const shuffled = shuffleOrientation(random.key(3), pairs);
    const swapped = shuffled.filter((pair, i) => pair.x !== pairs[i]?.x);
    expect(Math.abs(swapped.length - 200)).toBeLessThan(40); // four standard deviations
    for (const [i, pair] of shuffled.entries())
      expect([pairs[i], exchange(pairs[i] as CausePair)]).toContainEqual(pair);
    expect(shuffleOrientation(random.key(3), pairs.slice(0, 9))).toEqual(shuffled.slice(0, 9));
    expect(shuffleOrientation(random.key(4), pairs)).not.toEqual(shuffled);
  });

  it('wants a key', () => {
    expect(() => shuffleOrientation(7 as never, pairs)).toThrow(
      'shuffleOrientation: expected a key from random.key(seed), got 7',
    );
  });
});

describe('random numbers', () => {
  it('are uniform and normal', () => {
    const stream = randomStream([5]);
    const uniforms = Array.from({ length: 20_000 }, () => unitNumber(stream));
    expect(uniforms.every((u) => u >= 0 && u < 1)).toBe(true);
    expect(mean(uniforms)).toBeCloseTo(0.5, 1.5);
    expect(moment(uniforms, 2)).toBeCloseTo(1 / 12, 2);
    const normals = Array.from({ length: 20_000 }, () => normalNumber(stream));
    expect(Math.abs(mean(normals))).toBeLessThan(0.035); // five standard errors
    expect(Math.abs(moment(normals, 2) - 1)).toBeLessThan(0.05);
    expect(Math.abs(moment(normals, 4) - 3)).toBeLessThan(0.35);
  });
});
