import type { ArrayLike, NDArray } from '../array/ndarray';
import { broadcastShapes, checkAxis, range, showShape } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { mul } from '../primitives/arithmetic';
import { broadcastTo as stretch } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import * as primitives from '../primitives/dot';
import { matmulBatched } from '../primitives/dot';
import { reshape } from '../primitives/reshape';
import { asArray, resultDType } from './operands';

function operands(where: string, x: ArrayLike, y: ArrayLike): [NDArray, NDArray] {
  const dtype = resultDType(where, [x, y]);
  const numeric = dtype === 'bool' ? 'int32' : dtype;
  return [cast(asArray(where, x), numeric), cast(asArray(where, y), numeric)];
}

/**
 * Matrix product over the last axis of x and the last but one of y. Axes in front broadcast; a vector counts as a row on
 * the left and as a column on the right, and its axis disappears.
 */
export function matmul(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = operands('matmul', x, y);
  if (a.ndim === 0 || b.ndim === 0)
    throw new ShapeError('matmul: expected vectors or matrices, got a scalar; use multiply');
  const inner = b.ndim === 1 ? 0 : b.ndim - 2;
  if (a.shape[a.ndim - 1] !== b.shape[inner]) {
    throw new ShapeError(
      `matmul: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not fit: ` +
        `the last axis of the first has size ${a.shape[a.ndim - 1]}, axis ${inner} of the second ${b.shape[inner]}`,
    );
  }
  if (a.ndim <= 2 && b.ndim <= 2) return primitives.dot(a, b, { contract: [[a.ndim - 1], [inner]], batch: [[], []] });
  // A batch of rows times one matrix is a single product.
  if (b.ndim <= 2) return primitives.dot(a, b, { contract: [[a.ndim - 1], [inner]], batch: [[], []] });
  const left = a.ndim === 1 ? reshape(a, [1, ...a.shape]) : a;
  const lead = broadcastShapes('matmul', left.shape.slice(0, -2), b.shape.slice(0, -2));
  const product = matmulBatched(
    stretch(left, [...lead, ...left.shape.slice(-2)]),
    stretch(b, [...lead, ...b.shape.slice(-2)]),
  );
  return a.ndim === 1 ? reshape(product, [...lead, b.shape[b.ndim - 1] as number]) : product;
}

/** Sum of products over the last axis of x and the last but one of y, all other axes side by side, as `numpy.dot`. */
export function dot(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = operands('dot', x, y);
  if (a.ndim === 0 || b.ndim === 0) return a.mul(b);
  const inner = b.ndim === 1 ? 0 : b.ndim - 2;
  return primitives.dot(a, b, { contract: [[a.ndim - 1], [inner]], batch: [[], []] });
}

/** Sum of products over several axes: the last `axes` of x with the first of y, or the listed pairs. */
export function tensordot(
  x: ArrayLike,
  y: ArrayLike,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): NDArray {
  const [a, b] = operands('tensordot', x, y);
  const pairs = typeof axes === 'number' ? [range(axes, a.ndim - axes), range(axes)] : axes;
  const [first, second] = pairs as [readonly number[], readonly number[]];
  if (first.length !== second.length) {
    throw new ArgumentError(`tensordot: expected as many axes of x as of y, got ${first.length} and ${second.length}`);
  }
  return primitives.dot(a, b, {
    contract: [
      first.map((i) => checkAxis('tensordot', i, a.ndim)),
      second.map((i) => checkAxis('tensordot', i, b.ndim)),
    ],
    batch: [[], []],
  });
}

/** General dot: contracts and pairs any axes. The result's axes: batch, those left of x, those left of y. */
export function dotGeneral(x: ArrayLike, y: ArrayLike, dimensions: primitives.DotDimensions): NDArray {
  const [a, b] = operands('dotGeneral', x, y);
  const check = (axes: readonly number[], of: NDArray) => axes.map((i) => checkAxis('dotGeneral', i, of.ndim));
  const { contract, batch } = dimensions;
  if (contract[0].length !== contract[1].length || batch[0].length !== batch[1].length) {
    throw new ArgumentError('dotGeneral: expected as many axes of x as of y in contract and in batch');
  }
  return primitives.dot(a, b, {
    contract: [check(contract[0], a), check(contract[1], b)],
    batch: [check(batch[0], a), check(batch[1], b)],
  });
}

/** x[i] · y[j] for all i and j of the flattened arrays. */
export function outer(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = operands('outer', x, y);
  return mul(stretch(reshape(a, [a.size, 1]), [a.size, b.size]), stretch(reshape(b, [1, b.size]), [a.size, b.size]));
}
