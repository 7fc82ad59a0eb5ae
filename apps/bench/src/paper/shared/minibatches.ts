import { type NDArray, np, random } from '@forback/core';
import type { Split } from '@forback/datasets';
import type { RunContext } from '../row';

/** Where a step is: both counted from 0. */
export interface StepPosition {
  readonly epoch: number;
  /** Since the beginning. */
  readonly step: number;
}

export interface MinibatchOptions<State> {
  readonly epochs: number;
  /** Examples that do not fill a batch are left out of the epoch. */
  readonly batchSize: number;
  /** Of the order of the examples, a new one for each epoch. Null: as they come. */
  readonly key: random.Key | null;
  /** With the number of epochs that are done. */
  afterEpoch?(state: State, epochs: number): void;
}

/** Runs `step` over minibatches, reports progress, and stops when it is told to. */
export async function trainInMinibatches<State>(
  start: State,
  { images, labels }: Split,
  options: MinibatchOptions<State>,
  { signal, onProgress }: Pick<RunContext, 'signal' | 'onProgress'>,
  step: (state: State, x: NDArray, y: NDArray, at: StepPosition) => State,
): Promise<State> {
  const { epochs, batchSize, key, afterEpoch } = options;
  const perEpoch = Math.floor(labels.size / batchSize);
  let state = start;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = key && random.permutation(random.foldIn(key, epoch), labels.size);
    for (let batch = 0; batch < perEpoch; batch++) {
      const range: [number, number] = [batch * batchSize, (batch + 1) * batchSize];
      const [x, y] = order
        ? [np.take(images, order.slice(range)), np.take(labels, order.slice(range))]
        : [images.slice(range), labels.slice(range)];
      state = step(state, x, y, { epoch, step: epoch * perEpoch + batch });
      if (batch % 10 > 0) continue;
      onProgress((epoch + batch / perEpoch) / epochs);
      // Lets messages through, of which one may say stop.
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
    afterEpoch?.(state, epoch + 1);
  }
  return state;
}
