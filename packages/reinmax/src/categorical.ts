import { customJvp, DTypeError, NDArray, nn, np, random, ShapeError, stopGradient } from '@forback/core';
import { checkAxis, checkFloat, checkLogits, checkSample, checkTemperature, showType } from './checks';
import type { SampleOptions } from './draw';

/** The distributions of one call, with the categories on the last axis and forbidden logits at −Infinity. */
export interface Categorical {
  readonly logits: NDArray;
  /** The logits without derivative. */
  readonly fixed: NDArray;
  /** A given sample with the categories last. */
  readonly given: NDArray | null;
  /** Puts the categories back where the caller had them. */
  restore(x: NDArray): NDArray;
}

export function categorical(where: string, logits: NDArray, options: SampleOptions): Categorical {
  checkFloat(where, 'logits', logits);
  const axis = checkAxis(where, options.axis ?? -1, logits.ndim);
  const isLast = axis === logits.ndim - 1;
  const toLast = (x: NDArray) => (isLast ? x : np.moveaxis(x, axis, -1));
  const last = toLast(applyMask(where, logits, options.mask));
  const fixed = stopGradient(last);
  checkLogits(where, fixed);
  const { sample } = options;
  if (sample !== undefined && (!(sample instanceof NDArray) || String(sample.shape) !== String(logits.shape))) {
    throw new ShapeError(
      `${where}: expected sample to be one-hot vectors of the logits' shape [${logits.shape.join(', ')}], ` +
        `got ${sample instanceof NDArray ? showType(sample) : typeof sample}`,
    );
  }
  const given = sample === undefined ? null : toLast(stopGradient(sample).astype(logits.dtype));
  if (given !== null) checkSample(where, given, fixed);
  return {
    logits: last,
    fixed,
    given,
    restore: (x) => (isLast ? x : np.moveaxis(x, -1, axis)),
  };
}

/** Forbidden logits become −Infinity: probability 0, gradient 0. */
export function applyMask(where: string, logits: NDArray, mask: NDArray | undefined): NDArray {
  if (mask === undefined) return logits;
  if (!(mask instanceof NDArray) || mask.dtype !== 'bool') {
    const got = mask instanceof NDArray ? showType(mask) : typeof mask;
    throw new DTypeError(`${where}: expected mask to be a bool array (true where allowed), got ${got}`);
  }
  const offset = logits.ndim - mask.ndim;
  if (offset < 0 || mask.shape.some((n, i) => n !== 1 && n !== logits.shape[offset + i])) {
    throw new ShapeError(
      `${where}: mask ${showType(mask)} does not broadcast to logits of shape [${logits.shape.join(', ')}]`,
    );
  }
  return np.where(mask, logits, Number.NEGATIVE_INFINITY);
}

/** Gumbel noise for each logit: the draw that `random.categorical` makes with this key. */
export function gumbelFor(logits: NDArray, key: random.Key): NDArray {
  return random.gumbel(key, { shape: logits.shape, dtype: logits.dtype as 'float32' | 'float64' });
}

/** The one-hot vector of the largest element (Gumbel-max: a sample, if the elements are logits + Gumbel noise). */
export function oneHotArgmax(x: NDArray): NDArray {
  return nn.oneHot(np.argmax(x, -1), x.shape.at(-1) as number, x.dtype);
}

export function drawSample({ fixed, given }: Categorical, key: random.Key): NDArray {
  return given ?? oneHotArgmax(fixed.add(gumbelFor(fixed, key)));
}

/** A checked temperature in the dtype of the logits. */
export function temperatureFor(
  where: string,
  name: string,
  temperature: NDArray | number,
  logits: NDArray,
): NDArray | number {
  checkTemperature(where, name, temperature);
  return typeof temperature === 'number' ? temperature : stopGradient(temperature).astype(logits.dtype);
}

/** J(p) t = p ⊙ (t − ⟨p, t⟩) with J(p) = diag(p) − p pᵀ, over the last axis. */
export function simplexJacobian(p: NDArray, t: NDArray): NDArray {
  return p.mul(t.sub(p.mul(t).sum(-1, { keepDims: true })));
}

/**
 * `sample`, with `apply(residuals, t)` as its derivative in the direction t of `logits`. `apply` must be linear in t and
 * take all else from the residuals; here it is a symmetric matrix, which is its own transpose.
 */
export function withDerivative<R>(
  sample: NDArray,
  logits: NDArray,
  residuals: R,
  apply: (residuals: R, tangent: NDArray) => NDArray,
): NDArray {
  const attach = customJvp(
    (_logits: NDArray, value: NDArray, _residuals: R) => value,
    ([, value, kept], [tangent]) => [value, apply(kept, tangent)],
  );
  return attach(logits, sample, residuals);
}
