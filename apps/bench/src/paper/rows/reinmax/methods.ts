import {
  type Estimator,
  gst,
  gumbelRao,
  reinforce,
  reinmax,
  straightThrough,
  straightThroughGumbel,
} from '@forback/reinmax';

const estimators = { gst, gumbelRao, reinforce, reinmax, straightThrough, straightThroughGumbel };

/** An estimator and how it is set, as settings of an experiment keep it. */
export interface Method {
  readonly estimator: keyof typeof estimators;
  /** Of the backward pass. REINFORCE has none. */
  readonly temperature?: number;
  /** K of Gumbel-Rao. */
  readonly resamples?: number;
}

/** The estimator with its options bound. */
export function estimatorOf({ estimator, ...own }: Method): Estimator {
  const chosen = estimators[estimator];
  return (logits, key, options) => chosen(logits, key, { ...options, ...own });
}
