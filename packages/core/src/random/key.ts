import { isInteger } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { array, astype, stack } from '../numpy';
import { encrypt, type Key, positions } from './counter';
import { knownValues } from './known-values';

export type { Key } from './counter';

/** N keys as a tuple where N is a literal of at most 64, else a list of keys. */
export type KeyTuple<N extends number, Keys extends Key[] = []> = Keys['length'] extends N
  ? Keys
  : Keys['length'] extends 64
    ? Key[]
    : KeyTuple<N, [...Keys, Key]>;

/**
 * The key of a seed: its upper and its lower 32 bits.
 *
 * @param seed a whole number from 0 to 2⁵³ − 1.
 * @returns uint32 [2].
 * @throws ArgumentError for anything else.
 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(
      `random.key: expected seed to be a whole number from 0 to 2^53 - 1, got ${String(seed)}; ` +
        'to make a key depend on an array, use random.foldIn',
    );
  }
  return array(Uint32Array.of(Math.floor(seed / 2 ** 32), seed >>> 0));
}

/**
 * n independent keys (default: 2) from one, which is then used up. Key i does not depend on n.
 *
 * @param key uint32 [2].
 * @param n a whole number of 0 or more; a literal gives a tuple, as in `const [a, b, c] = split(key, 3)`.
 */
export function split(key: Key): [Key, Key];
export function split<N extends number>(key: Key, n: N): number extends N ? Key[] : KeyTuple<N>;
export function split(key: Key, n = 2): Key[] {
  return [...children('random.split', key, n)];
}

/**
 * The keys of `split(key, n)` as one array, to be mapped over with `vmap`.
 *
 * @param key uint32 [2].
 * @returns uint32 [n, 2].
 */
export function splitMany(key: Key, n: number): NDArray {
  return children('random.splitMany', key, n);
}

function children(where: string, key: Key, n: number): NDArray {
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError(`${where}: expected n to be a whole number of 0 or more, got ${String(n)}`);
  }
  return stack(encrypt(where, key, 'split', positions(n)), 1);
}

/**
 * A key that depends on a number, such as the index of a step or a layer: different numbers give independent keys, which
 * are also independent of those of `split`.
 *
 * @param key uint32 [2].
 * @param data a whole number from 0 to 2³² − 1, or a uint32 or int32 scalar (not negative; inside a transform this cannot
 * be checked).
 * @returns uint32 [2].
 */
export function foldIn(key: Key, data: number | NDArray): Key {
  return stack(encrypt('random.foldIn', key, 'fold', asWord('random.foldIn', data)));
}

function asWord(where: string, data: number | NDArray): NDArray {
  if (typeof data === 'number') {
    checkWord(where, data);
    return NDArray.scalar(data, 'uint32');
  }
  if (!(data instanceof NDArray)) {
    throw new ArgumentError(`${where}: expected data to be a number or an integer scalar, got ${typeof data}`);
  }
  if (!isInteger(data.dtype)) {
    throw new DTypeError(
      `${where}: expected data to be uint32 or int32, got ${showType(data)}; convert with astype('uint32')`,
    );
  }
  if (data.ndim !== 0) {
    throw new ShapeError(
      `${where}: expected data to be a scalar, got ${showType(data)}; use vmap to fold in each element`,
    );
  }
  const known = knownValues(where, data);
  if (known !== null) checkWord(where, known[0] as number);
  return astype(data, 'uint32');
}

function checkWord(where: string, data: number): void {
  if (Number.isInteger(data) && data >= 0 && data < 2 ** 32) return;
  throw new ArgumentError(`${where}: expected data to be a whole number from 0 to 2^32 - 1, got ${data}`);
}
