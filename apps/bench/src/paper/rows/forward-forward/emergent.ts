import { optim } from '@forback/core';
import {
  activityNorm,
  backpropagation,
  denseStack,
  errorRate,
  type ForwardForward,
  forwardForward,
  type LayerRepresentation,
  layerByLayer,
  lengthNormalisation,
  representations,
  uniformWrongLabels,
} from '@forback/forward-forward';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly, withinStandardErrors } from '../../rule';
import { firstExamples } from '../../shared/mnist';
import { type Extent, fit, imagesFor } from './training';

interface EmergentSettings extends Extent {
  readonly hidden: readonly number[];
  readonly batchSize: number;
}

const batchSize = 512;
const hidden = [300, 300, 300];
/** Test images whose activities are looked at. */
const observed = 2000;

function summary(error: number, [first]: readonly LayerRepresentation[]) {
  const { sparsity, ensembles, meanActivity } = first as LayerRepresentation;
  const units = (meanActivity[0] as number[]).length;
  const inEnsembles = ensembles.reduce((sum, own) => sum + own.length, 0) / ensembles.length;
  return { accuracy: 100 * (1 - error), sparsity, ensembleShare: inEnsembles / units };
}

async function goodnessNet(
  model: ForwardForward,
  seed: number,
  { epochs, trainingImages, batchSize }: EmergentSettings,
  context: RunContext,
) {
  const data = await imagesFor('MNIST', trainingImages, context);
  const state = await fit(model, data.train, { seed, epochs, batchSize, constantRate: true }, context);
  const vote = { mode: 'layerVote' } as const;
  const voting = { ...model, predict: (s: typeof state, x: typeof data.test.images) => model.predict(s, x, vote) };
  const error = errorRate(model, state, data.test, vote);
  return summary(error, representations(voting, state, firstExamples(data.test, observed)));
}

const common = (units: readonly number[]) =>
  ({
    layers: denseStack([784, ...units]),
    classes: 10,
    normalisation: lengthNormalisation(),
    negatives: uniformWrongLabels(),
    head: false,
    peerNormalisation: 0,
    scoredLayers: units.map((_, i) => i),
  }) as const;

const quick = {
  settings: { hidden, batchSize, epochs: 6, trainingImages: 5000 },
  seeds: 1,
  seconds: 9,
  memory: 700,
};
const full = (epochs: number, seconds: number) => ({
  settings: { hidden, batchSize, epochs, trainingImages: 20_000 },
  seeds: 3,
  seconds,
  memory: 700,
});

const ff = experiment({
  name: 'emergent-ff',
  // Epochs are shared out among the layers.
  full: full(15, 30),
  quick,
  run: (seed, settings: EmergentSettings, context) => {
    const method = {
      goodness: activityNorm(),
      schedule: layerByLayer(),
      optimiser: optim.adam({ learningRate: 0.01 }),
    };
    return goodnessNet(forwardForward({ ...common(settings.hidden), ...method }), seed, settings, context);
  },
});

const bpff = experiment({
  name: 'emergent-bp-ff',
  full: full(10, 45),
  quick,
  run: (seed, settings: EmergentSettings, context) => {
    const method = {
      goodness: activityNorm({ threshold: 1 }),
      gradients: 'endToEnd',
      optimiser: optim.adam({ learningRate: 0.001 }),
    } as const;
    return goodnessNet(forwardForward({ ...common(settings.hidden), ...method }), seed, settings, context);
  },
});

const bp = experiment({
  name: 'emergent-bp',
  full: full(10, 25),
  quick,
  async run(seed, { epochs, trainingImages, batchSize, hidden: units }: EmergentSettings, context) {
    const data = await imagesFor('MNIST', trainingImages, context);
    const model = backpropagation({ layers: denseStack([784, ...units]), classes: 10 });
    const state = await fit(model, data.train, { seed, epochs, batchSize, constantRate: true }, context);
    const error = errorRate(model, state, data.test);
    return summary(error, representations(model, state, firstExamples(data.test, observed)));
  },
});

