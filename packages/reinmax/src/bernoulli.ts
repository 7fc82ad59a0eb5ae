import { DTypeError, NDArray, np, type random, ShapeError } from '@forback/core';
import { checkFloat, showType } from './checks';
import type { Draw, Estimator, EstimatorOptions, ScoreDraw } from './draw';

/** Options of an estimator of bits. */
export interface BernoulliOptions extends Pick<EstimatorOptions, 'temperature'> {
  /** Bits (0 or 1, floats) of the logits' shape to be used instead of a draw. */
  sample?: NDArray;
}

/**
 * An estimator for bits from one for categories: a Bernoulli variable with logit ℓ is the choice between (ℓ, 0).
 *
 * @param estimator - any of this package, or your own with other options bound.
 * @returns a function of logits of any shape; its sample (0 or 1) and probs (of a 1) have that shape, as has logProb.
 */
export function bernoulliEstimator(
  estimator: Estimator,
): (logits: NDArray, key: random.Key, options?: BernoulliOptions) => Draw | ScoreDraw {
  return (logits, key, options = {}) => {
    checkFloat('bernoulliEstimator', 'logits', logits);
    const { sample, temperature } = options;
    const pair = np.stack([logits, np.zerosLike(logits)], -1);
    const draw = estimator(pair, key, {
      ...(temperature === undefined ? {} : { temperature }),
      ...(sample === undefined ? {} : { sample: pairOf(sample, logits) }),
    });
    const first = (x: NDArray) => x.slice(...logits.shape.map(() => null), [0, 1]).reshape(logits.shape);
    return { ...draw, sample: first(draw.sample), probs: first(draw.probs) };
  };
}

function pairOf(bits: NDArray, logits: NDArray): NDArray {
  if (!(bits instanceof NDArray) || String(bits.shape) !== String(logits.shape)) {
    throw new ShapeError(
      `bernoulliEstimator: expected sample to be bits of the logits' shape [${logits.shape.join(', ')}], ` +
        `got ${bits instanceof NDArray ? showType(bits) : typeof bits}`,
    );
  }
  if (bits.dtype === 'bool') throw new DTypeError(`bernoulliEstimator: expected float bits, got ${showType(bits)}`);
  return np.stack([bits, bits.neg().add(1)], -1);
}
