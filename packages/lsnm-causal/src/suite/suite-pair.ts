import type { Column } from '../input/read-pair';

/** Two variables whose direction is known: what `@forback/datasets` gives, or anything like it. */
export interface SuitePair {
  /** Unique in the list. No method sees it. */
  readonly id: string;
  /** n values. */
  readonly x: Column;
  /** n values, aligned with those of x. */
  readonly y: Column;
  /** The direction that is right. */
  readonly truth: 'x->y' | 'y->x';
  /** What the pair counts in weighted figures. Default: 1. */
  readonly weight?: number | undefined;
}
