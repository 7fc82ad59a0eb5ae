import type { NDArray, Shape } from '@forback/core';
import type { Feedback } from './feedback';
import type { LinearStep } from './linear-steps';
import type { ProductLayer, Rows } from './product-layer';

/** The error of an output layer: of a product whose result reaches the loss through no other product of a parameter. */
export interface OutputError extends Rows {
  /** Name of the output layer. */
  readonly name: string;
}

/** The gradient of a layer's weight. */
export interface WeightGradient {
  /** In the parameter's shape, everything included that the loss does with the parameter. */
  readonly gradient: NDArray;
  /** Whether all of it comes from this one product: errorᵀ · input. */
  readonly alone: boolean;
}

/** One backward pass, as a rule sees it. */
export interface FeedbackPass {
  /** The arguments of the loss. */
  readonly args: readonly unknown[];
  /**
   * A feedback array of the layer that the optimiser does not change: looked up in the given feedback, or made.
   *
   * @throws ArgumentError or ShapeError if the given feedback has none of this name, or another shape or dtype than the
   * shape asked for and the dtype of the layer's weight.
   */
  fixed(layer: ProductLayer, name: string, shape: Shape, make: () => NDArray): NDArray;
  /** The same for an array that is trained together with the parameters. */
  learned(layer: ProductLayer, name: string, shape: Shape, make: () => NDArray): NDArray;
  /** The exact errors of the output layers that lie between this layer's output and the loss, or of the layer itself. */
  outputErrors(layer: ProductLayer): readonly OutputError[];
  /** What `sendForward` has for the layer's input. */
  readonly forwarded: ReadonlyMap<string, NDArray>;
}

/**
 * How errors travel from a layer's output to its input. A rule is called for every product of a parameter (matrix
 * product, einsum, convolution) whose input depends on the parameters, from the last to the first. Everything else in
 * the model, and the gradient of every weight given the error at its layer's output, is ordinary backpropagation.
 */
export interface FeedbackRule {
  readonly name: string;
  /** What is sent to the layer's input; an array of the input's shape, or null for no error. */
  sendBack(layer: ProductLayer, pass: FeedbackPass): NDArray | null;
  /**
   * For rules whose errors travel from the first layer to the last: called once, before any error is sent.
   *
   * @param steps - what lies between the parameters and the errors, in the order of the forward pass.
   * @returns what `sendBack` will find in `pass.forwarded`, by the layer's name.
   */
  sendForward?(steps: readonly LinearStep[], pass: FeedbackPass): ReadonlyMap<string, NDArray>;
  /** The gradient of the learned feedback that belongs to the layer, and its name. */
  learn?(layer: ProductLayer, pass: FeedbackPass, weight: WeightGradient): readonly [name: string, gradient: NDArray];
  /** The layer's feedback and its weight in one shape, for alignment; absent where they cannot be compared. */
  compare?(layer: ProductLayer, pass: FeedbackPass): readonly [feedback: NDArray, weight: NDArray];
}

/** Options that say which rule, with which feedback, on which parameters. */
export interface RuleOptions {
  /** Where errors go, such as `fa(key)`. */
  rule: FeedbackRule;
  /**
   * Made once by `initFeedback` and kept with the parameters. Without it, feedback is made from the rule's key at every
   * call: the same numbers, but more work, and none of it can learn.
   */
  feedback?: Feedback | undefined;
  /**
   * Which parameters' products send their errors by the rule, by the path in the tree and the array. The others
   * backpropagate. Default: all.
   */
  select?: (path: string, parameter: NDArray) => boolean;
  /** Which argument of the loss holds the parameters. Default: 0. */
  argnums?: number;
}
