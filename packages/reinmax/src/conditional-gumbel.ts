import { type NDArray, nn, np, random } from '@forback/core';

/**
 * log π + Gumbel noise, drawn given that category D is the largest (Paulus et al. 2021, section 3): −log E_D at D and
 * −log(E_j / π_j + E_D) elsewhere, with E exponential. Computed from logarithms, so that π may underflow.
 *
 * @param logits - [..., n]. @param hard - one-hot D [..., n].
 * @param resamples - how many independent draws.
 * @returns [resamples, ..., n], largest at D.
 */
export function conditionalGumbel(logits: NDArray, hard: NDArray, key: random.Key, resamples: number): NDArray {
  const shape = [resamples, ...logits.shape];
  const logE = random.gumbel(key, { shape, dtype: logits.dtype as 'float32' | 'float64' }).neg();
  const isChosen = hard.greater(0);
  const chosen = np.where(isChosen, logE, 0).sum(-1, { keepDims: true });
  const others = logE.sub(nn.logSoftmax(logits));
  const larger = np.maximum(others, chosen);
  const sum = larger.add(np.log1p(np.exp(np.minimum(others, chosen).sub(larger))));
  return np.where(isChosen, chosen, sum).neg();
}
