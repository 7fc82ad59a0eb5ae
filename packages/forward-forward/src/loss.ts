import { type NDArray, nn } from '@forback/core';

/** The objective of a layer: a scalar from the goodness of positive and negative examples [n] each. Lower is better. */
export type LocalLoss = (positive: NDArray, negative: NDArray, threshold: number) => NDArray;

/**
 * Each pass is a logistic regression on goodness: p(real) = σ((G − θ) / T), and the loss is
 * T/2 · mean(−log p⁺ − log(1 − p⁻)) (Hinton 2022, eq. 1).
 *
 * The factor T/2 makes the learning signal on a pre-activation exactly (1 − p⁺) a and −p⁻ a, as in the released script.
 *
 * @param options.temperature - T; default 1.
 */
export function logisticThreshold(options: { temperature?: number } = {}): LocalLoss {
  const { temperature = 1 } = options;
  return (positive, negative, threshold) => {
    const push = nn.softplus(positive.sub(threshold).div(-temperature));
    const pull = nn.softplus(negative.sub(threshold).div(temperature));
    return push
      .mean()
      .add(pull.mean())
      .mul(temperature / 2);
  };
}
