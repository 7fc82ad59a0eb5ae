import { type NDArray, nn, np, random } from '@forback/core';
import type { LabelOverlay } from './label-overlay';

/** What negatives can be made from. */
export interface NegativeContext {
  readonly key: random.Key;
  /** The batch as the user gave it, without labels [n, ...]. */
  readonly input: NDArray;
  /** True labels, int32 [n]. */
  readonly labels: NDArray;
  readonly classes: number;
  readonly overlay: LabelOverlay;
  /** Log probabilities of the classes [n, classes] that the network gives the batch in one pass with the neutral label. */
  logProbabilities(): NDArray;
}

/** Makes the negative input of a batch: data that look right and are wrong. */
export interface Negatives {
  readonly name: string;
  /** The network's negative input, before normalisation. */
  sample(context: NegativeContext): NDArray;
}

function wrongLabels(name: string, pick: (context: NegativeContext) => NDArray): Negatives {
  return { name, sample: (context) => context.overlay.write(context.input, pick(context)) };
}

/** A wrong label, each of the K − 1 equally likely; never the true one. */
export function uniformWrongLabels(): Negatives {
  return wrongLabels('uniformWrongLabels', sampleUniformWrong);
}

function sampleUniformWrong({ key, labels, classes }: NegativeContext): NDArray {
  const offset = random.randint(key, { shape: labels.shape, minval: 1, maxval: classes });
  return np.mod(labels.add(offset), classes);
}

/**
 * A wrong label drawn from the network's own one-pass prediction without the true class: the mistakes it is most likely to
 * make (Hinton 2022, section 3.3).
 */
export function hardWrongLabels(): Negatives {
  return wrongLabels('hardWrongLabels', sampleHardWrong);
}

function sampleHardWrong({ key, labels, classes, logProbabilities }: NegativeContext): NDArray {
  const truth = nn.oneHot(labels, classes, 'bool');
  // Finite floor: a class that the head rules out stays possible when nothing else is left.
  const wrong = np.where(truth, Number.NEGATIVE_INFINITY, np.maximum(logProbabilities(), -80));
  return random.categorical(key, wrong);
}

/** Negative data of the user's own: any function from the batch to a negative input of the same shape. */
export function customNegatives(sample: (context: NegativeContext) => NDArray): Negatives {
  return { name: 'customNegatives', sample };
}
