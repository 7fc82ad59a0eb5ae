import { array, random, valueAndGrad } from '@forback/core';
import { expect, test } from 'vitest';
import { locationScalePair } from '../../test-support';
import { halfLogTwoPi, meanLogLikelihood } from '../conditional-fit';
import { studentLog } from '../student-t';
import { fitNeural } from './fit-neural';
import { minimiseLbfgs } from './lbfgs';
import { logLikelihoodAt, networkFor, noiseAt, startVector, trainingLoss } from './network';

const row = (values: ArrayLike<number>) => array(Float64Array.from(values)).reshape([1, values.length]);
const cause = row([-1.5, -0.2, 0.3, 2]);
const effect = row([0.4, -1, 0.2, 1.1]);

test('the variance is 1 everywhere at the start', () => {
  for (const noise of ['location-scale', 'student-t'] as const) {
    const network = networkFor(noise, 7);
    const start = startVector(network, random.key(1));
    expect(start.length).toBe(2 * 7 + network.outputs * 9);
    const { squaredScale, freedom } = noiseAt(network, array(start), cause);
    const variance = freedom === null ? squaredScale : squaredScale.mul(freedom).div(freedom.sub(2));
    for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 12);
  }
});

test('likelihoods are those of the densities', () => {
  for (const noise of ['homoscedastic', 'location-scale', 'student-t'] as const) {
    const network = networkFor(noise, 5);
    const vector = startVector(network, random.key(2)).map((v, i) => v + 0.1 * Math.sin(i));
    const at = noiseAt(network, array(vector), cause);
    const [mean, square] = [at.location.dataSync(), at.squaredScale.dataSync()];
    logLikelihoodAt(at, effect)
      .dataSync()
      .forEach((value, i) => {
        const scale = Math.sqrt(square[i] as number);
        const r = ((effect.dataSync()[i] as number) - (mean[i] as number)) / scale;
        const normal = -0.5 * r * r - Math.log(scale) - halfLogTwoPi;
        const freedom = at.freedom?.dataSync()[i];
        expect(value).toBeCloseTo(freedom === undefined ? normal : studentLog(r, scale, freedom), 10);
      });
  }
});

test('gradients of the loss are those of finite differences', () => {
  const network = networkFor('student-t', 3);
  const vector = startVector(network, random.key(3)).map((v, i) => v + 0.2 * Math.cos(i));
  const loss = (v: ReturnType<typeof row>) => trainingLoss(network, v, cause, effect);
  const gradient = valueAndGrad(loss)(array(vector))[1].dataSync();
  for (const k of [0, 4, 7, 10, 12, 17, 20]) {
    const at = (h: number) => loss(array(vector.map((v, i) => (i === k ? v + h : v)))).item();
    expect(gradient[k]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 7);
  }
});

test('L-BFGS finds the end of the valley of Rosenbrock', async () => {
  const { point, value } = await minimiseLbfgs(
    (p) => {
      const [a, b] = [p[0] as number, p[1] as number];
      const gradient = Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a));
      return { value: (1 - a) ** 2 + 100 * (b - a * a) ** 2, gradient };
    },
    Float64Array.of(-1.2, 1),
    { maxIterations: 200, tolerance: 0, patience: 300, pause: async () => {} },
  );
  expect(value).toBeLessThan(1e-15);
  expect([...point].map((p) => Math.round(p * 1e6) / 1e6)).toEqual([1, 1]);
});

test('both optimisers find the direction of strong data, to the same bits each time', { timeout: 60_000 }, async () => {
  const { x, y } = locationScalePair(1, 150);
  const advantage = async (options: Parameters<typeof fitNeural>[2]) => {
    const there = await fitNeural(x, y, { hidden: 10, ...options });
    const back = await fitNeural(y, x, { hidden: 10, ...options });
    return meanLogLikelihood(there) - meanLogLikelihood(back);
  };
  const byLbfgs = await advantage({ optimiser: 'lbfgs', steps: 60 });
  expect(byLbfgs).toBeGreaterThan(0);
  expect(await advantage({ optimiser: 'lbfgs', steps: 60 })).toBe(byLbfgs);
  expect(await advantage({ optimiser: 'adam', steps: 150 })).toBeGreaterThan(0);
});

test('the other kinds of noise fit and predict', { timeout: 60_000 }, async () => {
  const { x, y } = locationScalePair(2, 100);
  for (const noise of ['homoscedastic', 'student-t'] as const) {
    const fit = await fitNeural(x, y, { noise, hidden: 8, steps: 40 });
    const { mean, std } = fit.predict([0, 1]);
    expect(Math.abs((mean[1] as number) - 1.4)).toBeLessThan(0.8);
    expect(Math.min(...std)).toBeGreaterThan(0);
    expect(fit.residuals.length).toBe(100);
  }
});
