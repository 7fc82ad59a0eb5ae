import { array, nn, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { simplexJacobian } from './categorical';
import { type Estimator, estimateGradient, exactGradient, exactMoments, reinmax, reinmaxCV, reinmaxRao } from './index';
import { gradientMoments, largestZ, momentsOf, normal, quadratic } from './test-support';

const logits = array([0.5, -1, 1.2, 0], { dtype: 'float64' });
const n = 4;
const f = quadratic(1, n);
const samples = 3000;

test('the Jacobian of reinmaxRao is that of noise which rejection leaves, at the midpoint of π_τ and D', () => {
  const [temperature, gumbelTemperature, choice] = [1.3, 0.7, 1];
  const w = normal(2, [n]);
  const hard = nn.oneHot(array(choice, { dtype: 'int32' }), n, 'float64');
  const midpoint = nn.softmax(logits.div(temperature)).add(hard).div(2);
  const free = np.log(midpoint).add(random.gumbel(random.key(3), { shape: [8000, n], dtype: 'float64' }));
  const winners = np.argmax(free, 1).dataSync();
  const kept = [...winners.keys()].filter((i) => winners[i] === choice);
  const soft = nn.softmax(np.take(free, array(kept, { dtype: 'int32' })).div(gumbelTemperature));
  const second = simplexJacobian(nn.softmax(logits), w).mul(0.5);
  const expected = momentsOf(
    simplexJacobian(soft, w)
      .mul(2 / gumbelTemperature)
      .sub(second),
  );
  const rao: Estimator = (l, k, o) => reinmaxRao(l, k, { ...o, resamples: 1, gumbelTemperature });
  const ours = gradientMoments(
    (k) => estimateGradient(rao, (s) => s.mul(w).sum(), logits, k, { temperature, sample: hard }),
    samples,
    4,
  );
  // Four normal deviates: 5 is exceeded with probability below 1e-5.
  expect(largestZ(expected, ours)).toBeLessThan(5);
});

test('reinmaxRao has less variance than ReinMax, and is biased where ReinMax is exact', () => {
  const rao: Estimator = (l, k, o) => reinmaxRao(l, k, { ...o, resamples: 16 });
  const { mean, variances, total } = gradientMoments((k) => estimateGradient(rao, f, logits, k), samples, 5);
  expect(total).toBeLessThan(0.8 * exactMoments(reinmax, f, logits).variance.item());
  const z = np.abs(mean.sub(exactGradient(f, logits))).div(np.sqrt(variances.div(samples)));
  expect(z.max().item()).toBeGreaterThan(8);
});

test('the control variate of reinmaxCV has mean zero for each choice: the mean of ReinMax, and no less variance', () => {
  const plain = gradientMoments((k) => estimateGradient(reinmax, f, logits, k), samples, 10);
  for (const weight of [0.5, 3]) {
    const cv = gradientMoments(
      (k) => estimateGradient((x, q, o) => reinmaxCV(x, q, { ...o, weight, resamples: 4 }), f, logits, k),
      samples,
      11,
    );
    expect(largestZ(plain, cv)).toBeLessThan(5);
    if (weight === 3) expect(cv.total).toBeGreaterThan(1.1 * plain.total);
  }
});
