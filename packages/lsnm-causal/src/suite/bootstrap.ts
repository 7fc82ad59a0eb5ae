import { random } from '@forback/core';
import { checkCount } from '../check';
import { discoverDirection } from '../discover-direction';
import { type Column, readPair } from '../input/read-pair';
import type { DirectionOptions } from '../options';
import { resolveSettings } from '../settings';

/** How often resampled rows give each direction. */
export interface Stability {
  /** Resamples. */
  readonly resamples: number;
  /** Share of them that say x -> y, from 0 to 1. */
  readonly forward: number;
  /** Share that say y -> x; what is left is undecided. */
  readonly reverse: number;
}

/** Settings of `directionStability`. */
export interface StabilityOptions extends DirectionOptions {
  /** Resamples; each costs as much as `discoverDirection`. Default: 20. */
  readonly resamples?: number;
}

/**
 * Bootstrap of the direction: `discoverDirection` on rows drawn with replacement, as many as there are. A direction that
 * changes from one resample to the next is not to be relied on; one that does not change can still be wrong.
 *
 * @param x values [n].
 * @param y values [n].
 * @throws as `discoverDirection`; ArgumentError for no resamples.
 */
export async function directionStability(x: Column, y: Column, options: StabilityOptions = {}): Promise<Stability> {
  const where = 'directionStability';
  const { resamples = 20, ...settings } = options;
  checkCount(where, 'resamples', resamples, 1);
  const pair = readPair(where, x, y);
  const n = pair.x.length;
  const key = random.foldIn(resolveSettings(where, settings).key, 3);
  let forward = 0;
  let reverse = 0;
  for (let i = 0; i < resamples; i++) {
    const rows = random.randint(random.foldIn(key, i), { shape: [n], maxval: n }).dataSync();
    const pick = (column: Float64Array) => Float64Array.from(rows, (row) => column[row] as number);
    const { direction } = await discoverDirection(pick(pair.x), pick(pair.y), settings);
    if (direction === 'x->y') forward += 1;
    if (direction === 'y->x') reverse += 1;
  }
  return { resamples, forward: forward / resamples, reverse: reverse / resamples };
}
