import { array, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { reinforce, reinmax, straightThrough } from '../index';
import { type PolynomialProgram, polynomialProgram } from './index';

// A small and fast form of the problem: 16 bits, 300 steps.
function train(program: PolynomialProgram, steps: number): number {
  let state = program.init(random.key(0));
  for (let i = 0; i < steps; i++) [state] = program.step(state, random.foldIn(random.key(1), i));
  return program.exactLoss(state.logits).item();
}

const small = { length: 16, learningRate: 0.02 };

test('start, optimum and fixed point are those of the notes', () => {
  const program = polynomialProgram({ estimator: reinmax, exponent: 3 });
  expect(program.start).toBeCloseTo(0.1288, 4);
  expect(program.optimum).toBeCloseTo(0.0911, 4);
  expect(program.straightThroughFixedPoint.probability).toBeCloseTo(0.401, 4);
  expect(program.straightThroughFixedPoint.loss).toBeCloseTo(0.1213, 4);
  expect(program.exactLoss(np.zeros([16, 2])).item()).toBeCloseTo(program.start, 6);
  expect(program.exactLoss(array([[80, -80]])).item()).toBeCloseTo(program.optimum, 6);
});

test('ReinMax approaches the optimum, straight-through its fixed point', () => {
  const second = polynomialProgram({ estimator: reinmax, exponent: 2, ...small });
  expect(train(second, 300)).toBeLessThan(second.optimum * 1.1);
  const first = polynomialProgram({ estimator: straightThrough, exponent: 2, ...small });
  expect(Math.abs(train(first, 300) - first.straightThroughFixedPoint.loss)).toBeLessThan(1.5e-3);
});

test('REINFORCE learns with a leave-one-out baseline', () => {
  const program = polynomialProgram({ estimator: reinforce, exponent: 2, leaveOneOut: true, ...small });
  expect(train(program, 300)).toBeLessThan(0.23);
});

test('settings that make no problem are refused', () => {
  expect(() => polynomialProgram({ estimator: reinmax, exponent: 0 })).toThrow(/exponent above 0, got 0/);
  expect(() => polynomialProgram({ estimator: reinmax, exponent: 2, target: 0.6 })).toThrow(
    /target in \(0, 0.5\), got 0.6/,
  );
  expect(() => polynomialProgram({ estimator: reinmax, exponent: 2, batchSize: 0 })).toThrow(/batchSize .* got 0/);
});
