import { grad, jit, type NDArray, nn, np, random, tree } from '@forback/core';
import type { Split } from '@forback/datasets';
import { activityGrad, forwardGrad } from '@forback/forward-gradient';
import type { RunContext } from '../../row';
import { errorPercent } from '../../shared/backpropagation';
import { trainInMinibatches } from '../../shared/minibatches';
import { firstExamples, mnist } from '../../shared/mnist';

/** Exact gradients, one forward gradient in the space of the weights, or one in that of the activities (Ren et al. 2023). */
export type Direction = 'backpropagation' | 'weights' | 'activities';

export interface RaceSettings {
  readonly direction: Direction;
  readonly sizes: readonly number[];
  /** Of several learning rates, the one that is best on 10,000 validation images after an epoch of tuning. */
  readonly rates: readonly number[];
  /** The learning rate falls as exp(−decay · step). */
  readonly decay: number;
  readonly epochs: number;
  /** The first ones of the 50,000, also for tuning. */
  readonly trainingImages: number;
  readonly tuningImages: number;
}

const batchSize = 64;

/** Trains an MLP by plain SGD, batch 64. Test accuracies in %, and the learning rate. */
export async function race(
  seed: number,
  settings: RaceSettings,
  context: RunContext,
): Promise<{ first: number; last: number; rate: number }> {
  const { rates, epochs, trainingImages, tuningImages } = settings;
  const data = await mnist(context);
  const accuracy = (part: Split, model: Model, params: nn.MlpParams) =>
    100 - errorPercent((x) => model.logits(params, x), part);
  const model = modelOf(settings, seed);
  const silent = { signal: context.signal, onProgress: () => {} };

  let rate = rates[0] as number;
  if (rates.length > 1) {
    let best = Number.NEGATIVE_INFINITY;
    for (const candidate of rates) {
      const part = firstExamples(data.train, tuningImages);
      const options = { epochs: 1, batchSize, key: model.orderKey };
      const params = await trainInMinibatches(model.start, part, options, silent, model.stepAt(candidate));
      const reached = accuracy(data.validation, model, params);
      if (reached <= best) continue;
      [best, rate] = [reached, candidate];
    }
  }
  const values = { first: 0, last: 0, rate };
  await trainInMinibatches(
    model.start,
    firstExamples(data.train, trainingImages),
    {
      epochs,
      batchSize,
      key: model.orderKey,
      afterEpoch(params, epoch) {
        if (epoch === 1) values.first = accuracy(data.test, model, params);
        if (epoch === epochs) values.last = accuracy(data.test, model, params);
      },
    },
    context,
    model.stepAt(rate),
  );
  return values;
}

type Model = ReturnType<typeof modelOf>;

function modelOf({ direction, sizes, decay }: RaceSettings, seed: number) {
  const [initKey, orderKey, tangentKey] = random.split(random.key(seed), 3);
  const model = nn.mlp(sizes);
  const gradientOf = gradients(direction, sizes);
  const step = jit(
    (params: nn.MlpParams, rate: NDArray, key: random.Key, x: NDArray, y: NDArray) =>
      tree.map((p, g) => p.sub(g.mul(rate)), params, gradientOf(params, key, x, y)),
    { name: direction },
  );
  return {
    orderKey,
    start: model.init(initKey),
    logits: jit((p: nn.MlpParams, x: NDArray) => model.apply(p, x), { name: 'logits' }),
    stepAt: (rate: number) => (params: nn.MlpParams, x: NDArray, y: NDArray, at: { readonly step: number }) =>
      step(params, np.full([], rate * Math.exp(-decay * at.step)), random.foldIn(tangentKey, at.step), x, y),
  };
}

type Gradient = (params: nn.MlpParams, key: random.Key, x: NDArray, y: NDArray) => nn.MlpParams;

function gradients(direction: Direction, sizes: readonly number[]): Gradient {
  const model = nn.mlp(sizes);
  const loss = (p: nn.MlpParams, x: NDArray, y: NDArray) => nn.losses.softmaxCrossEntropy(model.apply(p, x), y).mean();
  if (direction === 'backpropagation') return (params, _key, x, y) => grad(loss)(params, x, y);
  if (direction === 'weights') return (params, key, x, y) => forwardGrad(loss, { key })(params, x, y);
  const blocks = sizes.slice(1).map((_, i) => {
    const last = i === sizes.length - 2;
    // Noise enters behind the ReLU, so that a unit that is switched off gets no gradient.
    return ({ weight, bias }: nn.MlpParams[number], x: NDArray) => {
      const z = x.matmul(weight).add(bias);
      return last ? z : nn.relu(z);
    };
  });
  return (params, key, x, y) => {
    const estimate = activityGrad(blocks, nn.losses.softmaxCrossEntropy, { key });
    return estimate(params, x, y).gradient;
  };
}
