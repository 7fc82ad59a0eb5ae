import { ArgumentError, type NDArray, random, tree } from '@forback/core';

/** How the numbers of a random direction are drawn: mean 0, variance 1. */
export type TangentKind = 'normal' | 'rademacher';

/** An array of independent numbers of mean 0 and variance 1, of the shape and dtype of another. */
export function tangentLike(key: random.Key, like: NDArray, kind: TangentKind): NDArray {
  const { shape, dtype } = like;
  if (kind === 'normal') return random.normal(key, { shape, dtype });
  return random.bernoulli(key, 0.5, { shape }).astype(dtype).mul(2).sub(1);
}

/**
 * A random direction for a tree: an independent array for each leaf, mean 0 and variance 1.
 *
 * @param key - uint32 [2].
 */
export function randomTangent<T>(key: random.Key, like: T, kind: TangentKind = 'normal'): T {
  let leaf = 0;
  return tree.map((x) => tangentLike(random.foldIn(key, leaf++), x, kind), like);
}

/** @throws ArgumentError for another word. */
export function checkKind(where: string, kind: TangentKind): void {
  if (kind === 'normal' || kind === 'rademacher') return;
  throw new ArgumentError(`${where}: expected tangents to be 'normal' or 'rademacher', got ${String(kind)}`);
}

/** Sum of the products of corresponding numbers of two trees of one structure. */
export function innerProduct(a: unknown, b: unknown): NDArray {
  return tree.leaves(tree.map((x, y) => x.mul(y).sum(), a, b)).reduce((sum, x) => sum.add(x));
}
