import { type NDArray, nn, type random, stopGradient } from '@forback/core';
import { categorical, drawSample, simplexJacobian, temperatureFor, withDerivative } from './categorical';
import type { Draw, EstimatorOptions } from './draw';

/**
 * Straight-through: J(π_τ) g / τ with π_τ = softmax(logits / τ) (Bengio et al. 2013; the form of Liu et al. 2023).
 *
 * Exact in expectation for linear f at τ = 1 (first order); cheapest. The sample comes from softmax(logits), whatever τ.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known).
 */
export function straightThrough(logits: NDArray, key: random.Key, options: EstimatorOptions = {}): Draw {
  const where = 'straightThrough';
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const probs = nn.softmax(c.logits);
  const soft = temperature === 1 ? stopGradient(probs) : nn.softmax(c.fixed.div(temperature));
  const sample = withDerivative(drawSample(c, key), c.logits.div(temperature), soft, simplexJacobian);
  return { sample: c.restore(sample), probs: c.restore(probs) };
}

/** Options of `decoupledStraightThrough`; `temperature` is τ_b, how widely the signal spreads. */
export interface DecoupledOptions extends EstimatorOptions {
  /** τ_f of the distribution that is sampled, softmax(logits / τ_f): how much is explored. Default: 1. */
  forwardTemperature?: NDArray | number;
}

/**
 * Straight-through with one temperature for each direction (Shah et al. 2024, arXiv 2410.13331): D ~ softmax(logits / τ_f),
 * gradient J(π_b) g / τ_b with π_b = softmax(logits / τ_b).
 *
 * With τ_f ≠ 1 the model itself is another: `probs` is softmax(logits / τ_f). With τ_b = τ_f it is straight-through of
 * logits / τ_f.
 *
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known).
 */
export function decoupledStraightThrough(logits: NDArray, key: random.Key, options: DecoupledOptions = {}): Draw {
  const where = 'decoupledStraightThrough';
  const c = categorical(where, logits, options);
  const forward = temperatureFor(where, 'forwardTemperature', options.forwardTemperature ?? 1, c.fixed);
  const backward = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const soft = nn.softmax(c.fixed.div(backward));
  const hard = drawSample({ ...c, fixed: c.fixed.div(forward) }, key);
  const sample = withDerivative(hard, c.logits.div(backward), soft, simplexJacobian);
  return { sample: c.restore(sample), probs: c.restore(nn.softmax(c.logits.div(forward))) };
}
