/** The end of a minimisation. */
export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the value has stopped falling. */
  readonly converged: boolean;
}

/** Settings of `minimiseLbfgs`. */
export interface LbfgsOptions {
  readonly maxIterations: number;
  /** It has converged when the value fell by less than this over the last `patience` iterations. */
  readonly tolerance: number;
  readonly patience: number;
  /** Called after each iteration. */
  readonly pause: (iteration: number) => Promise<void>;
}

/** Steps that the approximation of the Hessian remembers. */
const memory = 30;

/**
 * Minimises a smooth function by L-BFGS (Nocedal 1980) with steps that meet the weak Wolfe conditions, found by doubling
 * and bisection (Lewis and Overton 2013).
 *
 * @param evaluate value and gradient at a point.
 */
export async function minimiseLbfgs(
  evaluate: (point: Float64Array) => { value: number; gradient: Float64Array },
  start: Float64Array,
  { maxIterations, tolerance, patience, pause }: LbfgsOptions,
): Promise<LbfgsResult> {
  let point = start;
  let { value, gradient } = evaluate(point);
  const history: Correction[] = [];
  const values = [value];
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    let direction = twoLoops(gradient, history);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      history.length = 0;
      direction = gradient.map((g) => -g);
      slope = dot(direction, gradient);
      if (!(slope < 0)) return { point, value, iterations: iteration - 1, converged: slope === 0 };
    }
    const first = history.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const found = weakWolfe(evaluate, point, value, direction, slope, first);
    if (found === null) return { point, value, iterations: iteration - 1, converged: true };
    const step = found.point.map((p, i) => p - (point[i] as number));
    const change = found.gradient.map((g, i) => g - (gradient[i] as number));
    const curvature = dot(step, change);
    if (curvature > 0) {
      history.push({ step, change, curvature });
      if (history.length > memory) history.shift();
    }
    ({ point, value, gradient } = found);
    values.push(value);
    await pause(iteration);
    const past = values.at(-1 - patience);
    if (past !== undefined && past - value < tolerance) return { point, value, iterations: iteration, converged: true };
  }
  return { point, value, iterations: maxIterations, converged: false };
}

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

function twoLoops(gradient: Float64Array, history: readonly Correction[]): Float64Array {
  const direction = gradient.map((g) => -g);
  const factors: number[] = [];
  for (const { step, change, curvature } of [...history].reverse()) {
    const factor = dot(step, direction) / curvature;
    factors.push(factor);
    addScaled(direction, change, -factor);
  }
  const last = history.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    direction.forEach((d, i) => {
      direction[i] = d * scale;
    });
  }
  for (const { step, change, curvature } of history) {
    addScaled(direction, step, (factors.pop() as number) - dot(change, direction) / curvature);
  }
  return direction;
}

/** A step with enough descent and a flatter slope; null where rounding hides any descent. */
function weakWolfe(
  evaluate: (point: Float64Array) => { value: number; gradient: Float64Array },
  point: Float64Array,
  value: number,
  direction: Float64Array,
  slope: number,
  first: number,
): { point: Float64Array; value: number; gradient: Float64Array } | null {
  let low = 0;
  let high = Infinity;
  let length = first;
  for (let trial = 0; trial < 50; trial++) {
    const candidate = point.map((p, i) => p + length * (direction[i] as number));
    const at = evaluate(candidate);
    if (!(at.value <= value + 1e-4 * length * slope)) high = length;
    else if (dot(at.gradient, direction) < 0.9 * slope) low = length;
    else return { point: candidate, ...at };
    length = high < Infinity ? (low + high) / 2 : 2 * length;
  }
  return null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) (target[i] as number) += factor * (values[i] as number);
}
