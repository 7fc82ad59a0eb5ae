import { bind, type NDArray, np, type Primitive } from '@forback/core';
import type { Pattern } from '../pattern';
import { maskPrimitive } from './mask-primitive';
import { checkMask, checkMatrix, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';
import { checkPermutation } from './permutation';

interface BackwardParams extends Pattern {
  readonly inputAxis: 0 | 1;
}

const backwardPrimitive: Primitive<BackwardParams> = /* @__PURE__ */ maskPrimitive<BackwardParams>({
  name: 'backwardMask',
  kernel([rows = 0, columns = 0], { n, m, inputAxis }) {
    const [inputs, outputs, inputStep, outputStep] =
      inputAxis === 1 ? [columns, rows, 1, columns] : [rows, columns, columns, 1];
    return ([weight, forward, permutation], [mask]) => {
      if (!weight || !forward || !permutation || !mask) return;
      mask.fill(0);
      for (let start = 0; start < outputs; start += m) {
        const end = Math.min(start + m, outputs);
        for (let input = 0; input < inputs; input++) {
          // As many passes as are kept: only what F keeps is looked at, so its zeros count like any other magnitude.
          for (let kept = 0; kept < n; kept++) {
            let largest = -1;
            let place = -1;
            for (let k = start; k < end; k++) {
              const i = (permutation[k] as number) * outputStep + input * inputStep;
              if (forward[i] === 0 || mask[i] !== 0) continue;
              const magnitude = Math.abs(weight[i] as number);
              if (magnitude > largest) {
                largest = magnitude;
                place = i;
              }
            }
            if (place < 0) break;
            mask[place] = 1;
          }
        }
      }
    };
  },
});

/** Settings of `backwardMask`. */
export interface BackwardMaskOptions extends MatrixOptions {
  /** int32 [outputs]: groups are M consecutive entries of this order of the outputs. Default: their own order. */
  permutation?: NDArray | undefined;
}

/**
 * The backward mask B ⊆ F: of what F keeps, every input keeps its N largest magnitudes in each group of M permuted outputs.
 * Of equal magnitudes the one that comes first in the permutation stays. The last group may be short.
 *
 * B = F ⊙ P⁻¹ topN_columns(P (W ⊙ F)), Zhang et al. 2023 (Bi-Mask).
 *
 * @param weight - float matrix, [outputs, inputs] unless `inputAxis` is 0.
 * @param forward - F, bool of the same shape.
 * @returns bool of the same shape.
 * @throws ArgumentError for a permutation that is none.
 */
export function backwardMask(
  weight: NDArray,
  forward: NDArray,
  pattern: PatternLike,
  options: BackwardMaskOptions = {},
): NDArray {
  const name = 'backwardMask';
  const { inputAxis = 1 } = options;
  checkMatrix(name, weight, inputAxis);
  checkMask(name, 'the forward mask', forward, weight.shape);
  const outputs = weight.shape[1 - inputAxis] as number;
  const { permutation = np.arange(outputs) } = options;
  checkPermutation(name, permutation, outputs);
  const params = { ...parsePattern(name, pattern), inputAxis };
  return bind(backwardPrimitive, [weight, forward, permutation], params)[0] as NDArray;
}
