import { expect, test } from 'vitest';
import { array } from '../numpy/creation';
import { mean, variance } from '../numpy/reductions';
import { standardize } from './standardize';
import { elements, expectClose, expectGradient, scattered, weighted } from './test-support';

test('gives mean 0 and variance v / (v + ε) over the axes', () => {
  const x = scattered([3, 4, 5], 7).add(100);
  for (const axis of [-1, 0, [0, 2]]) {
    const y = standardize(x, axis, { epsilon: 0.5 });
    expectClose(
      mean(y, axis),
      elements(mean(y, axis)).map(() => 0),
      1e-13,
    );
    expectClose(
      variance(y, axis),
      elements(variance(x, axis)).map((v) => v / (v + 0.5)),
      1e-12,
    );
  }
});

test('takes the last axis and ε = 1e-5 by default, and equal numbers to 0', () => {
  expectClose(
    standardize(array([[1, 3]], { dtype: 'float64' })),
    [-1 / Math.sqrt(1 + 1e-5), 1 / Math.sqrt(1 + 1e-5)],
    1e-15,
  );
  expect(elements(standardize(array([7, 7])))).toEqual([0, 0]);
});

test('has the derivative of finite differences', () => {
  expectGradient((v) => weighted(standardize(v)), scattered([2, 4], 2));
  expectGradient((v) => weighted(standardize(v, 0)), scattered([3, 2], 2));
});

test('refuses an ε of 0 or less', () => {
  expect(() => standardize(array([1]), -1, { epsilon: 0 })).toThrow(
    'nn.standardize: expected epsilon to be a finite number above 0, got 0',
  );
});
