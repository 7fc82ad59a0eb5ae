import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastSquares } from '../estimators/least-squares';
import { combine, splineBasis } from './b-splines';

const bases = fc.record({ knots: fc.integer({ min: 2, max: 30 }), degree: fc.integer({ min: 1, max: 6 }) });
const inside = fc.array(fc.double({ min: -3, max: 2, noNaN: true }), { minLength: 1, maxLength: 20 });

test('every row has degree + 1 functions that are not negative and sum to 1', () => {
  fc.assert(
    fc.property(bases, inside, ({ knots, degree }, points) => {
      const basis = splineBasis(-3, 2, knots, degree);
      const { first, values, width } = basis.at(points);
      expect(basis.functions).toBe(knots + degree - 1);
      expect(width).toBe(degree + 1);
      points.forEach((_, i) => {
        const row = [...values.subarray(i * width, (i + 1) * width)];
        expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 13);
        expect((first[i] as number) + width).toBeLessThanOrEqual(basis.functions);
      });
    }),
  );
});

test("LOCI's features are 29, six of them not zero between two knots", () => {
  const basis = splineBasis(0, 1, 25, 5);
  const { values, width } = basis.at([0.51]);
  expect([basis.functions, width]).toEqual([29, 6]);
  expect(values.every((v) => v > 0)).toBe(true);
});

test('the functions are mirrored when the points are', () => {
  fc.assert(
    fc.property(bases, fc.double({ min: -1, max: 1, noNaN: true }), ({ knots, degree }, x) => {
      const basis = splineBasis(-1, 1, knots, degree);
      const dense = (at: number) => {
        const { first, values } = basis.at([at]);
        const row = new Float64Array(basis.functions);
        row.set(values, first[0] as number);
        return [...row];
      };
      const mirrored = dense(-x).reverse();
      dense(x).forEach((v, j) => {
        expect(v).toBeCloseTo(mirrored[j] as number, 10);
      });
    }),
  );
});

test('points outside count as the ends', () => {
  const basis = splineBasis(0, 1, 4, 3);
  expect(basis.at([-5, 7])).toEqual(basis.at([0, 1]));
});

test('two knots span the polynomials of the degree', () => {
  const x = Float64Array.from({ length: 50 }, (_, i) => -1 + i / 20);
  const y = x.map((v) => 3 - v + 2 * v ** 2 - v ** 5);
  const basis = splineBasis(-1, x.at(-1) as number, 2, 5);
  const weights = leastSquares(basis.at(x), basis.functions, y, 0);
  const fitted = new Float64Array(50);
  combine(basis.at(x), weights, 0, fitted);
  for (let i = 0; i < 50; i++) expect(fitted[i]).toBeCloseTo(y[i] as number, 8);
});
