import { FormatError } from '@forback/core';
import type { PairDirection } from './cause-pair';
import { linesOf, readNumber } from './read-table';

/** What `pairmeta.txt` of Mooij et al. says about a pair. */
export interface PairMeta {
  readonly number: number;
  /** The columns of x and y, from 0 on, in the order of the file; null where a variable has several columns. */
  readonly columns: readonly [number, number] | null;
  readonly truth: PairDirection;
  readonly weight: number;
}

/** Lines of: pair, first and last column of the cause, first and last of the effect (all from 1 on), weight. */
export function readPairMeta(text: string, where: string): PairMeta[] {
  return linesOf(text).map(({ line, number }) => {
    const at = `${where}, line ${number}`;
    const cells = line.split(/\s+/);
    if (cells.length !== 6)
      throw new FormatError(
        `${at}: expected six numbers, got ${cells.length} in "${line}"; the file is truncated or damaged`,
      );
    const [pair, cause, lastCause, effect, lastEffect, weight] = cells.map((cell) => readNumber(cell, at)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const places = [pair, cause, lastCause, effect, lastEffect];
    if (places.some((place) => !Number.isInteger(place) || place < 1) || cause === effect || weight < 0)
      throw new FormatError(`${at}: expected a pair, the columns of its cause and effect, and a weight, got "${line}"`);
    const single = cause === lastCause && effect === lastEffect;
    return {
      number: pair,
      columns: single ? [Math.min(cause, effect) - 1, Math.max(cause, effect) - 1] : null,
      truth: cause < effect ? 'x->y' : 'y->x',
      weight,
    };
  });
}
