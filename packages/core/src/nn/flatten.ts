import type { NDArray } from '../array/ndarray';
import { sizeOf } from '../array/shape';
import { ShapeError } from '../errors';
import { reshape } from '../primitives/reshape';

/** All axes but the first as one: [n, ...rest] becomes [n, product of rest]. */
export function flatten(x: NDArray): NDArray {
  if (x.ndim === 0) throw new ShapeError('nn.flatten: expected x to be [n, ...], got a scalar');
  return reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]);
}
