import { ArgumentError, type NDArray, nn, np, random } from '@forback/core';
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
  /** The network's negative input, before normalisation: [n, ...], or [m · n, ...] where j · n + i belongs to example i. */
  sample(context: NegativeContext): NDArray;
  /** Nothing but the label tells these negatives from the real inputs. */
  readonly relabels?: boolean;
}

function wrongLabels(name: string, pick: (context: NegativeContext) => NDArray): Negatives {
  return { name, relabels: true, sample: (context) => context.overlay.write(context.input, pick(context)) };
}

/** A wrong label, each of the K − 1 equally likely; never the true one. */
export function uniformWrongLabels(): Negatives {
  return wrongLabels('uniformWrongLabels', sampleUniformWrong);
}

/** @internal */
export function sampleUniformWrong({
  key,
  labels,
  classes,
}: Pick<NegativeContext, 'key' | 'labels' | 'classes'>): NDArray {
  const offset = random.randint(key, { shape: labels.shape, minval: 1, maxval: classes });
  return np.mod(labels.add(offset), classes);
}

/**
 * A wrong label drawn from the network's own one-pass prediction without the true class: the mistakes it is most likely to
 * make (Hinton 2022, section 3.3).
 */
export function hardWrongLabels(): Negatives {
  return wrongLabels('hardWrongLabels', ({ key, labels, logProbabilities }) =>
    sampleHardWrong(key, labels, logProbabilities()),
  );
}

/** @internal A wrong label in proportion to its probability. */
export function sampleHardWrong(key: random.Key, labels: NDArray, logProbabilities: NDArray): NDArray {
  const truth = nn.oneHot(labels, logProbabilities.shape[1] as number, 'bool');
  // Finite floor: a class that the head rules out stays possible when nothing else is left.
  const wrong = np.where(truth, Number.NEGATIVE_INFINITY, np.maximum(logProbabilities, -80));
  return random.categorical(key, wrong);
}

/**
 * Every wrong label: K − 1 negatives for each example.
 *
 * @param options.limit - at most so many, drawn anew for each batch. Default: 100 (Park et al. 2024).
 */
export function allWrongLabels(options: { limit?: number } = {}): Negatives {
  const { limit = 100 } = options;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new ArgumentError(`allWrongLabels: expected limit to be 1 or more, got ${limit}`);
  }
  return {
    name: 'allWrongLabels',
    relabels: true,
    sample({ key, input, labels, classes, overlay }) {
      const count = Math.min(limit, classes - 1);
      const offsets = random
        .permutation(key, classes - 1)
        .slice([0, count])
        .add(1);
      const wrong = np.mod(np.expandDims(offsets, 1).add(labels), classes).reshape([-1]);
      return overlay.write(np.concatenate(Array.from({ length: count }, () => input)), wrong);
    },
  };
}

/**
 * The batch's own labels in random order. Faulty by design and only for comparison with published code that does so: about
 * 1/K of these "negatives" carry their true label.
 */
export function permutedLabels(): Negatives {
  return wrongLabels('permutedLabels', ({ key, labels }) => random.permutation(key, labels));
}

/** Negative data of the user's own: any function from the batch to a negative input. */
export function customNegatives(sample: (context: NegativeContext) => NDArray): Negatives {
  return { name: 'customNegatives', sample };
}
