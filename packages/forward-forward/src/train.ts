import { ArgumentError, type NDArray, np, random, ShapeError } from '@forback/core';
import { checkBatch, checkWhole } from './check';
import { halfThenLinear } from './gain';
import type { Classifier, Learner } from './learner';

export interface Examples {
  /** Finite floats [n, ...]. */
  images: NDArray;
  /** int32 [n], from 0 to K − 1. */
  labels: NDArray;
}

/** One finished batch. */
export interface Progress<State> {
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Batches done, all epochs together. */
  step: number;
  steps: number;
  /** Mean goodness as a multiple of the threshold, for each layer; NaN for what a method does not have or did not compute. */
  positiveGoodness: number[];
  negativeGoodness: number[];
  /** Objective of each layer; 0 for layers that did not learn. */
  layerLoss: number[];
  /** Share of this batch that the softmax head got wrong before the update; NaN without a head. */
  batchError: number;
  /** The state after this batch. The next batch consumes it: save what you want to keep before you return. */
  state: State;
}

/** Settings of a training run. */
export interface TrainOptions<State> {
  epochs: number;
  /** Seeds the parameters, the negatives and the order of the batches. */
  key: random.Key;
  /** Default: 100. What is left over of an epoch is dropped. */
  batchSize?: number;
  /** Factor on the learning rate in an epoch (from 1). Default: `halfThenLinear`. */
  gain?: (epoch: number, epochs: number) => number;
  /**
   * Goes on from a state that an earlier call with the same options returned or reported, to the same bits. The first batch
   * consumes it: save what you want to keep.
   */
  state?: State;
  /** Called after each batch. */
  onProgress?: (progress: Progress<State>) => void;
  /** An `AbortSignal`: stops after the current batch; the state so far is returned. */
  signal?: { readonly aborted: boolean };
}

/** What a training run ends with. */
export interface TrainResult<State> {
  state: State;
  /** False if the signal stopped it. */
  finished: boolean;
}

/**
 * Trains on arrays in memory. Gives way to the event loop between batches, so that a page stays alive and Ctrl-C works.
 *
 * @throws ArgumentError, ShapeError for data that do not fit, before anything is computed.
 */
export async function train<State extends { step: NDArray }>(
  model: Learner<State>,
  data: Examples,
  options: TrainOptions<State>,
): Promise<TrainResult<State>> {
  const { epochs, key, batchSize = 100, gain = halfThenLinear, onProgress, signal } = options;
  const n = checkExamples('train', model.classes, data);
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new ArgumentError(`train: expected epochs of 1 or more, got ${epochs}`);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > n) {
    throw new ArgumentError(`train: expected a batchSize from 1 to ${n} (the examples), got ${batchSize}`);
  }
  const [initKey, orderKey] = random.split(key);
  const perEpoch = Math.floor(n / batchSize);
  const steps = epochs * perEpoch;
  let state = options.state ?? model.init(initKey, data.images);
  let step = state.step.item();
  let order: NDArray | null = null;
  let lastPause = performance.now();
  for (; step < steps; step++) {
    if (signal?.aborted) return { state, finished: false };
    const epoch = Math.floor(step / perEpoch) + 1;
    const position = step % perEpoch;
    if (order === null || position === 0) order = random.permutation(random.foldIn(orderKey, epoch), n);
    const rows = order.slice([position * batchSize, (position + 1) * batchSize]);
    const [next, metrics] = model.step(state, np.take(data.images, rows), np.take(data.labels, rows), {
      gain: gain(epoch, epochs),
      active: model.schedule.active(step, steps, model.layerCount),
    });
    state = next;
    onProgress?.({
      epoch,
      epochs,
      step: step + 1,
      steps,
      positiveGoodness: [...metrics.positiveGoodness.dataSync()],
      negativeGoodness: [...metrics.negativeGoodness.dataSync()],
      layerLoss: [...metrics.layerLoss.dataSync()],
      batchError: metrics.headError.item(),
      state,
    });
    if (performance.now() - lastPause > 30) {
      await new Promise((resume) => setTimeout(resume));
      lastPause = performance.now();
    }
  }
  return { state, finished: true };
}

/** @internal Refuses data that are not finite images with a label of 0 ... classes − 1 each; returns their number. */
export function checkExamples(where: string, classes: number, { images, labels }: Examples): number {
  const n = images.shape[0] ?? 0;
  if (images.ndim < 2 || labels.ndim !== 1 || labels.shape[0] !== n || n === 0) {
    throw new ShapeError(
      `${where}: expected images [n, ...] and labels [n] with n of 1 or more, ` +
        `got [${images.shape.join(', ')}] and [${labels.shape.join(', ')}]`,
    );
  }
  checkBatch(where, classes, images, labels);
  const data = images.dataSync();
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new ArgumentError(
      `${where}: images must be finite, got ${data[bad]} in example ${Math.floor(bad / (data.length / n))}`,
    );
  return n;
}

/**
 * The share of examples whose predicted label is wrong, from 0 to 1.
 *
 * @param options - how to predict, as for the model's `predict`; and `batchSize`, examples at a time, which bounds the
 * memory (default: 1000).
 */
export function errorRate<State, Options extends object>(
  model: Classifier<State, Options>,
  state: State,
  data: Examples,
  options?: Options & { batchSize?: number },
): number {
  const { batchSize = 1000 } = options ?? {};
  const n = checkExamples('errorRate', model.classes, data);
  let wrong = 0;
  for (const rows of batchRows('errorRate', n, batchSize)) {
    const predicted = model.predict(state, data.images.slice(rows), options);
    wrong += np.notEqual(predicted, data.labels.slice(rows)).sum().item();
  }
  return wrong / n;
}

/** @internal First and last row (excluded) of consecutive batches. */
export function batchRows(where: string, n: number, batchSize: number): [number, number][] {
  checkWhole(where, 'batchSize', batchSize, 1);
  return Array.from({ length: Math.ceil(n / batchSize) }, (_, i) => [i * batchSize, Math.min(n, (i + 1) * batchSize)]);
}
