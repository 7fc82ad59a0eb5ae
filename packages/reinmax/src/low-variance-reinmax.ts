import { ArgumentError, type NDArray, nn, np, type random, stopGradient } from '@forback/core';
import { categorical, drawSample, simplexJacobian, temperatureFor, withDerivative } from './categorical';
import { checkCount } from './checks';
import { conditionalGumbel } from './conditional-gumbel';
import type { Draw, EstimatorOptions } from './draw';
import { meanJacobian, perturbedSample, resampleKey } from './gumbel';
import { reinmaxJacobian, reinmaxResiduals } from './reinmax';

/** Options of `reinmaxRao`. */
export interface ReinmaxRaoOptions extends EstimatorOptions {
  /** R, how many times the noise is redrawn for each sample. Default: 50 (Wang and Bui 2026, R ≈ 50). */
  resamples?: number;
  /** Temperature of the Gumbel-softmax Jacobians. Default: 1. */
  gumbelTemperature?: NDArray | number;
}

/** Options of `reinmaxCV`. */
export interface ReinmaxCVOptions extends ReinmaxRaoOptions {
  /** η, the weight of the control variate. Default: 1 (Wang and Bui 2026 use 0.5 to 2). */
  weight?: number;
}

/**
 * ReinMax-Rao: 2 J_GR g − ½ J(π) g, where the Jacobian at π_D = (π_τ + D)/2 is replaced by a Gumbel-Rao one at the logits
 * log π_D, its noise redrawn given D (Wang and Bui 2026, arXiv 2603.08257).
 *
 * Less variance than `reinmax`, at the price of its exactness: it is biased for quadratic f.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known), or a
 * number of resamples below 1.
 */
export function reinmaxRao(logits: NDArray, key: random.Key, options: ReinmaxRaoOptions = {}): Draw {
  const where = 'reinmaxRao';
  const { resamples = 50 } = options;
  checkCount(where, 'resamples', resamples);
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const gumbelTemperature = temperatureFor(where, 'gumbelTemperature', options.gumbelTemperature ?? 1, c.fixed);
  const probs = nn.softmax(c.logits);
  const hard = drawSample(c, key);
  const redrawn = conditionalGumbel(logMidpoint(c.fixed, hard, temperature), hard, resampleKey(key), resamples);
  const residuals = {
    soft: nn.softmax(redrawn.div(gumbelTemperature)),
    probs: stopGradient(probs),
    factor: np.full([], 2, { dtype: c.fixed.dtype }).div(gumbelTemperature),
  };
  const sample = withDerivative(hard, c.logits, residuals, (kept, t) =>
    meanJacobian(kept.soft, t).mul(kept.factor).sub(simplexJacobian(kept.probs, t).mul(0.5)),
  );
  return { sample: c.restore(sample), probs: c.restore(probs) };
}

/**
 * ReinMax with a control variate: ĝ − η (J_GS − J_GR) g, with J_GS the straight-through Gumbel-softmax Jacobian at the logits
 * log π_D with the noise that made the sample, and J_GR its mean over R redraws given D (Wang and Bui 2026, arXiv 2603.08257).
 *
 * The noise is redrawn from its law given D under `logits`, so that the control variate has mean zero for every D, and the bias
 * is exactly that of `reinmax`. For the same reason the variance is never below that of `reinmax`, which is a function of D
 * alone and so uncorrelated with it. `reinmaxRao` lowers the variance, with another bias.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known), a number of
 * resamples below 1, or a weight that is not finite.
 */
export function reinmaxCV(logits: NDArray, key: random.Key, options: ReinmaxCVOptions = {}): Draw {
  const where = 'reinmaxCV';
  const { resamples = 50, weight = 1 } = options;
  checkCount(where, 'resamples', resamples);
  if (!Number.isFinite(weight))
    throw new ArgumentError(`${where}: expected weight to be a finite number, got ${weight}`);
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const gumbelTemperature = temperatureFor(where, 'gumbelTemperature', options.gumbelTemperature ?? 1, c.fixed);
  const probs = nn.softmax(c.logits);
  const { hard, perturbed } = perturbedSample(c, key);
  const redrawn = conditionalGumbel(c.fixed, hard, resampleKey(key), resamples);
  // From the logits to log π_D, with the same noise. Forbidden categories stay at −Infinity.
  const logp = nn.logSoftmax(c.fixed);
  const possible = logp.greater(Number.NEGATIVE_INFINITY);
  const shift = np.where(possible, logMidpoint(c.fixed, hard, temperature).sub(np.where(possible, logp, 0)), 0);
  const soften = (noisy: NDArray) => nn.softmax(noisy.add(shift).div(gumbelTemperature));
  const residuals = {
    own: reinmaxResiduals(c.fixed, stopGradient(probs), hard, temperature),
    soft: soften(perturbed),
    redrawn: soften(redrawn),
    factor: np.full([], weight, { dtype: c.fixed.dtype }).div(gumbelTemperature),
  };
  const sample = withDerivative(hard, c.logits, residuals, (kept, t) => {
    const control = simplexJacobian(kept.soft, t).sub(meanJacobian(kept.redrawn, t));
    return reinmaxJacobian(kept.own, t).sub(control.mul(kept.factor));
  });
  return { sample: c.restore(sample), probs: c.restore(probs) };
}

/** log π_D with π_D = (π_τ + D) / 2. */
function logMidpoint(logits: NDArray, hard: NDArray, temperature: NDArray | number): NDArray {
  const logp = nn.logSoftmax(logits.div(temperature));
  const chosen = np.log1p(np.exp(logp));
  return np.where(hard.greater(0), chosen, logp).sub(Math.LN2);
}
