import { ArgumentError, type NDArray, ShapeError } from '@forback/core';
import { type Covariance, meanProduct, meanSlopeField, meanSlopes } from './gaussian-averages';

/** A network of two layers without biases: Σ_k v_k g(w_k · x / √D), g(z) = erf(z / √2). */
export interface TwoLayers {
  /** w: [units, D]. */
  readonly hidden: NDArray;
  /** v: [units]. */
  readonly output: NDArray;
}

/** Who learns from whom, and how. */
export interface TeacherStudentOptions {
  /** Where the student begins. */
  student: TwoLayers;
  teacher: TwoLayers;
  /**
   * What the error is multiplied with on the way to hidden unit k. 'backpropagation': v_k. 'fixed': b_k (feedback alignment,
   * which is direct feedback here). 'adaptive': w_k · f / D (adaptive feedback alignment, to which PEPITA with
   * `modulation: 'subtract'` tends for small f).
   */
  rule: 'backpropagation' | 'fixed' | 'adaptive';
  /** b [units] or f [D]; not for backpropagation. */
  feedback?: NDArray;
  /** η of both layers. */
  learningRate: number;
  /** Examples seen at the end, divided by D. */
  until: number;
  /** Of the solver (Runge and Kutta, fourth order), in the same unit. Default: 0.05. */
  step?: number;
  /** Points of the curve behind the first. Default: 20. */
  points?: number;
}

/** A moment of the student's learning. */
export interface TeacherStudentPoint {
  /** Examples seen, divided by D. */
  readonly time: number;
  /** Generalisation error ½⟨(student − teacher)²⟩. */
  readonly error: number;
  /** Cosine of the feedback of the hidden units and v: 1 for backpropagation. NaN where either is zero. */
  readonly alignment: number;
  /** v of the student. */
  readonly output: readonly number[];
  /** w·w / D of the student's hidden units, then the teacher's, then f of the adaptive rule. */
  readonly overlaps: readonly (readonly number[])[];
}

/**
 * Online learning of a two-layer student from a two-layer teacher, in the limit of many inputs D: the ordinary differential
 * equations of its overlaps, solved numerically. Every example is new, x ~ N(0, 1), one at a time:
 * w_k ← w_k − (η/√D) e c_k g′(λ_k) x and v_k ← v_k − (η/D) e g(λ_k), with λ_k = w_k · x / √D, e the student's output minus
 * the teacher's and the feedback c_k of the rule.
 *
 * The method is that of Saad and Solla 1995 (backpropagation) and Refinetti et al. 2021 (fixed feedback). For the adaptive
 * rule the direction f is one more field beside those of the units. A simulation scatters around the curve by O(1/√D).
 *
 * @throws ArgumentError, ShapeError for settings that do not fit.
 */
export function teacherStudentCurve(options: TeacherStudentOptions): TeacherStudentPoint[] {
  const { learningRate, until, step = 0.05, points = 20 } = options;
  for (const [name, value] of Object.entries({ learningRate, until, step })) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new ArgumentError(`teacherStudentCurve: expected ${name} to be a number above 0, got ${value}`);
  }
  if (!Number.isInteger(points) || points < 1) {
    throw new ArgumentError(`teacherStudentCurve: expected points to be a whole number of 1 or more, got ${points}`);
  }
  const system = systemOf(options);
  const curve = [system.point(0)];
  const steps = Math.max(1, Math.ceil(until / points / step));
  for (let i = 1; i <= points; i++) {
    for (let j = 0; j < steps; j++) system.advance(until / points / steps);
    curve.push(system.point((i * until) / points));
  }
  return curve;
}

interface System {
  advance(time: number): void;
  point(time: number): TeacherStudentPoint;
}

