import { expect, test } from 'vitest';
import { locationScalePair, normals, truth, uniforms } from '../test-support';
import { type ConditionalFit, meanLogLikelihood } from './conditional-fit';
import { fitHomoscedastic } from './homoscedastic';
import { fitIfgls } from './ifgls';
import { fitSpline } from './spline';
import { fitStudent, studentLog } from './student-t';

const grid = Float64Array.from({ length: 37 }, (_, i) => -1.8 + i / 10);

/** Root mean squared errors of the fitted mean and of the logarithm of the fitted standard deviation. */
function errors(fit: ConditionalFit) {
  const { mean, std } = fit.predict(grid);
  const rms = (values: Float64Array) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
  return {
    mean: rms(mean.map((m, i) => m - truth.location(grid[i] as number))),
    logStd: rms(std.map((v, i) => Math.log(v / truth.scale(grid[i] as number)))),
  };
}

test('location and scale are recovered', () => {
  const { x, y } = locationScalePair(1, 2000);
  for (const fit of [fitSpline, fitIfgls, fitStudent]) {
    const error = errors(fit(x, y, { knots: 8, degree: 3 }));
    // 2000 rows for 10 functions: standard errors of about 0.05 σ with σ ≤ 0.9, and of 0.05.
    expect(error.mean).toBeLessThan(0.06);
    expect(error.logStd).toBeLessThan(0.12);
  }
});

test('location-scale noise contains additive noise, so that its fit is at least as likely', () => {
  const { x, y } = locationScalePair(2, 500);
  expect(meanLogLikelihood(fitSpline(x, y))).toBeGreaterThan(meanLogLikelihood(fitHomoscedastic(x, y)));
  const noise = normals(7, 500);
  const additive = x.map((v, i) => truth.location(v) + 0.3 * (noise[i] as number));
  expect(meanLogLikelihood(fitSpline(x, additive))).toBeGreaterThan(meanLogLikelihood(fitHomoscedastic(x, additive)));
});

test('likelihoods of additive noise order directions as squared errors do', () => {
  const { x, y } = locationScalePair(3, 300);
  const fit = fitHomoscedastic(x, y);
  const { mean, std } = fit.predict(x);
  const mse = y.reduce((s, v, i) => s + (v - (mean[i] as number)) ** 2, 0) / 300;
  expect((std[0] as number) ** 2).toBeCloseTo(mse, 12);
  expect(meanLogLikelihood(fit)).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * Math.E * mse), 12);
});

test('a perfect relation has a finite likelihood', () => {
  const x = uniforms(4, 100);
  for (const fit of [fitSpline, fitHomoscedastic, fitIfgls, fitStudent]) {
    expect(Number.isFinite(meanLogLikelihood(fit(x, x)))).toBe(true);
  }
});

test('the degrees of freedom tell Student-t noise from normal noise', () => {
  const n = 3000;
  const x = uniforms(5, n, -2, 2);
  // t with 5 degrees of freedom: a normal over the root of a mean of five squares.
  const parts = [1, 2, 3, 4, 5].map((k) => normals(100 + k, n));
  const noise = normals(6, n).map((z, i) => z / Math.sqrt(parts.reduce((s, p) => s + (p[i] as number) ** 2, 0) / 5));
  const heavy = x.map((v, i) => truth.location(v) + 0.3 * (noise[i] as number));
  const options = { knots: 8, degree: 3 };
  const student = fitStudent(x, heavy, options);
  expect(student.degreesOfFreedom).toBeGreaterThan(3.8);
  expect(student.degreesOfFreedom).toBeLessThan(6.6);
  expect(meanLogLikelihood(student)).toBeGreaterThan(meanLogLikelihood(fitSpline(x, heavy, options)));
  const { y } = locationScalePair(5, n);
  expect(fitStudent(x, y, options).degreesOfFreedom).toBeGreaterThan(20);
});

test('the Student-t density integrates to 1 and tends to the normal one', () => {
  for (const freedom of [2.5, 8]) {
    let total = 0;
    for (let r = -2000; r < 2000; r += 0.01) total += 0.01 * Math.exp(studentLog(r, 1, freedom));
    expect(total).toBeCloseTo(1, 4);
  }
  expect(studentLog(1.3, 2, 1e7)).toBeCloseTo(-0.5 * 1.69 - Math.log(2) - 0.5 * Math.log(2 * Math.PI), 6);
});