const settings = '784-300-300-300, 20,000 images, batch 512, 5 epochs per layer (FF) or 10';
const source = `logs of the authors' notebooks, 784-784-784-784, batch 1024, all images; ours: ${settings}`;
const accuracy = {
  unit: '% test accuracy on MNIST',
  better: 'higher',
  rule: withinStandardErrors(2),
  note: 'Ours has narrower layers and far fewer steps; the order of the methods is what is judged below.',
} as const;
const sparsity = { unit: 'Hoyer sparsity of layer 1', better: 'target', source, rule: reportOnly() } as const;
const order = { better: 'target', source, rule: above(0), quickRule: above(0, { standardErrors: 0 }) } as const;
const accuracyGap = { ...order, unit: 'points of test accuracy' } as const;
const sparsityGap = { ...order, unit: 'Hoyer sparsity of layer 1' } as const;

export const emergentRows = [
  row({
    ...accuracy,
    name: 'emergent-ff-accuracy',
    claim: 'FF with ‖a‖₂ as goodness, layer by layer, vote of the layers',
    published: { value: 93.45, tag: 'log' },
    source: `log of the authors, batch 512, learning rate 0.01, 20 epochs; ours: ${settings}`,
    from: { ff },
    value: ({ ff }) => ff.accuracy,
  }),
  row({
    ...accuracy,
    name: 'emergent-bp-ff-accuracy',
    claim: 'BP/FF: the same goodness, end to end',
    published: { value: 97.2, tag: 'log' },
    source,
    from: { bpff },
    value: ({ bpff }) => bpff.accuracy,
  }),
  row({
    ...accuracy,
    name: 'emergent-bp-accuracy',
    claim: 'BP: cross-entropy',
    published: { value: 98.5, tag: 'log' },
    source,
    from: { bp },
    value: ({ bp }) => bp.accuracy,
  }),
  row({
    ...accuracyGap,
    name: 'emergent-accuracy-bp-ff-over-ff',
    claim: 'Accuracy: BP/FF is ahead of FF',
    published: { value: 1.4, tag: 'log' },
    from: { ff, bpff },
    value: ({ ff, bpff }) => bpff.accuracy - ff.accuracy,
  }),
  row({
    ...accuracyGap,
    name: 'emergent-accuracy-bp-over-bp-ff',
    claim: 'Accuracy: BP is ahead of BP/FF',
    published: { value: 1.3, tag: 'log' },
    from: { bp, bpff },
    value: ({ bp, bpff }) => bp.accuracy - bpff.accuracy,
  }),
  row({
    ...sparsity,
    name: 'emergent-ff-sparsity',
    claim: 'Sparsity of FF',
    published: { value: 0.81, tag: 'log' },
    from: { ff },
    value: ({ ff }) => ff.sparsity,
  }),
  row({
    ...sparsity,
    name: 'emergent-bp-ff-sparsity',
    claim: 'Sparsity of BP/FF',
    published: { value: 0.94, tag: 'log' },
    from: { bpff },
    value: ({ bpff }) => bpff.sparsity,
  }),
  row({
    ...sparsity,
    name: 'emergent-bp-sparsity',
    claim: 'Sparsity of BP',
    published: { value: 0.59, tag: 'log' },
    from: { bp },
    value: ({ bp }) => bp.sparsity,
  }),
  row({
    ...sparsityGap,
    name: 'emergent-ff-sparser-than-bp',
    claim: 'FF is sparser than BP',
    published: { value: 0.22, tag: 'log' },
    from: { ff, bp },
    value: ({ ff, bp }) => ff.sparsity - bp.sparsity,
  }),
  row({
    ...sparsityGap,
    name: 'emergent-bp-ff-sparser-than-ff',
    claim: 'BP/FF is sparser than FF',
    published: { value: 0.13, tag: 'log' },
    from: { ff, bpff },
    value: ({ ff, bpff }) => bpff.sparsity - ff.sparsity,
  }),
  row({
    ...order,
    name: 'emergent-ensembles',
    claim: 'More units of the first layer belong to the ensemble of a class in FF than in BP',
    unit: 'share of units, mean over classes',
    published: null,
    source: 'Tosato et al. 2023, section 4; we know no comparable figure',
    note:
      'A unit belongs to an ensemble when its activity is distributed unlike that of the other units; in BP, whose units are rarely ' +
      'silent, that holds for most of them.',
    from: { ff, bp },
    value: ({ ff, bp }) => ff.ensembleShare - bp.ensembleShare,
  }),
];
