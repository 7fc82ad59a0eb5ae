import type { PlainPair } from './evaluate-pair';
import type { PairOutcome } from './pair-outcome';
import type { PortableOptions } from './portable-options';

/** A pair to evaluate. */
export interface ToWorker {
  readonly pair: PlainPair;
  readonly options: PortableOptions;
  readonly bootstrap: number;
}

/** What a worker says. */
export type FromWorker = { readonly kind: 'ready' } | { readonly kind: 'outcome'; readonly outcome: PairOutcome };
