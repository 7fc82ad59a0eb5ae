import type { NDArray } from '../array/ndarray';
import type { Key } from '../random';

export interface ApplyOptions {
  /** Training: dropout drops, batch normalisation uses and records the batch's statistics. Default: false. */
  train?: boolean;
  /** For layers that draw random numbers while they train. */
  key?: Key;
}

/** A pair of pure functions. The parameters are a plain tree that belongs to the caller. */
export interface Layer<Params> {
  /** Initial parameters. */
  init(key: Key): Params;
  /** The layer's output for a batch x; see each layer for the shapes. */
  apply(params: Params, x: NDArray, options?: ApplyOptions): NDArray;
}

/**
 * A layer with a state that changes without a gradient, such as running statistics. It is a tree of its own, so that
 * `grad` and the optimiser see the parameters alone.
 */
export interface StatefulLayer<Params, State> {
  init(key: Key): Params;
  /** The state before training. */
  initState(): State;
  /** The output, and the state to use next; without `train` the state comes back as it was. */
  apply(params: Params, state: State, x: NDArray, options?: ApplyOptions): [y: NDArray, state: State];
}

/** The parameters of a layer; null for a plain function. */
export type ParamsOf<L> = L extends { init(key: Key): infer Params } ? Params : null;

/** The state of a layer; null if it has none. */
export type StateOf<L> = L extends { initState(): infer State } ? State : null;

/** A weight, and a bias unless `bias: false` is given. */
export type WeightAndBias<Bias extends boolean> = boolean extends Bias
  ? { weight: NDArray; bias?: NDArray }
  : Bias extends true
    ? { weight: NDArray; bias: NDArray }
    : { weight: NDArray };
