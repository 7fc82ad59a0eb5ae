import { ArgumentError } from '@forback/core';

/** What a method says about a pair whose direction is known. */
export interface ScoredPair {
  /** The direction that is right. */
  readonly truth: 'x->y' | 'y->x';
  /** score > 0 means x -> y. NaN where the method failed. */
  readonly score: number;
  /** What the pair counts in weighted figures. Default: 1. */
  readonly weight?: number | undefined;
}

/** Whether the sign of the score is right. A score of 0 and a failure are wrong. */
export function isRight({ truth, score }: ScoredPair): boolean {
  return truth === 'x->y' ? score > 0 : score < 0;
}

/** The weights of the pairs, checked. @throws ArgumentError for no pairs, another truth, or weights that are none. */
export function checkedWeights(where: string, pairs: readonly ScoredPair[]): number[] {
  if (pairs.length === 0) throw new ArgumentError(`${where}: expected at least one pair, got none`);
  const weights = pairs.map(({ truth, weight = 1 }, i) => {
    if (truth !== 'x->y' && truth !== 'y->x')
      throw new ArgumentError(`${where}: expected the truth of pair ${i} to be x->y or y->x, got ${String(truth)}`);
    if (!(weight >= 0 && weight < Infinity))
      throw new ArgumentError(`${where}: expected the weight of pair ${i} to be a number from 0 on, got ${weight}`);
    return weight;
  });
  if (!(sum(weights) > 0)) throw new ArgumentError(`${where}: expected weights of which one is above 0, got zeros`);
  return weights;
}

/** Sum of numbers in their order. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
