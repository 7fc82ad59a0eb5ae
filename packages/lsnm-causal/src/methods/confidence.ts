import { gammaUpperTail } from '../independence/gamma-distribution';

/**
 * 2Φ(|score|/standard error) − 1: how sure the sign of a score is, given terms whose mean has the same standard error.
 */
export function confidenceOf(score: number, terms: Float64Array): number {
  const n = terms.length;
  let total = 0;
  for (const term of terms) total += term;
  const mean = total / n;
  let squares = 0;
  for (const term of terms) squares += (term - mean) * (term - mean);
  if (score === 0) return 0;
  if (squares === 0) return 1;
  const z = Math.abs(score) / Math.sqrt(squares / (n * (n - 1)));
  return 1 - gammaUpperTail((z * z) / 2, 0.5, 1);
}
