/** Where the values of an input come from: a hash of their position, so that they are the same everywhere. */
export type Fill =
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Whole numbers from 0 to `below` - 1. */
  | { readonly kind: 'integers'; readonly below: number };

/** An array that every participant reads from the same file. */
export interface InputSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly fill: Fill;
}

export type Optimiser = 'sgd' | 'adam';

/** What is computed. A participant implements the kinds that it can. */
export type Workload =
  /** y = a · b. */
  | { readonly kind: 'gemm' }
  /** y = max(a · b + a, 0) · 0.5 − b, element by element. */
  | { readonly kind: 'arithmetic-chain' }
  /** y = tanh(a · 0.5 + 0.25) · a, element by element. */
  | { readonly kind: 'tanh-chain' }
  /** y = Σ a over an axis, or over all of them. */
  | { readonly kind: 'sum'; readonly axis: 0 | 1 | null }
  /** y = Σ (a − b)². */
  | { readonly kind: 'squared-distance' }
  /** Mean softmax cross entropy of `logits` [n, classes] and `labels` [n], and its gradient. */
  | { readonly kind: 'cross-entropy'; readonly classes: number }
  /** A training step of dense layers with relu between them. */
  | {
      readonly kind: 'mlp-step';
      readonly sizes: readonly number[];
      readonly loss: 'cross-entropy' | 'squared';
      readonly optimiser: Optimiser;
    }
  /** A training step of two 3×3 convolutions with relu and 2×2 max pooling, then a dense layer. */
  | { readonly kind: 'cnn-step'; readonly optimiser: Optimiser }
  /** A 3×3 convolution with zero padding of one, stride 1: itself, or one of its gradients for the cotangent `dy`. */
  | { readonly kind: 'convolution'; readonly part: 'forward' | 'input-gradient' | 'weight-gradient' }
  /** An sgd step of dense layers with relu between them, with a learning rule of @forback/feedback-alignment. */
  | { readonly kind: 'feedback-step'; readonly sizes: readonly number[]; readonly rule: FeedbackRuleName }
  /** y = x (w ⊙ F)ᵀ for the N:M mask F of w, which is chosen before. `shared`: each four rows keep the same places. */
  | { readonly kind: 'sparse-product'; readonly n: number; readonly m: number; readonly shared: boolean }
  /** Choosing the mask of w, and its kept entries in order. */
  | { readonly kind: 'sparse-selection'; readonly n: number; readonly m: number }
  /**
   * A training step of dense layers with relu between them and N:M masks in all but the last (SR-STE), weights
   * [outputs, inputs], plain gradient descent. The masks are chosen every so many steps.
   */
  | {
      readonly kind: 'sparse-step';
      readonly n: number;
      readonly m: number;
      readonly every: number;
      /** Gradients of inputs go back through the forward mask, or through Bi-Mask's. */
      readonly backward: 'forward-mask' | 'bi-mask';
    }
  /** The same step through `sparseTraining`, with new masks before every step. */
  | {
      readonly kind: 'sparse-training';
      readonly n: number;
      readonly m: number;
      readonly method: 'sr-ste' | 'bi-mask';
    }
  /** The same as mlp-step, but every iteration is the first call of the step with so many rows. */
  | { readonly kind: 'mlp-compile'; readonly sizes: readonly number[] }
  /** An adam step of the autoencoder of @forback/reinmax/examples on `x`: ours with ReinMax, the peer with straight-through. */
  | {
      readonly kind: 'categorical-vae-step';
      readonly hidden: readonly number[];
      readonly categories: number;
      readonly latents: number;
      /** Of the backward pass, for both. */
      readonly temperature: number;
    }
  /** Which of x and y = tanh 2x + (x + 3)/5 · noise is the cause: LOCI with splines (Immer et al. 2023). */
  | { readonly kind: 'causal-pair' }
  /** The same for every pair of the published suites. */
  | { readonly kind: 'causal-suites' };

export type FeedbackRuleName = 'fa' | 'dfa' | 'ifa' | 'uSF' | 'kolenPollack' | 'pfa-4' | 'pfa-o';

export type Metric =
  /** Work done per second, in units of 10⁹: `work` is per iteration, in single units. More is better. */
  | { readonly kind: 'rate'; readonly unit: 'GFLOP/s' | 'GB/s'; readonly work: number }
  /** Time per iteration. Less is better. */
  | { readonly kind: 'time'; readonly unit: 'µs' | 'ms' }
  /** The most memory that the process ever had resident. Less is better. */
  | { readonly kind: 'memory'; readonly unit: 'MB' };

export interface OutputSpec {
  readonly name: string;
  /** Largest ‖ours − theirs‖ / ‖ours‖ that counts as equal. */
  readonly tolerance: number;
  /** Compare the change from the input of the same name, which is small against the value. */
  readonly change?: boolean;
}

export interface BenchCase {
  readonly id: string;
  readonly group: string;
  /** What is computed, for people. */
  readonly title: string;
  readonly workload: Workload;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly metric: Metric;
  /** Floating-point operations of an iteration, where they are what takes the time. */
  readonly flops?: number;
  /** Compares forback with itself: who takes part beside it. Default: everybody but such variants of forback. */
  readonly against?: readonly string[];
  /** Every sample is taken in a new process: so many iterations after so many that are not timed. */
  readonly fresh?: FreshProcess;
}

export interface FreshProcess {
  readonly warm: number;
  readonly iterations: number;
}

export function uniform(name: string, shape: readonly number[], low = -1, high = 1): InputSpec {
  return { name, shape, dtype: 'float32', fill: { kind: 'uniform', low, high } };
}

export function integers(name: string, shape: readonly number[], below: number): InputSpec {
  return { name, shape, dtype: 'int32', fill: { kind: 'integers', below } };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
