import type { random } from '@forback/core';

/** What is used of an `AbortSignal`: the types compile without those of DOM and Node. */
export interface AbortSignalLike {
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * How the direction is found.
 *
 * - `loci`: Gaussian location-scale noise, y = f(x) + g(x) n (Immer et al. 2023).
 * - `anm`: additive noise of constant variance, y = f(x) + n (Hoyer et al. 2009).
 * - `roche`: Student-t location-scale noise (Tran et al. 2024).
 * - `reci`: the smaller regression error after scaling to [0, 1] (Blöbaum et al. 2018).
 * - `igci`: entropies of the two marginals (Janzing et al. 2012).
 * - `marginal`: a control that never looks at both variables together: the variable closer to a normal distribution is
 *   called the cause. A benchmark on which it does well says little about any method.
 */
export type MethodName = 'loci' | 'anm' | 'roche' | 'reci' | 'igci' | 'marginal';

/**
 * What regresses the effect on the cause: B-splines in natural parameters, a convex problem (`spline`); one polynomial
 * in the same way (`polynomial`); a network with one hidden layer (`nn`); or iterated least squares on the splines, a
 * baseline for location-scale noise (`ifgls`).
 */
export type EstimatorName = 'spline' | 'polynomial' | 'nn' | 'ifgls';

/** The noise of the effect given its cause. */
export type NoiseName = 'location-scale' | 'homoscedastic' | 'student-t';

/** What decides: the higher likelihood of the effect given the cause, or the residuals that depend less on the cause. */
export type RuleName = 'likelihood' | 'hsic';

/** The B-splines of an estimator. */
export interface FeatureOptions {
  /**
   * Equidistant knots between the smallest and the largest cause, 2 or more. Default: 25 (LOCI's released
   * configurations), fewer where there would be less than three rows for each of the knots + degree − 1 functions.
   */
  readonly knots?: number;
  /** Degree of the pieces, 1 or more. Default: 5 (LOCI's released configurations). */
  readonly degree?: number;
}

/** The network of the estimator `nn`. */
export interface NeuralOptions {
  /** Hidden tanh units. Default: 100 (LOCI's released configurations). */
  readonly hidden?: number;
  /**
   * `adam`: the published schedule, full batches, 0.01 to 1e-6 on a cosine. `lbfgs`: the same likelihood, until the
   * last 50 steps gain less than 0.001 a row: about a tenth of the work. Default: lbfgs.
   */
  readonly optimiser?: 'adam' | 'lbfgs';
  /** Steps at most. Default: 5000 for adam (LOCI's released configurations), 1000 for lbfgs. */
  readonly steps?: number;
}

/** Where a long piece of work is. */
export interface DiscoverProgress {
  /** What is going on. */
  readonly stage: 'fit' | 'independence';
  /** Which way: the model of y given x, or of x given y. */
  readonly direction: 'x->y' | 'y->x';
  /** Share of this stage that is done, from 0 to 1. */
  readonly done: number;
}

/** Settings of `discoverDirection`. */
export interface DirectionOptions {
  /** Default: loci. The defaults of `estimator` and `noise` depend on it. */
  readonly method?: MethodName;
  /** Default: spline; nn for roche. Not for reci, igci and marginal, nor are `noise` and `rule`. */
  readonly estimator?: EstimatorName;
  /** Default: location-scale; homoscedastic for anm; student-t for roche. */
  readonly noise?: NoiseName;
  /** Default: hsic, the rule of LOCI's packaged entry, of ANM and of ROCHE. */
  readonly rule?: RuleName;
  /**
   * Whether both variables are brought to mean 0 and variance 1 first. Default: true (LOCI, all 13 configurations). false
   * with igci compares entropies in the units of the data, whatever the reference; reci and marginal know no units.
   */
  readonly standardise?: boolean;
  /** The B-splines of `spline`, `polynomial` (which ignores knots) and `ifgls`. */
  readonly features?: FeatureOptions;
  /** The network of `nn`. */
  readonly neural?: NeuralOptions;
  /** Reference distribution of igci: variance 1 for gaussian, [0, 1] for uniform. Default: gaussian. */
  readonly reference?: 'gaussian' | 'uniform';
  /**
   * How p-values of independence come about: from Gretton's gamma approximation, from permutations of the residuals, or
   * not at all, which with the rule `likelihood` leaves out HSIC too. Default: gamma.
   */
  readonly independenceTest?: 'gamma' | 'permutation' | 'none';
  /** Permutations for `independenceTest: 'permutation'`. Default: 200. */
  readonly permutations?: number;
  /** Level below which a p-value rejects a direction, between 0 and 1. Default: 0.05. */
  readonly alpha?: number;
  /** A direction of lower confidence is reported as undecided; from 0 to 1. igci and marginal have none. Default: 0. */
  readonly minConfidence?: number;
  /** Rows to use at most; more are sampled with the key, and a warning says so. Default: all. */
  readonly maxN?: number;
  /** A seed or a key for what is random: the rows of `maxN`, the start of `nn`, permutations. Default: 0. */
  readonly key?: number | random.Key;
  /** Stops the work: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignalLike;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: DiscoverProgress) => void;
}
