import { type NDArray, np } from '@forback/core';
import { compress, decompress } from '../compressed';
import { checkMatrix, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';

/**
 * The forward mask F: in every output's weights, groups of M consecutive inputs keep their N largest magnitudes. Of equal
 * magnitudes the one with the lower index stays. Where M does not divide the inputs, the last group is short and keeps
 * min(N, its length); no group reaches into the next output. NaN counts as infinite.
 *
 * Zhang et al. 2023 (Bi-Mask); Zhou et al. 2021 (SR-STE).
 *
 * @param weight - float matrix, [outputs, inputs] unless `inputAxis` is 0.
 * @returns bool of the same shape.
 */
export function forwardMask(weight: NDArray, pattern: PatternLike, options: MatrixOptions = {}): NDArray {
  const { inputAxis = 1 } = options;
  checkMatrix('forwardMask', weight, inputAxis);
  const { indices } = compress(weight, { ...parsePattern('forwardMask', pattern), axis: inputAxis });
  const [inputs, outputs] = [weight.shape[inputAxis] as number, weight.shape[1 - inputAxis] as number];
  return maskAt(indices, { lines: outputs, size: inputs, axis: inputAxis });
}

/**
 * A bool matrix that is true at the places of a compressed one.
 *
 * @param shape - `lines` of the compressed matrix, and the `size` of the `axis` that was compressed.
 */
export function maskAt(indices: NDArray, shape: { lines: number; size: number; axis: 0 | 1 }): NDArray {
  const values = np.ones([shape.lines, indices.shape[1] as number]);
  const mask = decompress({ values, indices }, { size: shape.size }).astype('bool');
  return shape.axis === 1 ? mask : mask.transpose();
}
