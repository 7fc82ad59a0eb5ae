import { ArgumentError, ConcretizationError, DTypeError, NDArray, ShapeError } from '@forback/core';

export function showType(x: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${x.dtype}[${x.shape.join(', ')}]`;
}

/** The numbers of an array where they exist: null inside vmap and jit, whose arguments cannot be checked. */
export function knownValues(x: NDArray): ReturnType<NDArray['dataSync']> | null {
  try {
    return x.dataSync();
  } catch (error) {
    if (error instanceof ConcretizationError) return null;
    throw error;
  }
}

export function checkFloat(where: string, name: string, x: unknown): asserts x is NDArray {
  if (!(x instanceof NDArray)) {
    throw new ArgumentError(`${where}: expected ${name} to be an array, got ${typeof x}; make one with array(...)`);
  }
  if (x.dtype === 'float32' || x.dtype === 'float64') return;
  throw new DTypeError(`${where}: expected ${name} to be floats, got ${showType(x)}; convert with astype('float32')`);
}

/** An axis from 0 on. */
export function checkAxis(where: string, axis: number, rank: number): number {
  if (rank === 0) {
    throw new ShapeError(`${where}: expected logits with an axis of categories, got a scalar; use bernoulliEstimator`);
  }
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new ShapeError(`${where}: expected axis to be a whole number from ${-rank} to ${rank - 1}, got ${axis}`);
}

export function checkCount(where: string, name: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ArgumentError(`${where}: expected ${name} to be a whole number of ${least} or more, got ${value}`);
}

export function checkTemperature(where: string, name: string, value: NDArray | number): void {
  if (value instanceof NDArray && value.ndim !== 0) {
    throw new ShapeError(`${where}: expected ${name} to be a number or a scalar array, got ${showType(value)}`);
  }
  const known = value instanceof NDArray ? knownValues(value)?.[0] : value;
  if (known === undefined || (Number.isFinite(known) && known > 0)) return;
  const got = typeof known === 'number' ? known : typeof known;
  throw new ArgumentError(`${where}: expected ${name} to be a finite number above 0, got ${got}`);
}

/** Refuses distributions [..., n] that do not exist. */
export function checkLogits(where: string, logits: NDArray, name = 'logits'): void {
  const n = logits.shape.at(-1) as number;
  if (n === 0) throw new ShapeError(`${where}: expected at least one category, got none`);
  const values = knownValues(logits);
  if (values === null) return;
  for (let start = 0; start < values.length; start += n) {
    const row = values.subarray(start, start + n);
    const bad = row.find((v) => !(v < Number.POSITIVE_INFINITY));
    if (bad !== undefined) {
      throw new ArgumentError(
        `${where}: expected ${name} that are finite or -Infinity, got ${bad} in distribution ${start / n}`,
      );
    }
    if (row.some((v) => v > Number.NEGATIVE_INFINITY)) continue;
    throw new ArgumentError(
      `${where}: all ${n} categories of distribution ${start / n} are forbidden (masked, or ${name} of -Infinity); ` +
        'allow at least one',
    );
  }
}

export function checkFinite(where: string, name: string, x: NDArray): void {
  const bad = knownValues(x)?.find((v) => !Number.isFinite(v));
  if (bad !== undefined) throw new ArgumentError(`${where}: expected ${name} that are finite, got ${bad}`);
}

/** Refuses vectors [..., n] that are not one-hot, or choose what the logits forbid. */
export function checkSample(where: string, sample: NDArray, logits: NDArray): void {
  const n = sample.shape.at(-1) as number;
  const values = knownValues(sample);
  if (values === null) return;
  const known = knownValues(logits);
  for (let start = 0; start < values.length; start += n) {
    const row = Array.from(values.subarray(start, start + n));
    const chosen = row.indexOf(1);
    if (chosen < 0 || row.some((v, i) => i !== chosen && v !== 0)) {
      throw new ArgumentError(
        `${where}: expected sample to be one-hot vectors, a single 1 among zeros, got [${row.join(', ')}] at ${start / n}`,
      );
    }
    if (known === null || known[start + chosen] !== Number.NEGATIVE_INFINITY) continue;
    throw new ArgumentError(
      `${where}: sample chooses category ${chosen} of distribution ${start / n}, which is forbidden (masked, or a logit of ` +
        '-Infinity); give a sample that the distribution can have',
    );
  }
}

/** Refuses distributions q [..., n] with a category that p forbids: KL(q ‖ p) is infinite there. */
export function checkSupport(where: string, logQ: NDArray, logP: NDArray): void {
  const n = logQ.shape.at(-1) as number;
  const [q, p] = [knownValues(logQ), knownValues(logP)];
  if (q === null || p === null) return;
  const at = q.findIndex((v, i) => v > Number.NEGATIVE_INFINITY && p[i] === Number.NEGATIVE_INFINITY);
  if (at < 0) return;
  throw new ArgumentError(
    `${where}: the prior forbids category ${at % n} of distribution ${Math.floor(at / n)}, which the logits allow, so that KL ` +
      'is infinite; mask the category, or give it a finite prior logit',
  );
}
