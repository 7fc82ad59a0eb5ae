import { type NDArray, nn } from '@forback/core';
import { checkPositive } from './check';

/**
 * The objective of a layer: a scalar from the goodness of positive examples [n] and of negative ones [m · n]. Negative
 * j · n + i belongs to positive i. Lower is better.
 */
export type PairLoss = (positive: NDArray, negative: NDArray, threshold: number) => NDArray;

/** The objective of a layer: a scalar from the goodness for each class [n, classes] and the labels, int32 [n]. */
export type ClassLoss = (goodness: NDArray, labels: NDArray) => NDArray;

/**
 * Each pass is a logistic regression on goodness: p(real) = σ((G − θ) / T), and the loss is
 * T/2 · mean(−log p⁺ − log(1 − p⁻)) (Hinton 2022, eq. 1).
 *
 * The factor T/2 makes the learning signal on a pre-activation exactly (1 − p⁺) a and −p⁻ a, as in the released script. With
 * T = 1 it is also the mean of log(1 + e^(θ − G⁺)) and log(1 + e^(G⁻ − θ)) of Tosato et al. (2023).
 *
 * @param options.temperature - T; default 1.
 */
export function logisticThreshold(options: { temperature?: number } = {}): PairLoss {
  const { temperature = 1 } = options;
  checkPositive('logisticThreshold', 'temperature', temperature);
  return (positive, negative, threshold) => {
    const push = nn.softplus(positive.sub(threshold).div(-temperature));
    const pull = nn.softplus(negative.sub(threshold).div(temperature));
    return push
      .mean()
      .add(pull.mean())
      .mul(temperature / 2);
  };
}

/**
 * T/2 · mean(−log p⁺ + log p⁻), with p = σ((G − θ) / T): the update reported for layer collaboration (Lorberbom et al. 2024),
 * where the negative term is log p⁻ and not −log(1 − p⁻). The signal on a pre-activation is (1 − p⁺) a and −(1 − p⁻) a, so it
 * pushes hardest where a negative is low already, and can collapse.
 *
 * @param options.temperature - T; default 1.
 */
export function likelihoodRatio(options: { temperature?: number } = {}): PairLoss {
  const { temperature = 1 } = options;
  checkPositive('likelihoodRatio', 'temperature', temperature);
  return (positive, negative, threshold) => {
    const surprise = (goodness: NDArray) => nn.softplus(goodness.sub(threshold).div(-temperature)).mean();
    return surprise(positive)
      .sub(surprise(negative))
      .mul(temperature / 2);
  };
}

/**
 * mean log(1 + e^(−α (G⁺ − G⁻))): the gap between an example and its own negative, without a threshold (SymBa, Lee and Song
 * 2023).
 *
 * @param options.alpha - α; default 4.
 */
export function goodnessMargin(options: { alpha?: number } = {}): PairLoss {
  const { alpha = 4 } = options;
  checkPositive('goodnessMargin', 'alpha', alpha);
  return (positive, negative) => {
    const gap = positive.sub(negative.reshape([-1, positive.shape[0] as number]));
    return nn.softplus(gap.mul(-alpha)).mean();
  };
}

/**
 * Cross-entropy of the softmax over the goodness of the classes (CwC, Mono-Forward).
 *
 * @param options.temperature - divides the goodness; default 1.
 */
export function classCrossEntropy(options: { temperature?: number } = {}): ClassLoss {
  const { temperature = 1 } = options;
  checkPositive('classCrossEntropy', 'temperature', temperature);
  return (goodness, labels) => nn.losses.softmaxCrossEntropy(goodness.div(temperature), labels).mean();
}
