import { random } from '@forback/core';
import {
  denseStack,
  errorRate,
  forwardForward,
  logisticThreshold,
  sumOfSquares,
  thresholdSweep,
  uniformWrongLabels,
} from '@forback/forward-forward';
import { experiment, row } from '../../row';
import { above, below, reportOnly } from '../../rule';
import { firstExamples } from '../../shared/mnist';
import { type Extent, errorGap, fit, imagesFor, partOf, testError } from './training';

interface CollaborationSettings extends Extent {
  readonly collaboration: 'none' | 'below' | 'all';
  readonly hidden: readonly number[];
  /** Per unit; the one with the least validation error is taken. */
  readonly thresholds: readonly number[];
  readonly tuning: Extent;
}

function collaborationExperiment(name: string, collaboration: CollaborationSettings['collaboration']) {
  const common = { collaboration, hidden: [300, 300, 300], thresholds: [0.5, 1, 2, 4, 8, 16] };
  return experiment({
    name,
    full: {
      settings: { ...common, epochs: 5, trainingImages: 20_000, tuning: { epochs: 2, trainingImages: 10_000 } },
      seeds: 3,
      seconds: 50,
      memory: 700,
    },
    quick: {
      settings: { ...common, epochs: 2, trainingImages: 5000, tuning: { epochs: 1, trainingImages: 2000 } },
      seeds: 1,
      seconds: 8,
      memory: 700,
    },
    async run(seed, settings: CollaborationSettings, context) {
      const { hidden, thresholds, tuning, epochs, trainingImages } = settings;
      const data = await imagesFor('MNIST', trainingImages, context);
      const build = (thresholdPerUnit: number) =>
        forwardForward({
          layers: denseStack([784, ...hidden]),
          classes: 10,
          collaboration: settings.collaboration,
          goodness: sumOfSquares({ thresholdPerUnit }),
          loss: logisticThreshold(),
          negatives: uniformWrongLabels(),
          head: false,
          scoredLayers: hidden.map((_, i) => i),
        });
      const sweep = await thresholdSweep({
        thresholds,
        build,
        data: firstExamples(data.train, tuning.trainingImages),
        validation: data.validation,
        training: { epochs: tuning.epochs, key: random.key(seed), signal: context.signal },
      });
      context.signal.throwIfAborted();
      const { threshold } = sweep.reduce((best, next) => (next.error < best.error ? next : best));
      const model = build(threshold);
      const state = await fit(model, data.train, { seed, epochs }, partOf(context, 0.4, 1));
      return {
        error: 100 * errorRate(model, state, data.test),
        firstLayer: 100 * errorRate(model, state, data.test, { layers: [0] }),
        threshold,
      };
    },
  });
}

const plain = collaborationExperiment('collaboration-none', 'none');
const lower = collaborationExperiment('collaboration-below', 'below');
const every = collaborationExperiment('collaboration-all', 'all');

const source =
  'Lorberbom et al. 2024, Table 1; its figures are known to us only second-hand, and its widths, rates and epochs are not known';
const net = '784-300-300-300 on MNIST, 20,000 images, 5 epochs, goodness scan of all layers';
const otherwise =
  'Widths, rates, epochs and optimiser of the paper are not known. With ours (weighted averages of gradients and peer ' +
  'normalisation as in the script of Hinton, thresholds up to 16 per unit) the sign is the other one.';
const level = { ...testError, published: null, source, rule: reportOnly() } as const;
const gap = {
  ...errorGap,
  published: null,
  source,
  note: otherwise,
  rule: below(0),
  quickRule: below(0, { standardErrors: 0 }),
} as const;

export const collaborationRows = [
  row({
    ...level,
    name: 'collaboration-none',
    claim: `Without layer collaboration, random wrong labels: ${net}`,
    from: { plain },
    value: ({ plain }) => plain.error,
    note: 'Each of the three methods has its own threshold, the best of 0.5, 1, 2, 4, 8 and 16 per unit on 10,000 validation images after 2 epochs on 10,000 images.',
  }),
  row({
    ...level,
    name: 'collaboration-below',
    claim: `Layer collaboration with the layers below (γ_{<t}): ${net}`,
    from: { lower },
    value: ({ lower }) => lower.error,
  }),
  row({
    ...level,
    name: 'collaboration-all',
    claim: `Layer collaboration with all layers (γ): ${net}`,
    from: { every },
    value: ({ every }) => every.error,
  }),
  row({
    ...gap,
    name: 'collaboration-below-ahead',
    claim: 'Collaboration with the layers below lowers the test error',
    from: { plain, lower },
    value: ({ plain, lower }) => lower.error - plain.error,
  }),
  row({
    ...gap,
    name: 'collaboration-all-ahead',
    claim: 'Collaboration with all layers lowers the test error',
    from: { plain, every },
    value: ({ plain, every }) => every.error - plain.error,
  }),
  row({
    ...gap,
    name: 'higher-layers-harm',
    claim: 'Without collaboration the first layer alone is better than all three together',
    from: { plain },
    value: ({ plain }) => plain.error - plain.firstLayer,
    rule: above(0),
    quickRule: above(0, { standardErrors: 0 }),
  }),
];
