import { type NDArray, nn, np, valueAndGrad } from '@forback/core';

/** A linear softmax classifier on fixed features. */
export interface HeadParams {
  weight: NDArray;
  bias: NDArray;
}

/** Zero weights: every class equally likely. */
export function initHead(features: number, classes: number): HeadParams {
  return { weight: np.zeros([features, classes]), bias: np.zeros([classes]) };
}

/** Activities side by side, one row an example [n, features]. */
export function joinFeatures(activities: readonly NDArray[]): NDArray {
  return np.concatenate(
    activities.map((a) => a.reshape([a.shape[0] as number, -1])),
    1,
  );
}

export function headLogits({ weight, bias }: HeadParams, features: NDArray): NDArray {
  return features.matmul(weight).add(bias);
}

/** Mean cross-entropy in nats, and its gradient in the head alone. */
export function headGradient(params: HeadParams, features: NDArray, labels: NDArray): [NDArray, HeadParams] {
  return valueAndGrad((p: HeadParams) => nn.losses.softmaxCrossEntropy(headLogits(p, features), labels).mean())(params);
}
