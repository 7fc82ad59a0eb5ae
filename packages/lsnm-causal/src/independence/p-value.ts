import { checkCount } from '../check';
import { gammaUpperTail } from './gamma-distribution';
import type { HsicStatistic } from './hsic';

/**
 * p-value of independence from the gamma approximation of n·HSIC under independence (Gretton et al. 2007): mean
 * (1 + μK μL − μK − μL)/n and variance 72(n−4)(n−5)/(n(n−1)(n−2)(n−3)) · mean((K_c ∘ L_c)²/36) of HSIC.
 *
 * @param statistic of n rows, n at least 6.
 * @throws ArgumentError for another n.
 */
export function gammaPValue(statistic: HsicStatistic, n: number): number {
  checkCount('gammaPValue', 'n', n, 6);
  const [k, l] = statistic.kernelMeans;
  const mean = (1 + k * l - k - l) / n;
  const factor = (72 * (n - 4) * (n - 5)) / (n * (n - 1) * (n - 2) * (n - 3));
  const variance = factor * (statistic.meanSquaredProduct / 36);
  // A constant sample is independent of everything.
  if (!(mean > 0) || !(variance > 0)) return 1;
  const shape = (mean * mean) / variance;
  return gammaUpperTail(n * statistic.hsic, shape, (n * variance) / mean);
}
