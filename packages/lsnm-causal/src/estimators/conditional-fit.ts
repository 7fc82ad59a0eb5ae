/** A fitted model of an effect given its cause, in the units in which it was fitted. */
export interface ConditionalFit {
  /** Log-likelihood of each row in nats, without penalties. */
  readonly logLikelihoods: Float64Array;
  /** (effect − location)/scale of each row. */
  readonly residuals: Float64Array;
  /** Mean and standard deviation of the effect at given causes. */
  predict(cause: ArrayLike<number>): { mean: Float64Array; std: Float64Array };
  /** Iterations of the solver. */
  readonly iterations: number;
  /** Whether the solver met its tolerance. */
  readonly converged: boolean;
}

/** ½ ln 2π. */
export const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** Residuals and Gaussian log-likelihoods of rows at their mean and standard deviation. */
export function gaussianRows(
  effect: Float64Array,
  { mean, std }: { readonly mean: Float64Array; readonly std: Float64Array },
): Pick<ConditionalFit, 'logLikelihoods' | 'residuals'> {
  const residuals = effect.map((y, i) => (y - (mean[i] as number)) / (std[i] as number));
  const logLikelihoods = residuals.map((r, i) => -0.5 * r * r - Math.log(std[i] as number) - halfLogTwoPi);
  return { logLikelihoods, residuals };
}

/** Mean log-likelihood of a row. */
export function meanLogLikelihood({ logLikelihoods }: ConditionalFit): number {
  let total = 0;
  for (const value of logLikelihoods) total += value;
  return total / logLikelihoods.length;
}
