import { NDArray } from '../array/ndarray';
import { clip, divide, minimum, sqrt } from '../numpy/elementwise';
import { sum } from '../numpy/reductions';
import { leaves } from '../tree/tree';
import { checkPositive } from './arguments';
import { mapLeaves } from './map-leaves';
import type { GradientTransform, ParamsTree } from './transform';

/** Each element limited to [−limit, limit]. */
export function clipByValue(limit: number): GradientTransform<null> {
  checkPositive('optim.clipByValue', 'limit', limit);
  return {
    init: () => null,
    update: (gradients) => [mapLeaves('optim.clipByValue', { gradients }, (g) => clip(g, -limit, limit)), null],
  };
}

/** √ of the sum of squares of all elements of a tree; 0 for a tree without arrays. Overflows to ∞ beyond about 10¹⁹ in float32. */
export function globalNorm(tree: ParamsTree): NDArray {
  const squares = leaves(tree).map((leaf) => sum(leaf.mul(leaf)));
  return sqrt(squares.reduce((total, square) => total.add(square), NDArray.scalar(0, 'float32')));
}

/** g · min(1, maxNorm / ‖g‖) with the norm of the whole tree, so that its direction stays (Pascanu, Mikolov and Bengio 2013, algorithm 1). */
export function clipByGlobalNorm(maxNorm: number): GradientTransform<null> {
  checkPositive('optim.clipByGlobalNorm', 'maxNorm', maxNorm);
  return {
    init: () => null,
    update(gradients) {
      const factor = minimum(divide(maxNorm, globalNorm(gradients)), 1);
      return [mapLeaves('optim.clipByGlobalNorm', { gradients }, (g) => g.mul(factor.astype(g.dtype))), null];
    },
  };
}