function systemOf({ student, teacher, rule, feedback, learningRate }: TeacherStudentOptions): System {
  const vectors = [...rows('student', student), ...rows('teacher', teacher)];
  const inputs = vectors[0]?.length ?? 0;
  const units = student.output.size;
  const constant = feedbackOf(rule, feedback, units, inputs);
  if (rule === 'adaptive') vectors.push(constant);
  if (vectors.some((v) => v.length !== inputs)) {
    throw new ShapeError('teacherStudentCurve: expected student and teacher to have as many inputs');
  }
  const fields = vectors.length;
  const known = units + teacher.output.size;
  const signs = Array.from(teacher.output.dataSync(), (v) => -v);
  // The state: covariances of the fields, row by row, then v.
  let state = Float64Array.from([
    ...vectors.flatMap((a) => vectors.map((b) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / inputs)),
    ...student.output.dataSync(),
  ]);

  const read = (y: Float64Array) => {
    const c: Covariance = (i, j) => y[i * fields + j] as number;
    const v = Array.from(y.subarray(fields * fields));
    // e = Σ weights · g(field)
    const weights = [...v, ...signs];
    const sent = rule === 'backpropagation' ? v : rule === 'fixed' ? constant : v.map((_, k) => c(k, known));
    return { c, v, weights, sent };
  };

  const derivative = (y: Float64Array): Float64Array => {
    const { c, weights, sent } = read(y);
    const change = new Float64Array(y.length);
    const pull = (k: number, field: number) =>
      -learningRate * (sent[k] as number) * weights.reduce((sum, w, i) => sum + w * meanSlopeField(c, k, field, i), 0);
    const noise = (k: number, l: number) => {
      let sum = 0;
      weights.forEach((w, i) => {
        weights.forEach((u, j) => {
          sum += w * u * meanSlopes(c, k, l, i, j);
        });
      });
      return learningRate ** 2 * (sent[k] as number) * (sent[l] as number) * sum;
    };
    for (let k = 0; k < units; k++) {
      for (let field = 0; field < fields; field++) {
        const both = field < units ? pull(field, k) + noise(k, field) : 0;
        const total = pull(k, field) + both;
        change[k * fields + field] = total;
        change[field * fields + k] = total;
      }
      const outputPull = weights.reduce((sum, w, i) => sum + w * meanProduct(c, k, i), 0);
      change[fields * fields + k] = -learningRate * outputPull;
    }
    return change;
  };

  return {
    advance(time) {
      const at = (slope: Float64Array, share: number) => state.map((x, i) => x + share * time * (slope[i] as number));
      const first = derivative(state);
      const second = derivative(at(first, 0.5));
      const third = derivative(at(second, 0.5));
      const fourth = derivative(at(third, 1));
      state = state.map(
        (x, i) =>
          x +
          (time / 6) *
            ((first[i] as number) + 2 * (second[i] as number) + 2 * (third[i] as number) + (fourth[i] as number)),
      );
    },
    point(time) {
      const { c, v, weights, sent } = read(state);
      let squared = 0;
      weights.forEach((w, i) => {
        weights.forEach((u, j) => {
          squared += w * u * meanProduct(c, i, j);
        });
      });
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
      return {
        time,
        error: squared / 2,
        alignment: dot(sent, v) / Math.sqrt(dot(sent, sent) * dot(v, v)),
        output: v,
        overlaps: vectors.map((_, i) => vectors.map((__, j) => c(i, j))),
      };
    },
  };
}

function rows(name: string, { hidden, output }: TwoLayers): number[][] {
  const [units, inputs] = hidden.shape as [number, number];
  if (hidden.ndim !== 2 || output.ndim !== 1 || output.size !== units) {
    throw new ShapeError(
      `teacherStudentCurve: expected the ${name} to have hidden [units, D] and output [units], got ` +
        `[${hidden.shape.join(', ')}] and [${output.shape.join(', ')}]`,
    );
  }
  const data = Array.from(hidden.dataSync());
  return Array.from({ length: units }, (_, k) => data.slice(k * inputs, (k + 1) * inputs));
}

function feedbackOf(rule: string, feedback: NDArray | undefined, units: number, inputs: number): number[] {
  const wanted = { backpropagation: null, fixed: units, adaptive: inputs }[rule];
  if (wanted === undefined) {
    throw new ArgumentError(
      `teacherStudentCurve: expected rule to be 'backpropagation', 'fixed' or 'adaptive', got ${rule}`,
    );
  }
  if (wanted === null) return [];
  if (feedback?.ndim === 1 && feedback.size === wanted) return Array.from(feedback.dataSync());
  const got = feedback ? `[${feedback.shape.join(', ')}]` : 'none';
  throw new ShapeError(`teacherStudentCurve: expected feedback [${wanted}] for the rule ${rule}, got ${got}`);
}
