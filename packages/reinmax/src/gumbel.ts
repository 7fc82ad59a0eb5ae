import { type NDArray, nn, random } from '@forback/core';
import {
  type Categorical,
  categorical,
  gumbelFor,
  oneHotArgmax,
  simplexJacobian,
  temperatureFor,
  withDerivative,
} from './categorical';
import { checkCount } from './checks';
import { conditionalGumbel } from './conditional-gumbel';
import type { Draw, EstimatorOptions } from './draw';

/** A hard sample and the perturbed logits, up to a constant, that it is the largest of. */
export function perturbedSample({ fixed, given }: Categorical, key: random.Key): { hard: NDArray; perturbed: NDArray } {
  if (given !== null) return { hard: given, perturbed: conditionalGumbel(fixed, given, key, 1).at(0) };
  const perturbed = fixed.add(gumbelFor(fixed, key));
  return { hard: oneHotArgmax(perturbed), perturbed };
}

/**
 * Straight-through Gumbel-softmax: J(y) g / τ with y = softmax((logits + G) / τ), D = argmax(logits + G), the same G in both
 * (Jang et al. 2017, section 2.2).
 *
 * Biased at any τ; a small τ has little bias and much variance. 0.3 to 0.7 is usual.
 *
 * With `sample`, G is drawn given that sample.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known).
 */
export function straightThroughGumbel(logits: NDArray, key: random.Key, options: EstimatorOptions = {}): Draw {
  const where = 'straightThroughGumbel';
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const { hard, perturbed } = perturbedSample(c, key);
  const soft = nn.softmax(perturbed.div(temperature));
  const sample = withDerivative(hard, c.logits.div(temperature), soft, simplexJacobian);
  return { sample: c.restore(sample), probs: c.restore(nn.softmax(c.logits)) };
}

/** Options of `gumbelRao`. */
export interface GumbelRaoOptions extends EstimatorOptions {
  /** K, how many times the noise is redrawn for each sample; memory and time grow with it. Default: 100 (Liu et al. 2023). */
  resamples?: number;
}

/**
 * Gumbel-Rao: the mean of K straight-through Gumbel-softmax Jacobians whose noise is redrawn given the sample (Paulus et al.
 * 2021, its Monte-Carlo form). The bias of `straightThroughGumbel` at the same τ, with less variance.
 *
 * @returns sample and probs of the logits' shape.
 * @throws ArgumentError, ShapeError, DTypeError for input that makes no distribution (where values are known), or a
 * number of resamples below 1.
 */
export function gumbelRao(logits: NDArray, key: random.Key, options: GumbelRaoOptions = {}): Draw {
  const where = 'gumbelRao';
  const { resamples = 100 } = options;
  checkCount(where, 'resamples', resamples);
  const c = categorical(where, logits, options);
  const temperature = temperatureFor(where, 'temperature', options.temperature ?? 1, c.fixed);
  const { hard } = c.given === null ? perturbedSample(c, key) : { hard: c.given };
  const soft = nn.softmax(conditionalGumbel(c.fixed, hard, resampleKey(key), resamples).div(temperature));
  const sample = withDerivative(hard, c.logits.div(temperature), soft, meanJacobian);
  return { sample: c.restore(sample), probs: c.restore(nn.softmax(c.logits)) };
}

/** The key of the noise that is redrawn; `key` itself draws the sample. */
export function resampleKey(key: random.Key): random.Key {
  return random.foldIn(key, 1);
}

/** The mean over axis 0 of J(y) t, for y [K, ..., n] and t [..., n]. */
export function meanJacobian(y: NDArray, t: NDArray): NDArray {
  return simplexJacobian(y, t).mean(0);
}
