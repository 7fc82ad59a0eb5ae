import { discoverDirection } from '../discover-direction';
import { isRight } from '../metrics/scored-pair';
import type { DirectionOptions } from '../options';
import { directionStability } from './bootstrap';
import { failedOutcome, type PairOutcome } from './pair-outcome';

/** A pair in plain arrays, as it travels to a worker. */
export interface PlainPair {
  readonly id: string;
  readonly data: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly truth: 'x->y' | 'y->x';
  readonly weight: number;
}

/** Finds the direction of a pair. An error is the outcome of this pair, but an abort is thrown. */
export async function evaluatePair(
  pair: PlainPair,
  options: DirectionOptions,
  bootstrap: number,
): Promise<PairOutcome> {
  const { id, data, x, y, truth, weight } = pair;
  const start = performance.now();
  try {
    const result = await discoverDirection(x, y, options);
    const { score, logLikelihood, hsic } = result;
    if (Number.isNaN(score)) throw new Error(result.warnings.map(({ message }) => message).join(' '));
    const stability = bootstrap === 0 ? null : await directionStability(x, y, { ...options, resamples: bootstrap });
    return {
      id,
      data,
      truth,
      weight,
      rows: result.rows,
      direction: result.direction,
      score,
      confidence: result.confidence,
      right: isRight({ truth, score }),
      scores: { likelihood: logLikelihood.forward - logLikelihood.reverse, hsic: hsic.reverse - hsic.forward },
      pValue: result.pValue,
      warnings: result.warnings.map(({ code }) => code),
      stability,
      failure: null,
      milliseconds: performance.now() - start,
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    const failure = error instanceof Error ? error.message : String(error);
    return failedOutcome({ id, data, truth, weight, rows: x.length }, failure, performance.now() - start);
  }
}
