import { jit, type NDArray, nn, np, optim, random } from '@forback/core';
import { loadMnist } from '@forback/datasets';
import { angle, type PepitaOptions, pepitaFeedback, pepitaGrad } from '@forback/feedback-alignment';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { errorPercent } from '../../shared/backpropagation';
import { trainInMinibatches } from '../../shared/minibatches';
import { firstExamples } from '../../shared/mnist';
import { figure } from './figure';

const batchSize = 64;

interface Settings {
  readonly form: NonNullable<PepitaOptions['form']>;
  readonly units: number;
  readonly epochs: number;
  /** The learning rate falls from 0.1 to 0.01 behind it. */
  readonly fastEpochs: number;
  readonly trainingImages: number;
}

/**
 * 784-units-10 on MNIST without biases: He-uniform, learning rate 0.1, momentum 0.9, dropout 0.1, batch 64. Test errors in
 * %, and the angle between Fᵀ and W₂W₁ before and after.
 */
async function trainPepita(
  seed: number,
  { form, units, epochs, fastEpochs, trainingImages }: Settings,
  context: RunContext,
): Promise<Record<string, number>> {
  const raw = await loadMnist({ download: false, dataDir: context.dataDir, signal: context.signal });
  const data = firstExamples(raw.train, trainingImages);
  const dense = (inputs: number, outputs: number) =>
    nn.dense({ in: inputs, out: outputs, bias: false, init: nn.initializers.heUniform });
  const layers = [dense(784, units), dense(units, 10)] as const;
  const [hiddenKey, outputKey, orderKey, feedbackKey, dropKey] = random.split(random.key(seed), 5);
  const params = [layers[0].init(hiddenKey), layers[1].init(outputKey)] as const;
  type Params = [(typeof params)[0], (typeof params)[1]];
  const feedback = pepitaFeedback(feedbackKey, 10, 784);

  const drop = fastEpochs * Math.floor(trainingImages / batchSize);
  const optimiser = optim.sgd({ learningRate: (step) => np.where(step.less(drop), 0.1, 0.01), momentum: 0.9 });
  const start = { params: [...params] as Params, optimiser: optimiser.init([...params]) };
  const step = jit(
    (state: typeof start, key: random.Key, x: NDArray, y: NDArray): typeof start => {
      const { gradient } = pepitaGrad(layers, { feedback, form, dropout: { rate: 0.1, key } })(
        state.params,
        x,
        nn.oneHot(y, 10),
      );
      const [updates, next] = optimiser.update(gradient, state.optimiser, state.params);
      return { params: optim.applyUpdates(state.params, updates), optimiser: next };
    },
    { donate: 0, name: 'pepita step' },
  );
  const logits = jit((p: Params, x: NDArray) => layers[1].apply(p[1], nn.relu(layers[0].apply(p[0], x))), {
    name: 'logits',
  });
  const modulationAngle = (p: Params) => angle(p[0].weight.matmul(p[1].weight), feedback.T).item();

  const values: Record<string, number> = { 'angle before': modulationAngle(start.params) };
  const { params: trained } = await trainInMinibatches(
    start,
    data,
    {
      epochs,
      batchSize,
      key: orderKey,
      afterEpoch(state, epoch) {
        if (epoch === 1 || epoch === epochs)
          values[`error ${epoch === 1 ? 'first' : 'last'}`] = errorPercent((x) => logits(state.params, x), raw.test);
      },
    },
    context,
    (state, x, y, at) => step(state, random.foldIn(dropKey, at.step), x, y),
  );
  values['angle after'] = modulationAngle(trained);
  return values;
}

const runOf = (form: Settings['form'], seeds: number) =>
  experiment({
    name: `mnist-pepita-${form}`,
    full: {
      settings: { form, units: 1024, epochs: 5, fastEpochs: 3, trainingImages: 60_000 },
      seeds,
      seconds: 100,
      memory: 900,
    },
    quick: {
      settings: { form, units: 256, epochs: 3, fastEpochs: 2, trainingImages: 5_000 },
      seeds: 1,
      seconds: 8,
      memory: 800,
    },
    run: trainPepita,
  });
const pepita = runOf('difference', 2);
const adaptive = runOf('adaptive', 1);

const unpublished = {
  published: null,
  source: 'Dellaferrera and Kreiman 2022, recipe of the released code; no figure for 5 epochs',
} as const;
const testError = { ...unpublished, unit: '% test error', better: 'lower' } as const;

export const pepitaRows = [
  row({
    ...testError,
    name: 'pepita-mnist-epoch-1',
    claim: 'PEPITA: 784-1024-10 on MNIST, epoch 1',
    from: { pepita },
    value: (results) => figure(results.pepita, 'error first'),
    rule: reportOnly(),
  }),
  row({
    ...testError,
    name: 'pepita-mnist-epoch-5',
    claim: 'PEPITA: 784-1024-10 on MNIST, epoch 5',
    from: { pepita },
    value: (results) => figure(results.pepita, 'error last'),
    rule: reportOnly(),
  }),
  row({
    ...unpublished,
    name: 'pepita-angle-before',
    claim: 'Before training Fᵀ and W₂W₁ are at a right angle',
    unit: '°',
    better: 'target',
    from: { pepita },
    value: (results) => figure(results.pepita, 'angle before'),
    rule: reportOnly(),
  }),
  row({
    ...unpublished,
    name: 'pepita-anti-alignment',
    claim: 'Learning turns W₂W₁ against Fᵀ: the angle between them is above 95°',
    unit: '°',
    better: 'higher',
    from: { pepita },
    value: (results) => figure(results.pepita, 'angle after'),
    rule: above(95),
    quickRule: above(90, { standardErrors: 0 }),
  }),
  row({
    ...testError,
    name: 'pepita-adaptive-epoch-5',
    claim: 'Adaptive feedback alignment, the limit of small feedback: the same network, epoch 5',
    source: 'Srinivasan et al. 2024; no figure for this setting',
    from: { adaptive },
    value: (results) => figure(results.adaptive, 'error last'),
    rule: reportOnly(),
  }),
];
