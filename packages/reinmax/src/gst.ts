import { ArgumentError, type NDArray, nn, np, type random } from '@forback/core';
import { categorical, drawSample, simplexJacobian, temperatureFor, withDerivative } from './categorical';
import type { Draw, EstimatorOptions } from './draw';

/** Options of `gst`. */
export interface GstOptions extends EstimatorOptions {
  /**
   * m, by how much the chosen logit leads the others: a number above 0, or `'probability'` for −log(1 − π_D) / π_D, which
   * grows with the probability of the choice. Default: 1 (GST-1.0).
   */
  gap?: number | 'probability';
}

/**
 * Gap straight-through: J(softmax(θ' / τ)) g / τ, where θ' has the chosen logit raised to the largest and every other one
 * lowered until it is at least m below (Fan et al. 2022, section 3). Deterministic given the sample.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known), or a gap
 * that is not above 0.
 */
export function gst(logits: NDArray, key: random.Key, options: GstOptions = {}): Draw {
  const where = 'gst';
  const { gap = 1 } = options;
  if (gap !== 'probability' && !(typeof gap === 'number' && gap > 0 && Number.isFinite(gap))) {
    throw new ArgumentError(
      `${where}: expected gap to be a finite number above 0 or 'probability', got ${String(gap)}`,
    );
  }
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const hard = drawSample(c, key);
  const soft = nn.softmax(gapLogits(c.fixed, hard, gap).div(temperature));
  const sample = withDerivative(hard, c.logits.div(temperature), soft, simplexJacobian);
  return { sample: c.restore(sample), probs: c.restore(nn.softmax(c.logits)) };
}

/** θ': the chosen logit at the maximum, the others at most the maximum − m. Forbidden ones stay at −Infinity. */
export function gapLogits(logits: NDArray, hard: NDArray, gap: number | 'probability'): NDArray {
  const top = logits.max(-1, { keepDims: true });
  const ceiling = top.sub(gap === 'probability' ? probabilityGap(logits, hard) : gap);
  return np.where(hard.greater(0), top, np.minimum(logits, ceiling));
}

/** m = −log(1 − π_D) / π_D, in logarithms where π_D is near 1, by its series where it is near 0. */
function probabilityGap(logits: NDArray, hard: NDArray): NDArray {
  const logp = nn.logSoftmax(logits);
  const chosen = hard.greater(0);
  const p = np.where(chosen, np.exp(logp), 0).sum(-1, { keepDims: true });
  const others = np.where(chosen, Number.NEGATIVE_INFINITY, logp);
  // Without another category that is possible, any finite gap does.
  const logRest = np.maximum(np.logsumexp(others, -1, { keepDims: true }), -1e4);
  const small = p.less(1e-3);
  const series = p.mul(p.mul(1 / 3).add(0.5)).add(1);
  return np.where(small, series, logRest.neg().div(np.where(small, 1, p)));
}
