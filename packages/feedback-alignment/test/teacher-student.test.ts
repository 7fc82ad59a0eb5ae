import { array, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { type TeacherStudentOptions, teacherStudentCurve } from '../src/index';

const inputs = 500;
const dtype = 'float64';
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
const teacher = { hidden: draw(1, [2, inputs]), output: array([1, 0.8], { dtype }) };
const student = { hidden: draw(2, [3, inputs]).mul(0.7), output: array([0.4, -0.3, 0.2], { dtype }) };
const settings = { student, teacher, learningRate: 0.4, until: 10 };
const feedback = {
  backpropagation: undefined,
  fixed: array([0.9, -0.7, 0.5], { dtype }),
  adaptive: draw(5, [inputs]).mul(4).add(student.hidden.at(0).mul(1.5)).add(student.hidden.at(1).mul(-1.2)),
};

/** erf(z / √2) (Abramowitz and Stegun 7.1.26: to 1.5e-7) and its derivative. */
function g(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(z) * (1 - series * Math.exp(-x * x));
}
const slope = (z: number) => Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2);

/** The algorithm itself, one new example after the other. */
function simulate({ student: s, teacher: t, rule, feedback: given, learningRate, until }: TeacherStudentOptions) {
  const rowsOf = (x: typeof s.hidden) =>
    Array.from({ length: x.shape[0] as number }, (_, i) => Float64Array.from(x.at(i).dataSync() as Float64Array));
  const [w, target] = [rowsOf(s.hidden), rowsOf(t.hidden)];
  const [v, targetOut] = [Array.from(s.output.dataSync()), Array.from(t.output.dataSync())];
  const f = given ? Array.from(given.dataSync()) : [];
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += (a[i] as number) * (b[i] as number);
    return sum;
  };
  const root = Math.sqrt(inputs);
  const x = new Float64Array(inputs);
  const normal = normals(9);
  for (let i = 0; i < until * inputs; i++) {
    for (let j = 0; j < inputs; j++) x[j] = normal();
    const fields = w.map((row) => dot(row, x) / root);
    const wanted = target.reduce((sum, row, m) => sum + (targetOut[m] as number) * g(dot(row, x) / root), 0);
    const e = fields.reduce((sum, z, k) => sum + (v[k] as number) * g(z), 0) - wanted;
    const sent = w.map((row, k) =>
      rule === 'backpropagation' ? (v[k] as number) : rule === 'fixed' ? (f[k] as number) : dot(row, f) / inputs,
    );
    w.forEach((row, k) => {
      const size = (learningRate / root) * e * (sent[k] as number) * slope(fields[k] as number);
      for (let j = 0; j < inputs; j++) row[j] = (row[j] as number) - size * (x[j] as number);
      v[k] = (v[k] as number) - (learningRate / inputs) * e * g(fields[k] as number);
    });
  }
  const all = [...w, ...target, ...(rule === 'adaptive' ? [Float64Array.from(f)] : [])];
  return { output: v, overlaps: all.map((a) => all.map((b) => dot(a, b) / inputs)) };
}

/** Independent N(0, 1), by Box and Muller from a small generator (mulberry32). */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe('teacher and student', () => {
  test.each(['backpropagation', 'fixed', 'adaptive'] as const)(
    '%s: overlaps and outputs of a simulation with 500 inputs follow the equations within 0.12',
    (rule) => {
      const options = { ...settings, rule, ...(feedback[rule] ? { feedback: feedback[rule] } : {}) };
      const curve = teacherStudentCurve(options);
      const end = curve.at(-1) as (typeof curve)[number];
      const found = simulate(options);
      // Overlaps are averages over 500 inputs: they scatter by some √(1 / 500) = 0.045, less with more inputs.
      const difference = (a: readonly number[], b: readonly number[]) =>
        Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))));
      expect(difference(found.output, end.output)).toBeLessThan(0.12);
      found.overlaps.forEach((row, i) => {
        expect(difference(row.slice(0, 5), (end.overlaps[i] as number[]).slice(0, 5)), `row ${i}`).toBeLessThan(0.12);
      });
      // And they have gone a long way.
      expect(curve[0]?.error ?? 0).toBeGreaterThan(2 * end.error);
    },
  );

  test('aligned at the end: weights turn to the feedback', () => {
    const { fixed, adaptive } = feedback;
    const long = { ...settings, until: 40, step: 0.1, points: 1 };
    for (const options of [
      { ...long, rule: 'fixed', feedback: fixed },
      { ...long, rule: 'adaptive', feedback: adaptive },
    ] as const) {
      const curve = teacherStudentCurve(options);
      expect(curve.at(-1)?.alignment ?? 0).toBeGreaterThan(0.6);
    }
    expect(teacherStudentCurve({ ...long, rule: 'backpropagation' }).at(-1)?.alignment).toBeCloseTo(1, 12);
  });

  test('a student that is the teacher stays where it is', () => {
    const [first, ...rest] = teacherStudentCurve({ ...settings, student: teacher, rule: 'backpropagation' });
    expect(first?.error).toBeCloseTo(0, 12);
    for (const point of rest) expect(point.output).toEqual(first?.output.map((x) => expect.closeTo(x, 10)));
  });

  test('a fixed feedback equal to v backpropagates at first, and the solver does not depend on its step', () => {
    const tied = teacherStudentCurve({ ...settings, rule: 'fixed', feedback: student.output, until: 0.01, points: 1 });
    const exact = teacherStudentCurve({ ...settings, rule: 'backpropagation', until: 0.01, points: 1 });
    expect(tied[1]?.error).toBeCloseTo(exact[1]?.error ?? 0, 5);
    const [coarse, fine] = [0.1, 0.02].map(
      (step) => teacherStudentCurve({ ...settings, rule: 'backpropagation', step }).at(-1)?.error ?? 0,
    );
    expect(coarse).toBeCloseTo(fine ?? 1, 6);
  });

  test('errors', () => {
    expect(() => teacherStudentCurve({ ...settings, rule: 'fixed' })).toThrow(/expected feedback \[3\] .* got none/);
    expect(() => teacherStudentCurve({ ...settings, rule: 'hebb' as 'fixed' })).toThrow(/got hebb/);
    expect(() => teacherStudentCurve({ ...settings, rule: 'backpropagation', learningRate: 0 })).toThrow(
      /expected learningRate to be a number above 0, got 0/,
    );
    expect(() =>
      teacherStudentCurve({ ...settings, rule: 'backpropagation', student: { ...student, output: np.ones([2]) } }),
    ).toThrow(/the student to have hidden \[units, D\] and output \[units\], got \[3, 500\] and \[2\]/);
  });
});
