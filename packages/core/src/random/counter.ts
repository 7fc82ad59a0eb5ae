import { NDArray } from '../array/ndarray';
import { type Shape, showShape, showType, sizeOf } from '../array/shape';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { at, broadcastTo, full, reshape } from '../numpy';
import { iota } from '../primitives/iota';
import { threefry } from '../primitives/threefry';

/** The state of a generator that has none: uint32 [2], the two key words of Threefry. */
export type Key = NDArray;

/**
 * The upper word of the counter says what its lower word counts, so that what is drawn from a key never repeats what is
 * split from it. The layout is for ever: changing it changes everybody's results.
 *
 * | upper word | lower word | the two words of the result |
 * |---|---|---|
 * | 0 | row-major position i in the array that is drawn, below 2³² | the random words of element i |
 * | 0x80000000 | i | key i of `split` |
 * | 0xc0000000 | the number that is folded in | the key of `foldIn` |
 */
const upperWords = { draw: 0, split: 0x80000000, fold: 0xc0000000 } as const;

/** Threefry's two words for each lower counter word. */
export function encrypt(where: string, key: Key, purpose: keyof typeof upperWords, lower: NDArray): [NDArray, NDArray] {
  checkKey(where, key);
  const { shape } = lower;
  const upper = full(shape, upperWords[purpose], { dtype: 'uint32' });
  return threefry(broadcastTo(at(key, 0), shape), broadcastTo(at(key, 1), shape), upper, lower);
}

/** Two uint32 words for each element of a shape. Element i depends on the key and on i alone. */
export function randomWords(where: string, key: Key, shape: Shape): [NDArray, NDArray] {
  const size = sizeOf(shape);
  if (size > 2 ** 32) {
    throw new ShapeError(
      `${where}: expected at most 2^32 elements, got shape ${showShape(shape)}; draw parts with keys of their own`,
    );
  }
  // One flat run is what the kernels are fastest at.
  const [first, second] = encrypt(where, key, 'draw', positions(size));
  return [reshape(first, shape), reshape(second, shape)];
}

/** 0, 1, 2, ... as uint32 [n]. */
export function positions(n: number): NDArray {
  return iota([n], 0, 'uint32');
}

export function checkKey(where: string, key: unknown): void {
  if (!(key instanceof NDArray)) {
    const got = Array.isArray(key) ? 'a list' : key === null ? 'null' : typeof key;
    throw new ArgumentError(`${where}: expected a key, got ${got}; make one with random.key(seed)`);
  }
  if (key.dtype !== 'uint32') {
    throw new DTypeError(`${where}: expected a key (uint32[2]), got ${showType(key)}; make one with random.key(seed)`);
  }
  if (key.ndim !== 1 || key.shape[0] !== 2) {
    throw new ShapeError(
      `${where}: expected a key (uint32[2]), got ${showType(key)}; ` +
        'use one key with keys.at(i), or vmap over keys [n, 2]',
    );
  }
}
