import { jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
import { type Dataset, loadMnist } from '@forback/datasets';
import { type CategoricalVae, type CategoricalVaeParams, categoricalVae } from '@forback/reinmax/examples';
import type { RunContext } from '../../row';
import { firstExamples } from '../../shared/mnist';
import { estimatorOf, type Method } from './methods';

/** What is trained: 8 categories, 4 latents. */
export interface VaeSettings extends Method {
  readonly hidden: readonly number[];
  readonly learningRate: number;
  readonly epochs: number;
  /** The first ones of the 60,000, which are all for training, as in the paper. */
  readonly trainingImages: number;
}

/** A trained autoencoder. */
export interface TrainedVae {
  readonly vae: CategoricalVae;
  readonly params: CategoricalVaeParams;
  /** The mean −ELBO of each epoch's training batches, in nats. */
  readonly curve: readonly number[];
  readonly data: Dataset;
}

const batchSize = 100;

/** Trains on MNIST in grey: batches of 100, Adam, a constant learning rate. */
export async function trainVae(
  seed: number,
  { hidden, learningRate, epochs, trainingImages, ...method }: VaeSettings,
  { dataDir, signal, onProgress }: RunContext,
): Promise<TrainedVae> {
  const data = await loadMnist({ download: false, dataDir, signal });
  const { images } = firstExamples(data.train, trainingImages);
  const vae = categoricalVae({ estimator: estimatorOf(method), hidden });
  const [initKey, orderKey, sampleKey] = random.split(random.key(seed), 3);
  const adam = optim.adam({ learningRate });
  const start = vae.init(initKey);
  let state = { params: start, optimiser: adam.init(start) };
  const step = jit(
    (before: typeof state, x: NDArray, key: random.Key) => {
      const loss = (p: CategoricalVaeParams) => vae.negativeElbo(p, x, key).mean();
      const [value, gradient] = valueAndGrad(loss)(before.params);
      const [updates, optimiser] = adam.update(gradient, before.optimiser, before.params);
      return [{ params: optim.applyUpdates(before.params, updates), optimiser }, value] as [typeof state, NDArray];
    },
    { donate: 0, name: 'vae step' },
  );
  const perEpoch = Math.floor(trainingImages / batchSize);
  const curve: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.permutation(random.foldIn(orderKey, epoch), trainingImages);
    let sum = 0;
    for (let batch = 0; batch < perEpoch; batch++) {
      const rows = order.slice([batch * batchSize, (batch + 1) * batchSize]);
      const [next, loss] = step(state, np.take(images, rows), random.foldIn(sampleKey, epoch * perEpoch + batch));
      state = next;
      sum += loss.item();
      if (batch % 10 > 0) continue;
      onProgress((epoch + batch / perEpoch) / epochs);
      // Lets messages through, of which one may say stop.
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
    curve.push(sum / perEpoch);
  }
  return { vae, params: state.params, curve, data };
}

/** The mean −ELBO of examples with one sample each, in nats. */
export function meanNegativeElbo({ vae, params }: TrainedVae, images: NDArray, key: random.Key): number {
  const evaluate = jit((x: NDArray, k: random.Key) => vae.negativeElbo(params, x, k).sum());
  const n = images.shape[0] as number;
  const chunk = 1000;
  let sum = 0;
  for (let at = 0; at < n; at += chunk)
    sum += evaluate(images.slice([at, Math.min(at + chunk, n)]), random.foldIn(key, at)).item();
  return sum / n;
}
