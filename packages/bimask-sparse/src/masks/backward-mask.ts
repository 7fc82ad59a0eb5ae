import { type NDArray, np } from '@forback/core';
import { compress, compressBackward } from '../compressed';
import { maskAt } from './forward-mask';
import { checkMatrix, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';
import { checkPermutation } from './permutation';

/** Settings of `backwardMask`. */
export interface BackwardMaskOptions extends MatrixOptions {
  /** int32 [outputs]: groups are M consecutive entries of this order of the outputs. Default: their own order. */
  permutation?: NDArray | undefined;
}

/**
 * The backward mask B ⊆ F: of the weights that F keeps, every input keeps its N largest magnitudes in each group of M
 * permuted outputs. Of equal magnitudes the one that comes first in the permutation stays; a weight of 0 is left out, since
 * nothing passes through it. The last group may be short.
 *
 * B = F ⊙ P⁻¹ topN_columns(P (W ⊙ F)), Zhang et al. 2023 (Bi-Mask).
 *
 * @param weight - float matrix, [outputs, inputs] unless `inputAxis` is 0.
 * @returns bool of the same shape.
 * @throws ArgumentError for a permutation that is none.
 */
export function backwardMask(weight: NDArray, pattern: PatternLike, options: BackwardMaskOptions = {}): NDArray {
  const name = 'backwardMask';
  const { inputAxis = 1 } = options;
  checkMatrix(name, weight, inputAxis);
  const [inputs, outputs] = [weight.shape[inputAxis] as number, weight.shape[1 - inputAxis] as number];
  const { permutation = np.arange(outputs) } = options;
  checkPermutation(name, permutation, outputs);
  const parsed = parsePattern(name, pattern);
  const forward = compress(weight, { ...parsed, axis: inputAxis });
  const { indices } = compressBackward(forward, { ...parsed, inputs, permutation });
  return maskAt(indices, { lines: inputs, size: outputs, axis: inputAxis === 1 ? 0 : 1 });
}
