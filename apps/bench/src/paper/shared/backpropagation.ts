import { jit, type NDArray, nn, np, optim, random, valueAndGrad } from '@forback/core';
import type { Split } from '@forback/datasets';

export interface BackpropagationOptions {
  /** Inputs, units of the hidden layers, classes. */
  readonly sizes: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly key: random.Key;
  readonly signal: AbortSignal;
  /** The share of the training that is done. */
  onProgress(share: number): void;
}

/** A trained network: logits [n, classes] of inputs [n, ...]. */
export type Classifier = (images: NDArray) => NDArray;

/** What other ways to learn are compared with: ReLU layers, softmax cross-entropy, Adam with learning rate 0.001. */
export async function trainByBackpropagation(
  { images, labels }: Split,
  { sizes, epochs, batchSize, key, signal, onProgress }: BackpropagationOptions,
): Promise<Classifier> {
  const [initKey, orderKey] = random.split(key);
  const network = nn.mlp(sizes);
  const optimiser = optim.adam({ learningRate: 1e-3 });
  const params = network.init(initKey);
  let state = { params, optimiser: optimiser.init(params) };
  const step = jit(
    (before: typeof state, x: NDArray, y: NDArray) => {
      const loss = (p: nn.MlpParams) => nn.losses.softmaxCrossEntropy(network.apply(p, x), y).mean();
      const [value, gradient] = valueAndGrad(loss)(before.params);
      const [updates, next] = optimiser.update(gradient, before.optimiser, before.params);
      return [{ params: optim.applyUpdates(before.params, updates), optimiser: next }, value] as [
        typeof state,
        NDArray,
      ];
    },
    { donate: 0, name: 'backpropagation' },
  );
  const perEpoch = Math.floor(labels.size / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.permutation(random.foldIn(orderKey, epoch), labels.size);
    for (let batch = 0; batch < perEpoch; batch++) {
      const rows = order.slice([batch * batchSize, (batch + 1) * batchSize]);
      [state] = step(state, np.take(images, rows), np.take(labels, rows));
      if (batch % 10 > 0) continue;
      onProgress((epoch + batch / perEpoch) / epochs);
      // Lets messages through, of which one may say stop.
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
  }
  const logits = jit((p: nn.MlpParams, x: NDArray) => network.apply(p, x), { name: 'logits' });
  return (x) => logits(state.params, x);
}

/** Share of examples that a classifier gets wrong, in %. */
export function errorPercent(classify: Classifier, { images, labels }: Split): number {
  let wrong = 0;
  for (let start = 0; start < labels.size; start += 1000) {
    const rows: [number, number] = [start, start + 1000];
    const predicted = np.argmax(classify(images.slice(rows)), 1);
    wrong += np.notEqual(predicted, labels.slice(rows)).sum().item();
  }
  return (100 * wrong) / labels.size;
}
