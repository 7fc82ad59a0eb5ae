import { ArgumentError, type random } from '@forback/core';
import { keyWords } from '../key-words';
import { randomStream } from '../random-stream';

/** Which of two variables is the cause. */
export type PairDirection = 'x->y' | 'y->x';

/** Samples of two variables, one of which causes the other. */
export interface CausePair {
  /** Unique in its suite, such as `LS-s/17`. It says nothing about the direction. */
  readonly id: string;
  /** n values, aligned with those of `y`. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly truth: PairDirection;
  /** What the pair counts in a weighted accuracy; above 0. 1 except in the Tübingen pairs. */
  readonly weight: number;
}

/** A benchmark of pairs whose direction is known. */
export interface CausePairSuite {
  readonly name: string;
  /** Whether the pairs were drawn by this package instead of published. */
  readonly synthetic: boolean;
  /** Where the pairs were found, or how they were made. */
  readonly source: string;
  readonly pairs: readonly CausePair[];
  /** Pairs that were left out, and why. */
  readonly excluded: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * The pairs with x and y exchanged where a coin says so, independently for each. A method that prefers its first argument
 * gains nothing from such pairs; in the Tübingen pairs as published, "always x -> y" is right in 73 of 99.
 *
 * @throws ArgumentError for something that is not a key.
 */
export function shuffleOrientation(key: random.Key, pairs: readonly CausePair[]): CausePair[] {
  const words = keyWords('shuffleOrientation', key);
  return pairs.map((pair, i) => (randomStream([...words, i])() >>> 31 === 0 ? pair : exchange(pair)));
}

/** The pair with x and y exchanged. */
export function exchange(pair: CausePair): CausePair {
  return { ...pair, x: pair.y, y: pair.x, truth: pair.truth === 'x->y' ? 'y->x' : 'x->y' };
}

/** Checks a whole number that an option gives. */
export function checkCount(caller: string, name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new ArgumentError(`${caller}: expected ${name} to be a whole number from ${least} on, got ${value}`);
}
