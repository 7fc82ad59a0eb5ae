import { type NDArray, nn, type random, stopGradient } from '@forback/core';
import { categorical, drawSample, simplexJacobian, temperatureFor, withDerivative } from './categorical';
import type { Draw, EstimatorOptions } from './draw';

/**
 * ReinMax: 2 J((π_τ + D)/2) g − ½ J(π) g (Liu et al. 2023, algorithm 2), a straight-through gradient of second order, at
 * the cost of straight-through.
 *
 * At τ = 1 its mean is the exact gradient of E[f(D)] for every f that is quadratic in the sample. For other f another τ can
 * lower bias or variance, or neither: `exactMoments` and `diagnose` tell. 1 to 1.5 is usual; the published package refuses
 * less than 1.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known).
 */
export function reinmax(logits: NDArray, key: random.Key, options: EstimatorOptions = {}): Draw {
  const where = 'reinmax';
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const probs = nn.softmax(c.logits);
  const hard = drawSample(c, key);
  const residuals = reinmaxResiduals(c.fixed, stopGradient(probs), hard, temperature);
  const sample = withDerivative(hard, c.logits, residuals, reinmaxJacobian);
  return { sample: c.restore(sample), probs: c.restore(probs) };
}

/** What the derivative needs. */
export interface ReinmaxResiduals {
  /** D − π_τ. */
  deviation: NDArray;
  /** π_τ. */
  soft: NDArray;
  /** π; null where it is π_τ. */
  probs: NDArray | null;
}

export function reinmaxResiduals(
  logits: NDArray,
  probs: NDArray,
  hard: NDArray,
  temperature: NDArray | number,
): ReinmaxResiduals {
  if (temperature === 1) return { deviation: hard.sub(probs), soft: probs, probs: null };
  const soft = nn.softmax(logits.div(temperature));
  return { deviation: hard.sub(soft), soft, probs };
}

/**
 * J(π_τ) t + ½ v ⟨v, t⟩ − ½ J(π) t with v = D − π_τ: equal to the form of the paper, without a division or a logarithm that
 * extreme logits could upset.
 */
export function reinmaxJacobian({ deviation: v, soft, probs }: ReinmaxResiduals, t: NDArray): NDArray {
  const spread = v.mul(v.mul(t).sum(-1, { keepDims: true }));
  const first = simplexJacobian(soft, t);
  if (probs === null) return first.add(spread).mul(0.5);
  return first.add(spread.sub(simplexJacobian(probs, t)).mul(0.5));
}
