import { NDArray } from '../array/ndarray';
import { checkAxis, checkShape, type Shape, showType, sizeOf } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { add, argsort, array, log, reshape, slice, take } from '../numpy';
import { asFloat } from '../numpy/operands';
import { categorical } from './categorical';
import { checkKey, type Key } from './counter';
import { standardGumbel } from './exponential';
import { knownValues } from './known-values';
import { shuffledIndices } from './permutation';
import { randint } from './randint';

export interface ChoiceOptions {
  /** How many to choose. Default: one, without an axis. */
  shape?: Shape;
  /** Whether one can be chosen again. Default: true. */
  replace?: boolean;
  /** The probability of each, [n]. Default: all equal. */
  p?: NDArray | readonly number[];
  /** The axis of `a` to choose along. Default: 0. */
  axis?: number;
}

/**
 * Random elements of an array (slices along an axis), or random numbers below n.
 *
 * With replacement and p it costs n numbers for each choice. Without replacement and with p, each next one is chosen among
 * the rest in proportion to p, by the largest of log p + Gumbel noise.
 *
 * @param key uint32 [2].
 * @param a the population: an array, or a whole number n for 0 to n − 1.
 * @returns `shape`, with the rest of the array's axes in place of `axis`; int32 for a number.
 * @throws ArgumentError for an empty population, more choices than the population has (without replacement; those with
 * p = 0 do not count), and for p that is negative, NaN or does not sum to 1 within 10⁻⁴ (not checked inside vmap and jit).
 */
export function choice(key: Key, a: number | NDArray, options: ChoiceOptions = {}): NDArray {
  const where = 'random.choice';
  checkKey(where, key);
  const shape = checkShape(where, options.shape ?? []);
  const axis = a instanceof NDArray ? checkAxis(where, options.axis ?? 0, a.ndim) : 0;
  const n = a instanceof NDArray ? (a.shape[axis] as number) : a;
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError(`${where}: expected a to be an array or a whole number of 0 or more, got ${String(n)}`);
  }
  const logits = options.p === undefined ? null : log(checkProbabilities(where, options.p, n));
  const indices =
    (options.replace ?? true) ? chooseAgain(where, key, n, shape, logits) : chooseOnce(where, key, n, shape, logits);
  return a instanceof NDArray ? take(a, indices, axis) : indices;
}

function chooseAgain(where: string, key: Key, n: number, shape: Shape, logits: NDArray | null): NDArray {
  if (n === 0) throw new ArgumentError(`${where}: the population is empty; nothing can be chosen`);
  return logits === null ? randint(key, { shape, maxval: n }) : categorical(key, logits, { shape });
}

function chooseOnce(where: string, key: Key, n: number, shape: Shape, logits: NDArray | null): NDArray {
  const count = sizeOf(shape);
  const values = logits && knownValues(where, logits);
  const available = values ? values.filter((v) => v > Number.NEGATIVE_INFINITY).length : n;
  if (count > available) {
    const population = available === n ? `a population of ${n}` : `the ${available} of ${n} whose p is above 0`;
    throw new ArgumentError(
      `${where}: cannot choose ${count} from ${population} without replacement; choose fewer, or use replace: true`,
    );
  }
  const order =
    logits === null
      ? shuffledIndices(where, key, n)
      : argsort(add(logits, standardGumbel(where, key, [n], logits.dtype)), 0, { descending: true });
  return reshape(slice(order, [0, count]), shape);
}

function checkProbabilities(where: string, given: NDArray | readonly number[], n: number): NDArray {
  const p = asFloat(where, given instanceof NDArray ? given : array(given));
  if (p.ndim !== 1 || p.shape[0] !== n) {
    throw new ShapeError(
      `${where}: expected one probability for each of the ${n} in the population, got p ${showType(p)}`,
    );
  }
  const values = knownValues(where, p);
  if (values === null) return p;
  const bad = values.find((v) => !(v >= 0));
  if (bad !== undefined) throw new ArgumentError(`${where}: expected p to be 0 or more, got ${bad}`);
  let total = 0;
  for (const v of values) total += v;
  if (!(Math.abs(total - 1) <= 1e-4)) {
    throw new ArgumentError(`${where}: expected p to sum to 1, got ${total}; divide it by its sum`);
  }
  return p;
}
