import { jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
import { type ListOpsData, type ListOpsTreeParams, listOps, listOpsTree } from '@forback/reinmax/examples';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { estimatorOf, type Method } from './methods';

interface ListOps extends Method {
  readonly count: number;
  readonly testCount: number;
  readonly width: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly steps: number;
}

/** Small enough to be learnt in seconds: MAX and MIN of up to four digits. */
const expressions = { maxLength: 6, maxDepth: 1, maxArguments: 4, operators: 2 };

/** Test accuracy with the most likely tree, and the share of the most frequent value, in %. */
async function learn(
  seed: number,
  { count, testCount, width, learningRate, batchSize, steps, ...method }: ListOps,
  { signal, onProgress }: RunContext,
): Promise<{ accuracy: number; mostFrequent: number }> {
  const [dataKey, testKey, initKey, sampleKey] = random.split(random.key(seed), 4);
  const data = listOps({ key: dataKey, count, ...expressions });
  const test = listOps({ key: testKey, count: testCount, ...expressions });
  const model = listOpsTree({ estimator: estimatorOf(method), width });
  const adam = optim.adam({ learningRate });
  const start = model.init(initKey);
  let state = { params: start, optimiser: adam.init(start) };
  const step = jit(
    (before: typeof state, batch: ListOpsData, key: random.Key) => {
      const loss = (p: ListOpsTreeParams) => model.loss(p, batch, key).mean();
      const [, gradient] = valueAndGrad(loss)(before.params);
      const [updates, optimiser] = adam.update(gradient, before.optimiser, before.params);
      return { params: optim.applyUpdates(before.params, updates), optimiser };
    },
    { donate: 0, name: 'list-ops step' },
  );
  const batches = Math.floor(count / batchSize);
  for (let i = 0; i < steps; i++) {
    const at = (i % batches) * batchSize;
    const part = (x: NDArray) => x.slice([at, at + batchSize]);
    const batch = { tokens: part(data.tokens), lengths: part(data.lengths), labels: part(data.labels) };
    state = step(state, batch, random.foldIn(sampleKey, i));
    if (i % 20 > 0) continue;
    onProgress(i / steps);
    // Lets messages through, of which one may say stop.
    await new Promise((resume) => setImmediate(resume));
    signal.throwIfAborted();
  }
  const predicted = jit(model.predict)(state.params, test);
  const counts = np.equal(test.labels.reshape([-1, 1]), np.arange(10)).sum(0);
  return {
    accuracy: (100 * np.equal(predicted, test.labels).sum().item()) / testCount,
    mostFrequent: (100 * counts.max().item()) / testCount,
  };
}

const small = (name: string, method: Method) => {
  const settings = { ...method, count: 4000, testCount: 2000, width: 24, learningRate: 1e-2, batchSize: 32 };
  return experiment({
    name: `list-ops-${name}`,
    full: { settings: { ...settings, steps: 400 }, seeds: 3, seconds: 15, memory: 400 },
    quick: { settings: { ...settings, steps: 100 }, seeds: 1, seconds: 6, memory: 400 },
    run: learn,
  });
};
const reinmax = small('reinmax', { estimator: 'reinmax', temperature: 1.1 });
const straight = small('straight-through', { estimator: 'straightThrough', temperature: 1 });
const gumbel = small('straight-through-gumbel', { estimator: 'straightThroughGumbel', temperature: 0.5 });
const reinforce = small('reinforce', { estimator: 'reinforce' });

const common = {
  published: null,
  source:
    "not the paper's experiment (Liu et al. 2023 has pretrained vectors, 300 units and the data of Nangia and Bowman): MAX and MIN of up to four digits, 4000 expressions, 24 units, 400 steps",
  unit: '% test accuracy',
  better: 'higher',
} as const;
const task = "Small ListOps, not the paper's experiment";

export const listOpsRows = [
  row({
    ...common,
    name: 'list-ops-reinmax',
    claim: `${task}: a tree LSTM that draws its tree with ReinMax, τ 1.1`,
    from: { reinmax },
    value: ({ reinmax }) => reinmax.accuracy,
    rule: reportOnly(),
  }),
  row({
    ...common,
    name: 'list-ops-straight-through',
    claim: `${task}: with straight-through, τ 1`,
    from: { straight },
    value: ({ straight }) => straight.accuracy,
    rule: reportOnly(),
  }),
  row({
    ...common,
    name: 'list-ops-straight-through-gumbel',
    claim: `${task}: with straight-through Gumbel-softmax, τ 0.5`,
    from: { gumbel },
    value: ({ gumbel }) => gumbel.accuracy,
    rule: reportOnly(),
  }),
  row({
    ...common,
    name: 'list-ops-reinforce',
    claim: `${task}: with REINFORCE`,
    from: { reinforce },
    value: ({ reinforce }) => reinforce.accuracy,
    rule: reportOnly(),
  }),
  row({
    ...common,
    name: 'list-ops-learns',
    claim: `${task}: with ReinMax, ahead of the most frequent answer by`,
    unit: 'points of test accuracy',
    from: { reinmax },
    value: ({ reinmax }) => reinmax.accuracy - reinmax.mostFrequent,
    rule: above(30),
    quickRule: above(10, { standardErrors: 0 }),
  }),
];
