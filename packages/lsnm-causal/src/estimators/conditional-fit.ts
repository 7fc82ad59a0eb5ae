/** A fitted model of an effect given its cause, in the units in which it was fitted. */
export interface ConditionalFit {
  /** Log-likelihood of each row in nats, without penalties. */
  readonly logLikelihoods: Float64Array;
  /** (effect − location) / scale for each row. */
  readonly residuals: Float64Array;
  /** Mean and standard deviation of the effect at given causes. */
  predict(cause: ArrayLike<number>): { mean: Float64Array; std: Float64Array };
  /** Iterations of the solver. */
  readonly iterations: number;
  /** Whether the solver met its tolerance. */
  readonly converged: boolean;
}

/** Mean of a vector. */
export function mean(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

/** ½ ln 2π. */
export const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);
