import { type NDArray, random } from '@forback/core';
import type { DatasetWithValidation } from '@forback/datasets';
import { type Learner, train } from '@forback/forward-forward';
import type { RunContext } from '../../row';
import { firstExamples, type ImageSet, imageSet } from '../../shared/mnist';

/** How much is trained. */
export interface Extent {
  readonly epochs: number;
  /** The first ones of the 50,000. */
  readonly trainingImages: number;
}

/** A data set with so many training images. */
export async function imagesFor(
  name: ImageSet,
  trainingImages: number,
  context: RunContext,
): Promise<DatasetWithValidation> {
  const data = await imageSet(name, context);
  return { ...data, train: firstExamples(data.train, trainingImages) };
}

/** Trains with the seed of a run and reports progress. With `constantRate`, for Adam, the learning rate never falls. */
export async function fit<State extends { step: NDArray }>(
  model: Learner<State>,
  data: { readonly images: NDArray; readonly labels: NDArray },
  options: { seed: number; epochs: number; batchSize?: number; constantRate?: boolean },
  { signal, onProgress }: RunContext,
): Promise<State> {
  const { seed, epochs, batchSize, constantRate = false } = options;
  const { state } = await train(model, data, {
    epochs,
    key: random.key(seed),
    signal,
    onProgress: ({ step, steps }) => onProgress((0.95 * step) / steps),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(constantRate ? { gain: () => 1 } : {}),
  });
  return state;
}

/** The context of a part of a run that takes it from one share of its progress to another. */
export function partOf(context: RunContext, from: number, to: number): RunContext {
  return { ...context, onProgress: (share) => context.onProgress(from + share * (to - from)) };
}

/** Rows whose figure is a test error. */
export const testError = { unit: '% test error', better: 'lower' } as const;

/** Rows whose figure is a difference of two test errors, judged as an ordering. */
export const errorGap = { unit: 'points of test error', better: 'target' } as const;
