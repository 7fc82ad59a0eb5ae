import { jit, type NDArray, nn, optim, random } from '@forback/core';
import { loadMnist } from '@forback/datasets';
import { backpropagation, drtp, type FeedbackRule, shallow } from '@forback/feedback-alignment';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { errorPercent } from '../../shared/backpropagation';
import { trainInMinibatches } from '../../shared/minibatches';
import { firstExamples } from '../../shared/mnist';
import { feedbackLearner } from './learner';

const batchSize = 60;

/** The matrices of the released code: uniform, by the width of the layer that gets them. */
const init: nn.Initializer = (key, shape, options) =>
  nn.initializers.heUniform(key, shape, { ...options, fanIn: shape[1] as number });

const methods = {
  drtp: (key) => drtp(key, { init, targets: (_params: nn.MlpParams, _x: NDArray, y: NDArray) => nn.oneHot(y, 10) }),
  bp: () => backpropagation(),
  shallow: () => shallow(),
} as const satisfies Record<string, (key: random.Key) => FeedbackRule>;

interface Settings {
  readonly method: keyof typeof methods;
  readonly epochs: number;
  readonly trainingImages: number;
}

/** 784-500-10 on MNIST with tanh and sigmoid outputs, Adam 1.5e-4, batch 60. Test accuracy in %. */
async function train(seed: number, { method, epochs, trainingImages }: Settings, context: RunContext): Promise<number> {
  const raw = await loadMnist({ download: false, dataDir: context.dataDir, signal: context.signal });
  const data = firstExamples(raw.train, trainingImages);
  const example = firstExamples(data, batchSize);
  const [initKey, orderKey, ruleKey, stepKey] = random.split(random.key(seed), 4);
  const model = nn.mlp([784, 500, 10], { activation: nn.tanh, init: nn.initializers.glorotUniform });
  const loss = (p: nn.MlpParams, x: NDArray, y: NDArray) =>
    nn.losses.sigmoidBinaryCrossEntropy(model.apply(p, x), nn.oneHot(y, 10)).sum(1).mean();
  const learner = feedbackLearner(loss, model.init(initKey), [example.images, example.labels], {
    rule: () => methods[method](ruleKey),
    optimiser: optim.adam({ learningRate: 1.5e-4 }),
    decay: () => 0,
    key: stepKey,
  });
  const logits = jit((p: nn.MlpParams, x: NDArray) => model.apply(p, x), { name: 'logits' });
  const options = { epochs, batchSize, key: orderKey };
  const { params } = await trainInMinibatches(learner.start, data, options, context, learner.step);
  return 100 - errorPercent((x) => logits(params, x), raw.test);
}

const runOf = (method: Settings['method']) =>
  experiment({
    name: `mnist-500-tanh-${method}`,
    full: { settings: { method, epochs: 10, trainingImages: 60_000 }, seeds: 2, seconds: 60, memory: 900 },
    quick: { settings: { method, epochs: 2, trainingImages: 6_000 }, seeds: 1, seconds: 5, memory: 800 },
    run: train,
  });
const runs = { drtp: runOf('drtp'), bp: runOf('bp'), shallow: runOf('shallow') };

const accuracy = {
  published: null,
  source: 'Frenkel, Lefebvre and Bol 2021, FC1-500; its figures after 10 epochs are known to us only second-hand',
  unit: '% test accuracy',
  better: 'higher',
  rule: reportOnly(),
} as const;
const difference = {
  published: null,
  source: 'the same runs',
  unit: 'points of test accuracy',
  better: 'target',
} as const;

export const randomTargetRows = [
  row({
    ...accuracy,
    name: 'drtp-mnist',
    claim: 'DRTP: 784-500-10 on MNIST, 10 epochs',
    from: { run: runs.drtp },
    value: ({ run }) => run,
  }),
  row({
    ...accuracy,
    name: 'drtp-mnist-backpropagation',
    claim: 'Backpropagation: the same network',
    from: { run: runs.bp },
    value: ({ run }) => run,
    note: 'The learning rate of backpropagation is not known; ours is that of DRTP.',
  }),
  row({
    ...difference,
    name: 'drtp-behind-backpropagation',
    claim: 'DRTP is behind backpropagation',
    from: { bp: runs.bp, drtp: runs.drtp },
    value: (results) => results.bp - results.drtp,
    rule: above(0),
    quickRule: above(0, { standardErrors: 0 }),
  }),
  row({
    ...difference,
    name: 'drtp-ahead-of-shallow',
    claim: 'DRTP is ahead of the same network with a random hidden layer',
    from: { drtp: runs.drtp, shallow: runs.shallow },
    value: (results) => results.drtp - results.shallow,
    rule: above(0),
  }),
  row({
    ...difference,
    name: 'drtp-shallow',
    claim: 'Output layer alone: the same network',
    unit: '% test accuracy',
    from: { run: runs.shallow },
    value: ({ run }) => run,
    rule: reportOnly(),
  }),
];
