import { ArgumentError, jit, type NDArray, np, random } from '@forback/core';
import { compress, compressBackward } from '../compressed';
import { maskAt } from '../masks/forward-mask';
import { checkSearch, type PermutationSearch, searchPermutation } from '../masks/permutation-search';
import { softThreshold, softThresholdScale } from '../masks/soft-threshold';
import { checkSolver, type TransposableMaskOptions, transposableMask } from '../masks/transposable-mask';
import type { Pattern } from '../pattern';
import type { DecayOptions, LayerSparsity, MaskedWeight, MaskOptions, SparseMethod } from './method';

/** Settings of `biMask`. */
export interface BiMaskOptions extends DecayOptions, Pick<PermutationSearch, 'search' | 'candidates' | 'swaps'> {
  /** A permutation is looked for every so many steps. Default: 100 (README of the authors' code, --iter). */
  permuteEvery?: number;
}

/** Settings of `transposable`. */
export interface TransposableOptions extends MaskOptions, TransposableMaskOptions {}

/**
 * Bi-Mask: forward with F, N of M along the inputs; the gradient for the inputs with B ⊆ F, N of M along the permuted
 * outputs; the gradient of the weights straight through, plus λ (1 − F) ⊙ W. Zhang et al. 2023 (ICML).
 *
 * On a CPU, F can be transposed exactly as well (`srSte`); B's use there is 1/κ fewer multiplications.
 *
 * @param key - uint32 [2], for the permutations. The same key gives the same bits.
 */
export function biMask(key: random.Key, options: BiMaskOptions = {}): SparseMethod {
  const { maskEvery = 1, permuteEvery = 100, decay = 2e-4, shared = false, ...search } = options;
  checkInterval('biMask', 'permuteEvery', permuteEvery);
  checkSearch('biMask', search);
  return {
    ...method('biMask', { maskEvery, decay }),
    masks({ index, pattern, matrix, inputAxis }, previous, step) {
      const [inputs, outputs] = [matrix.shape[inputAxis] as number, matrix.shape[1 - inputAxis] as number];
      let permutation = previous?.permutation ?? null;
      if (permutation === null || step % permuteEvery === 0) {
        const own = random.foldIn(random.foldIn(key, index), step);
        const start = permutation ?? undefined;
        const forward = forwardPlaces(matrix, pattern, inputAxis, shared);
        const mask = maskAt(forward, { lines: outputs, size: inputs, axis: 1 });
        permutation = searchPermutation(mask, pattern, own, { ...search, start }).permutation;
      }
      return { ...placesOfBoth(matrix, permutation, pattern, inputAxis, shared), permutation, scale: null };
    },
  };
}

/**
 * SR-STE: F forward and, transposed exactly, backward; the gradient of the weights straight through, plus λ (1 − F) ⊙ W.
 * Zhou et al. 2021 (ICLR). With `decay: 0` it is the plain straight-through estimator. It is also the baseline with the
 * exact transpose, which needs no second mask on a CPU.
 */
export function srSte(options: DecayOptions = {}): SparseMethod {
  const { maskEvery = 1, decay = 2e-4, shared = false } = options;
  return { ...method('srSte', { maskEvery, decay }), masks: (weight) => largest(weight, shared) };
}

/**
 * One mask for both directions: at most N of M in the rows and in the columns of every M × M tile; plain straight-through
 * gradient. Hubara et al. 2021 (NeurIPS).
 *
 * `maskEvery` is 40 by default, as in their code.
 */
export function transposable(options: TransposableOptions = {}): SparseMethod {
  const { maskEvery = 40, solver = 'greedy' } = options;
  checkSolver('transposable', solver);
  return {
    ...method('transposable', { maskEvery, decay: 0 }),
    masks({ pattern, matrix, inputAxis }) {
      const mask = transposableMask(matrix, pattern, { solver }).astype(matrix.dtype);
      const places = (axis: 0 | 1): NDArray => {
        const { values, indices } = compress(mask, { ...pattern, axis });
        return np.where(values.greater(0), indices, -1);
      };
      return { forward: places(inputAxis), backward: places(inputAxis === 1 ? 0 : 1), permutation: null, scale: null };
    },
  };
}

/**
 * One-shot magnitude pruning: the mask of the first weights, for ever; pruned weights have no gradient. For fine-tuning a
 * trained network, as NVIDIA's ASP does (Mishra et al. 2021).
 */
export function oneShot(): SparseMethod {
  const never = method('oneShot', { maskEvery: Number.POSITIVE_INFINITY, decay: 0 });
  return { ...never, straightThrough: false, masks: (weight) => largest(weight, false) };
}

/**
 * S-STE: products take β S(W), the continuous projection (`softThreshold`) with a scale that is fixed at the start; straight
 * through. Hu et al. 2024 (NeurIPS), for 2:4.
 */
export function sSte(): SparseMethod {
  return {
    ...method('sSte', { maskEvery: 1, decay: 0 }),
    soft: true,
    masks(weight, previous) {
      const { pattern, matrix, inputAxis } = weight;
      const scale = previous?.scale ?? softThresholdScale(matrix, softThreshold(matrix, pattern, { inputAxis }));
      return { ...largest(weight, false), scale };
    },
  };
}

function method(name: string, { maskEvery, decay }: { maskEvery: number; decay: number }) {
  if (maskEvery !== Number.POSITIVE_INFINITY) checkInterval(name, 'maskEvery', maskEvery);
  if (!(decay >= 0 && Number.isFinite(decay))) {
    throw new ArgumentError(`${name}: expected decay of 0 or more, got ${String(decay)}`);
  }
  return { name, maskEvery, decay, straightThrough: true, soft: false };
}

// Compiled, so that only places leave the program, not the entries at them.

const forwardPlaces = /* @__PURE__ */ jit(
  (matrix: NDArray, pattern: Pattern, axis: 0 | 1, shared: boolean): NDArray =>
    compress(matrix, { ...pattern, axis, shared }).indices,
  { staticArgnums: [1, 2, 3], name: 'compress' },
);

const placesOfBoth = /* @__PURE__ */ jit(
  (matrix: NDArray, permutation: NDArray, pattern: Pattern, axis: 0 | 1, shared: boolean) => {
    const forward = compress(matrix, { ...pattern, axis, shared });
    const inputs = matrix.shape[axis] as number;
    return {
      forward: forward.indices,
      backward: compressBackward(forward, { ...pattern, inputs, permutation }).indices,
    };
  },
  { staticArgnums: [2, 3, 4], name: 'compressBackward' },
);

function largest({ pattern, matrix, inputAxis }: MaskedWeight, shared: boolean): LayerSparsity {
  const forward = forwardPlaces(matrix, pattern, inputAxis, shared);
  return { forward, backward: null, permutation: null, scale: null };
}

function checkInterval(name: string, what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ArgumentError(`${name}: expected ${what} to be a whole number of steps from 1 on, got ${String(value)}`);
}
