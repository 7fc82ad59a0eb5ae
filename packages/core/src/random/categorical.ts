import type { NDArray } from '../array/ndarray';
import { checkAxis, type Shape, showType } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { add, argmax, moveaxis } from '../numpy';
import { asFloat } from '../numpy/operands';
import type { Key } from './counter';
import { standardGumbel } from './exponential';
import { knownValues } from './known-values';
import { drawShape } from './sample-options';

export interface CategoricalOptions {
  /** The axis of the categories. Default: −1. */
  axis?: number;
  /** The other axes of the logits broadcast to it. Default: those axes. */
  shape?: Shape;
}

/**
 * Category i with probability softmax(logits)[i]: the largest of logits + Gumbel noise. A logit of −Infinity is never
 * chosen. Logits need not be normalised; log p works for probabilities p.
 *
 * With `shape: [1000, ...batch]` each element is drawn anew; memory is one number for each element and category.
 *
 * Source of the method: Gumbel, "Statistical theory of extreme values" (1954).
 *
 * @param key uint32 [2].
 * @param logits floats, at least one axis.
 * @returns int32.
 * @throws ArgumentError for logits that are NaN or Infinity, or all −Infinity along the axis; inside vmap and jit that is
 * not checked, and the result is then meaningless. ShapeError without categories.
 */
export function categorical(key: Key, logits: NDArray, options: CategoricalOptions = {}): NDArray {
  const where = 'random.categorical';
  const given = asFloat(where, logits);
  const axis = checkAxis(where, options.axis ?? -1, given.ndim);
  const n = given.shape[axis] as number;
  if (n === 0)
    throw new ShapeError(`${where}: expected at least one category along axis ${axis}, got ${showType(given)}`);
  const last = moveaxis(given, axis, -1);
  checkLogits(where, last, n);
  const shape = drawShape(where, options.shape, 'the batch', last.shape.slice(0, -1));
  return argmax(add(last, standardGumbel(where, key, [...shape, n], given.dtype)), -1);
}

function checkLogits(where: string, logits: NDArray, n: number): void {
  const values = knownValues(where, logits);
  if (values === null) return;
  const bad = values.find((v) => !(v < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new ArgumentError(`${where}: expected logits that are finite or -Infinity, got ${bad}`);
  for (let start = 0; start < values.length; start += n) {
    if (values.subarray(start, start + n).some((v) => v > Number.NEGATIVE_INFINITY)) continue;
    throw new ArgumentError(
      `${where}: all ${n} logits of a distribution are -Infinity (batch element ${start / n}); nothing can be chosen`,
    );
  }
}
