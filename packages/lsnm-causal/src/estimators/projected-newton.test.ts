import { describe, expect, test } from 'vitest';
import { locationScalePair, normals } from '../test-support';
import { leastSquares } from './least-squares';
import { evaluateParameters, type NaturalProblem, penalisedDerivatives, penalisedNll } from './natural-gaussian';
import { projectedNewton } from './projected-newton';
import { basisOf } from './spline-options';

function problemOf(x: Float64Array, y: Float64Array): NaturalProblem {
  const basis = basisOf(x, {});
  return { rows: basis.at(x), functions: basis.functions, effect: y, ridge: 1e-5 };
}

const wild = normals(5, 400);
const cases: [string, NaturalProblem][] = [
  ['location-scale noise, forwards', problemOf(...pairOf(1))],
  ['location-scale noise, backwards', problemOf(...(pairOf(1).reverse() as [Float64Array, Float64Array]))],
  [
    'cubes of normal numbers, which leave functions without rows',
    problemOf(
      wild.map((v) => v ** 3),
      normals(6, 400),
    ),
  ],
];

function pairOf(seed: number): [Float64Array, Float64Array] {
  const { x, y } = locationScalePair(seed, 400);
  return [x, y];
}

function derivatives(problem: NaturalProblem, w: Float64Array) {
  const parameters = { eta1: new Float64Array(problem.effect.length), s: new Float64Array(problem.effect.length) };
  evaluateParameters(problem, w, parameters);
  const gradient = new Float64Array(w.length);
  const hessian = new Float64Array(w.length ** 2);
  penalisedDerivatives(problem, w, parameters, gradient, hessian);
  return { gradient, value: penalisedNll(problem, w, parameters), s: parameters.s };
}

/** LOCI's alternation: w₁ in closed form, then w₂ by steps along the projected gradient. */
function alternate(problem: NaturalProblem, rounds: number): number {
  const d = problem.functions;
  const w = new Float64Array(2 * d).fill(1, d);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const { s } = derivatives(problem, w);
    // Weighted least squares of y/(2·1/(2s)) with weights 1/(2s): (Φᵀ diag(1/(2s)) Φ + δ) w₁ = Φᵀ y.
    const weights = s.map((p) => 1 / (2 * p));
    const target = problem.effect.map((y, i) => y / (weights[i] as number));
    w.set(leastSquares(problem.rows, d, target, problem.ridge, weights));
    for (let step = 0; step < 20; step++) {
      const { gradient, value } = derivatives(problem, w);
      best = Math.min(best, value);
      for (let length = 16; length > 1e-6; length /= 2) {
        const trial = w.map((v, k) => (k < d ? v : Math.max(v - length * (gradient[k] as number), 0)));
        if (derivatives(problem, trial).value >= value) continue;
        w.set(trial);
        break;
      }
    }
  }
  return best;
}

describe.each(cases)('%s', (_, problem) => {
  const { weights, objectives, iterations, converged } = projectedNewton(problem);

  test('the objective never rises, and ends within 60 iterations', () => {
    expect(converged).toBe(true);
    expect(iterations).toBeLessThanOrEqual(60);
    for (let i = 1; i < objectives.length; i++) {
      expect(objectives[i] as number).toBeLessThanOrEqual(objectives[i - 1] as number);
    }
  });

  test('the end is a minimum: w₂ ≥ 0, no gradient where free, none downhill where at the bound', () => {
    const { gradient } = derivatives(problem, weights);
    weights.forEach((w, k) => {
      // On the scale of the sum over rows.
      const slope = problem.effect.length * (gradient[k] as number);
      const atBound = k >= problem.functions && w === 0;
      if (k >= problem.functions) expect(w).toBeGreaterThanOrEqual(0);
      if (atBound) expect(slope).toBeGreaterThanOrEqual(-1e-6);
      else expect(Math.abs(slope)).toBeLessThanOrEqual(1e-6);
    });
  });

  test('alternating between w₁ and w₂ does not get below it', () => {
    expect(objectives.at(-1)).toBeLessThanOrEqual(alternate(problem, 15) + 1e-12);
  });
});

test('weights that start just above their bound do not spoil the descent', () => {
  for (let seed = 0; seed < 12; seed++) {
    const x = normals(seed, 300);
    const noise = normals(seed + 1000, 300);
    const problem = problemOf(
      x,
      x.map((v, i) => Math.sin(v) + 0.3 * (noise[i] as number)),
    );
    const best = projectedNewton(problem);
    const isBound = (w: number, k: number) => k >= problem.functions && w === 0;
    const start = best.weights.map((w, k) => (isBound(w, k) ? 1e-10 : w * (1 + 0.05 * Math.sin(k))));
    const again = projectedNewton(problem, { start });
    expect(again.converged).toBe(true);
    expect(again.objectives.at(-1)).toBeCloseTo(best.objectives.at(-1) as number, 12);
  }
});
