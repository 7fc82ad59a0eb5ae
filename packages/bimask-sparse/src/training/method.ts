import type { NDArray } from '@forback/core';
import type { Pattern } from '../pattern';

/** A weight that gets a mask. */
export interface MaskedWeight {
  /** Position among the layers: keys of different layers differ by it. */
  readonly index: number;
  readonly pattern: Pattern;
  /** float matrix with known numbers. */
  readonly matrix: NDArray;
  /** Which axis of the matrix numbers the inputs. */
  readonly inputAxis: 0 | 1;
}

/** What is kept of a layer between steps; a tree of arrays. */
export interface LayerSparsity {
  /** int32 [outputs, kept]: the inputs that each output keeps. −1 is an empty place. */
  readonly forward: NDArray;
  /** int32 [inputs, kept]: the outputs through which each input gets its gradient. Null: all those that F connects. */
  readonly backward: NDArray | null;
  /** int32 [outputs]: Bi-Mask's order of the outputs. */
  readonly permutation: NDArray | null;
  /** float scalar: S-STE's β. */
  readonly scale: NDArray | null;
}

/** The same with what training adds. */
export interface LayerState extends LayerSparsity {
  /** F as a bool array of the parameter's shape, for methods that treat what it leaves out in its own way; else null. */
  readonly mask: NDArray | null;
}

/** How masks are chosen and what is done with what they leave out. Made by `biMask`, `srSte` and others. */
export interface SparseMethod {
  readonly name: string;
  /** Masks are chosen anew every so many steps; Infinity: never. */
  readonly maskEvery: number;
  /** λ: the gradient of a weight gets λ (1 − F) ⊙ W. */
  readonly decay: number;
  /** Whether weights that are left out have a gradient (straight through). */
  readonly straightThrough: boolean;
  /** The products take S-STE's projection of the weights instead of the masked weights. */
  readonly soft: boolean;
  /**
   * The masks of a layer.
   *
   * @param previous - null at the start.
   * @param step - steps done.
   */
  masks(weight: MaskedWeight, previous: LayerSparsity | null, step: number): LayerSparsity;
}

/** Settings that all methods with a mask of their own share. */
export interface MaskOptions {
  /**
   * Masks are chosen anew every so many steps. Default: 1, as in the papers. More is cheaper, and **deviates from the
   * papers**.
   */
  maskEvery?: number;
}

/** Settings of methods that shrink what the mask leaves out. */
export interface DecayOptions extends MaskOptions {
  /** λ, in the gradient of pruned weights: λ (1 − F) ⊙ W. Default: 2e-4 (Zhou et al. 2021; Zhang et al. 2023). */
  decay?: number;
  /** Four neighbouring outputs share their mask, which makes products faster and the mask coarser. Default: false. */
  shared?: boolean;
}
