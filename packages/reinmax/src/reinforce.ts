import { ArgumentError, NDArray, nn, np, type random, ShapeError, stopGradient } from '@forback/core';
import { categorical, drawSample } from './categorical';
import { checkFloat, showType } from './checks';
import type { Draw, SampleOptions, ScoreDraw } from './draw';

/**
 * REINFORCE (Williams 1992): f(D) ∇ log π(D), unbiased for any f, differentiable or not. The estimator with the largest
 * variance: give `surrogateCost` a baseline.
 *
 * Nothing flows through the sample; `surrogateCost(cost, draw)` puts the gradient in.
 *
 * @returns sample and probs of the logits' shape, logProb without the category axis.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known).
 */
export function reinforce(logits: NDArray, key: random.Key, options: SampleOptions = {}): ScoreDraw {
  const c = categorical('reinforce', logits, options);
  const hard = drawSample(c, key);
  const logProb = np.where(hard.greater(0), nn.logSoftmax(c.logits), 0).sum(-1);
  return { sample: c.restore(hard), probs: c.restore(nn.softmax(c.logits)), logProb };
}

/** Options of `surrogateCost`. */
export interface SurrogateOptions {
  /**
   * What is subtracted from the cost in the score-function term: a number, or an array that broadcasts to the cost. It must
   * not depend on the sample that it is used for: `leaveOneOut`, `movingAverage`, a prediction. Default: 0.
   */
  baseline?: NDArray | number;
}

/**
 * The cost itself in value; its gradient also has (cost − baseline) ∇ log p(sample) where the draw is of `reinforce`. For
 * every other estimator it is the cost unchanged, so that estimators can be exchanged without another line.
 *
 * @param cost - shape S, one number for each independent term of the objective.
 * @param draw - its logProb is [...S, ...latents]: the choices that the term depends on are summed.
 */
export function surrogateCost(cost: NDArray, draw: Draw | ScoreDraw, options: SurrogateOptions = {}): NDArray {
  const where = 'surrogateCost';
  checkFloat(where, 'cost', cost);
  if (!('logProb' in draw)) return cost;
  const { logProb } = draw;
  const { baseline = 0 } = options;
  const fits = cost.ndim <= logProb.ndim && cost.shape.every((n, i) => n === logProb.shape[i]);
  if (!fits) {
    throw new ShapeError(
      `${where}: expected the shape of cost to begin that of logProb [${logProb.shape.join(', ')}], got ${showType(cost)}; ` +
        'sum or reshape so that each cost meets its own choices',
    );
  }
  if (baseline instanceof NDArray) checkBaseline(where, baseline, cost);
  const latents = logProb.shape.slice(cost.ndim).map((_, i) => cost.ndim + i);
  const score = latents.length > 0 ? logProb.sum(latents) : logProb;
  const advantage = stopGradient(cost.sub(baseline));
  return cost.add(advantage.mul(score.sub(stopGradient(score))));
}

function checkBaseline(where: string, baseline: NDArray, cost: NDArray): void {
  const offset = cost.ndim - baseline.ndim;
  if (offset >= 0 && baseline.shape.every((n, i) => n === 1 || n === cost.shape[offset + i])) return;
  throw new ShapeError(`${where}: baseline ${showType(baseline)} does not broadcast to cost ${showType(cost)}`);
}

/**
 * The mean cost of the other samples, an unbiased baseline (Kool et al. 2019).
 *
 * @param cost - [K, ...] with K of 2 or more independent samples of the same distribution on axis 0.
 * @returns [K, ...], without derivative.
 */
export function leaveOneOut(cost: NDArray): NDArray {
  checkFloat('leaveOneOut', 'cost', cost);
  const samples = cost.shape[0] ?? 0;
  if (samples < 2) {
    throw new ShapeError(
      `leaveOneOut: expected cost [K, ...] of 2 or more samples, got ${showType(cost)}; one sample has no others`,
    );
  }
  const fixed = stopGradient(cost);
  return fixed
    .sum(0, { keepDims: true })
    .sub(fixed)
    .div(samples - 1);
}

/**
 * An exponential moving average of mean costs, for use as the next step's baseline.
 *
 * @param previous - the last value, a scalar; null at the start, which gives the mean of this cost.
 * @param options.decay - share of the previous value, in [0, 1). Default: 0.9.
 * @returns a scalar without derivative.
 */
export function movingAverage(previous: NDArray | null, cost: NDArray, options: { decay?: number } = {}): NDArray {
  const { decay = 0.9 } = options;
  if (!(decay >= 0 && decay < 1)) throw new ArgumentError(`movingAverage: expected decay in [0, 1), got ${decay}`);
  checkFloat('movingAverage', 'cost', cost);
  const mean = stopGradient(cost).mean();
  return previous === null
    ? mean
    : stopGradient(previous)
        .mul(decay)
        .add(mean.mul(1 - decay));
}
