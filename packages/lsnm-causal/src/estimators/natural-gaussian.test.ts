import fc from 'fast-check';
import { expect, test } from 'vitest';
import { locationScalePair, normals, uniforms } from '../test-support';
import {
  evaluateParameters,
  type NaturalProblem,
  naturalNll,
  penalisedDerivatives,
  penalisedNll,
} from './natural-gaussian';
import { basisOf } from './spline-options';

const real = fc.double({ min: -5, max: 5, noNaN: true });
const positive = fc.double({ min: 0.01, max: 20, noNaN: true });

test('it is the negative log-density of N(η₁/(2s), 1/(2s))', () => {
  fc.assert(
    fc.property(real, real, positive, (y, mean, s) => {
      const density = Math.sqrt(s / Math.PI) * Math.exp(-s * (y - mean) ** 2);
      if (density > 1e-200) expect(naturalNll(y, 2 * s * mean, s)).toBeCloseTo(-Math.log(density), 8);
    }),
  );
});

test('it is convex along every line in (η₁, s)', () => {
  fc.assert(
    fc.property(
      real,
      real,
      positive,
      real,
      positive,
      fc.double({ min: 0.1, max: 4, noNaN: true }),
      (y, a, s, b, t, c) => {
        const middle = naturalNll(y, (a + b) / 2, (s + t) / 2, c);
        const chord = (naturalNll(y, a, s, c) + naturalNll(y, b, t, c)) / 2;
        expect(middle).toBeLessThanOrEqual(chord + 1e-12 * Math.max(1, Math.abs(chord)));
      },
    ),
  );
});

function problemWith(rowWeights: boolean): NaturalProblem {
  const { x, y } = locationScalePair(1, 60);
  const basis = basisOf(x, { knots: 5, degree: 3 });
  const problem = { rows: basis.at(x), functions: basis.functions, effect: y, ridge: 0.01 };
  return rowWeights ? { ...problem, rowWeights: uniforms(2, 60, 0.2, 2) } : problem;
}

function derivativesAt(problem: NaturalProblem, w: Float64Array) {
  const n = problem.effect.length;
  const parameters = { eta1: new Float64Array(n), s: new Float64Array(n) };
  evaluateParameters(problem, w, parameters);
  const gradient = new Float64Array(w.length);
  const hessian = new Float64Array(w.length ** 2);
  penalisedDerivatives(problem, w, parameters, gradient, hessian);
  return { value: penalisedNll(problem, w, parameters), gradient, hessian };
}

test.each([false, true])('gradient and Hessian are those of finite differences (row weights: %s)', (rowWeights) => {
  const problem = problemWith(rowWeights);
  const d = problem.functions;
  const size = 2 * d;
  const noise = normals(3, size);
  const w = noise.map((v, k) => (k < d ? v : 0.5 + Math.abs(v)));
  const { gradient, hessian } = derivativesAt(problem, w);
  const h = 1e-5;
  for (let k = 0; k < size; k++) {
    const shifted = (by: number) => w.map((v, j) => (j === k ? v + by : v));
    const above = derivativesAt(problem, shifted(h));
    const below = derivativesAt(problem, shifted(-h));
    expect(gradient[k]).toBeCloseTo((above.value - below.value) / (2 * h), 7);
    for (let j = k; j < size; j++) {
      const numeric = ((above.gradient[j] as number) - (below.gradient[j] as number)) / (2 * h);
      expect(hessian[j * size + k]).toBeCloseTo(numeric, 6);
    }
  }
});
