import {
  biMask,
  type PatternLike,
  type Scope,
  type SparseMethod,
  type Sparsity,
  sparseTraining,
  srSte,
  transposable,
} from '@forback/bimask-sparse';
import { jit, type NDArray, nn, np, optim, random, valueAndGrad } from '@forback/core';
import type { Dataset } from '@forback/datasets';
import type { RunContext } from '../../row';

/** How the weights are kept sparse. Bi-Mask draws permutations, as the paper does, or climbs, as is our default. */
export type MethodName = 'dense' | 'sr-ste' | 'bi-mask' | 'bi-mask-climb' | 't-mask';

/** What a run is made of, besides its seed. */
export interface TrainSettings {
  readonly method: MethodName;
  readonly pattern: PatternLike;
  readonly epochs: number;
  /** The first ones of the training images. */
  readonly trainingImages: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Accuracy in %, and κ: the share of the forward mask's entries that the backward mask keeps, over all steps and layers. */
export interface TrainResult extends Readonly<Record<string, number>> {
  readonly accuracy: number;
  readonly kept: number;
}

/** A network of layers in `nn`. */
export interface Network<Params> {
  init(key: random.Key): Params;
  apply(params: Params, x: NDArray): NDArray;
}

/** K = 20 and Δ = 100 for the paper's search. */
function methodOf(name: MethodName, key: random.Key): SparseMethod {
  if (name === 'sr-ste') return srSte();
  if (name === 't-mask') return transposable();
  return biMask(key, name === 'bi-mask' ? { search: 'random', candidates: 20, permuteEvery: 100 } : {});
}

/**
 * SGD with momentum 0.9, an L2 penalty and a cosine schedule; softmax cross-entropy; masks chosen anew in every step (every
 * 40 for T-mask).
 */
export async function trainSparse<Params>(
  network: Network<Params>,
  data: Dataset,
  settings: TrainSettings,
  scope: Scope,
  seed: number,
  { signal, onProgress }: RunContext,
): Promise<TrainResult> {
  const { epochs, trainingImages, batchSize, learningRate, weightDecay } = settings;
  const [initKey, orderKey, maskKey] = random.split(random.key(seed), 3);
  const { images, labels } = data.train;
  const perEpoch = Math.floor(trainingImages / batchSize);
  const steps = epochs * perEpoch;
  const optimiser = optim.chain(
    optim.addDecayedWeights({ weightDecay }),
    optim.sgd({ learningRate: optim.schedules.cosineDecay({ from: learningRate, steps }), momentum: 0.9 }),
  );
  const loss = (p: Params, x: NDArray, y: NDArray) => nn.losses.softmaxCrossEntropy(network.apply(p, x), y).mean();
  const params = network.init(initKey);
  const example: [Params, NDArray, NDArray] = [params, images.slice([0, batchSize]), labels.slice([0, batchSize])];
  const sparse =
    settings.method === 'dense'
      ? null
      : sparseTraining(loss, { pattern: settings.pattern, method: methodOf(settings.method, maskKey), example, scope });
  let state = { params, optimiser: optimiser.init(params) };
  let sparsity: Sparsity | null = sparse?.init(params) ?? null;
  const step = jit(
    (before: typeof state, masks: Sparsity | null, x: NDArray, y: NDArray) => {
      const gradientOf = sparse && masks ? sparse.valueAndGrad(masks) : valueAndGrad(loss);
      const [value, gradient] = gradientOf(before.params, x, y) as [NDArray, Params];
      const [updates, next] = optimiser.update(gradient, before.optimiser, before.params);
      return [{ params: optim.applyUpdates(before.params, updates), optimiser: next }, value] as [
        typeof state,
        NDArray,
      ];
    },
    { donate: 0, name: settings.method },
  );
  const shares: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.permutation(random.foldIn(orderKey, epoch), trainingImages);
    for (let batch = 0; batch < perEpoch; batch++) {
      const rows = order.slice([batch * batchSize, (batch + 1) * batchSize]);
      if (sparse && sparsity) sparsity = sparse.refresh(state.params, sparsity);
      [state] = step(state, sparsity, np.take(images, rows), np.take(labels, rows));
      if (batch % 10 > 0) continue;
      if (sparse && sparsity) shares.push(...Object.values(sparse.kept(sparsity)).map((kept) => kept.share));
      onProgress((epoch + batch / perEpoch) / epochs);
      // Lets messages through, of which one may say stop.
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
  }
  const trained =
    sparse && sparsity ? sparse.prune(state.params, sparse.refresh(state.params, sparsity)) : state.params;
  const kept = shares.length > 0 ? shares.reduce((a, b) => a + b, 0) / shares.length : 1;
  return { accuracy: accuracyOf(network, trained, data.test), kept };
}

function accuracyOf<Params>(network: Network<Params>, params: Params, test: Dataset['test']): number {
  const logits = jit((p: Params, x: NDArray) => network.apply(p, x), { name: 'logits' });
  let right = 0;
  const count = test.labels.size;
  for (let start = 0; start < count; start += 1000) {
    const rows: [number, number] = [start, Math.min(start + 1000, count)];
    right += np
      .equal(np.argmax(logits(params, test.images.slice(rows)), 1), test.labels.slice(rows))
      .astype('int32')
      .sum()
      .item();
  }
  return (100 * right) / count;
}
