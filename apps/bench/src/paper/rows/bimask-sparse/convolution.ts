import { nn, np } from '@forback/core';
import { type Dataset, loadCifar10 } from '@forback/datasets';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { type MethodName, type TrainResult, type TrainSettings, trainSparse } from './training';

const network = () =>
  nn.sequential(
    nn.conv({ in: 3, out: 16, kernel: 3, stride: 2, padding: 'same' }),
    nn.relu,
    nn.conv({ in: 16, out: 32, kernel: 3, stride: 2, padding: 'same' }),
    nn.relu,
    nn.conv({ in: 32, out: 64, kernel: 3, stride: 2, padding: 'same' }),
    nn.relu,
    nn.flatten,
    nn.dense({ in: 1024, out: 128 }),
    nn.relu,
    nn.dense({ in: 128, out: 10 }),
  );

async function run(seed: number, settings: TrainSettings, context: RunContext): Promise<TrainResult> {
  const { dataDir, signal } = context;
  const whole = await loadCifar10({ download: false, dataDir, signal });
  return trainSparse(network(), losslessSubset(whole), settings, 'inner', seed, context);
}

/** The records of the lossless subset, also where the whole set is at hand: the row is the same wherever it is run. */
function losslessSubset(data: Dataset): Dataset {
  if (data.train.labels.size < 50_000) return data;
  const records = [0, 1, 2, 3, 4].flatMap((batch) =>
    Array.from({ length: batch === 0 ? 4000 : 1017 }, (_, i) => 10_000 * batch + i),
  );
  const { images, labels } = data.train;
  const { test } = data;
  return {
    ...data,
    train: { images: np.take(images, records), labels: np.take(labels, records) },
    test: { images: test.images.slice([0, 1017]), labels: test.labels.slice([0, 1017]) },
  };
}

function trained(method: MethodName) {
  const common = { method, pattern: '1:4', batchSize: 64, learningRate: 0.05, weightDecay: 5e-4 } as const;
  return experiment({
    name: `cifar-cnn-${method}`,
    full: { settings: { ...common, epochs: 10, trainingImages: 8000 }, seeds: 3, seconds: 40, memory: 900 },
    quick: { settings: { ...common, epochs: 1, trainingImages: 3200 }, seeds: 1, seconds: 8, memory: 900 },
    run,
  });
}

const where = 'small convolutional network on the lossless subset of CIFAR-10, first and last layer dense, 10 epochs';
const [dense, srSte, biMask, tMask] = [trained('dense'), trained('sr-ste'), trained('bi-mask'), trained('t-mask')];

const accuracy = {
  unit: '% test accuracy',
  better: 'higher',
  published: null,
  rule: reportOnly(),
  source: 'no published figure: the subset has 8,068 training and 1,017 test images',
} as const;

export const convolutionRows = [
  ...Object.entries({ dense, 'sr-ste': srSte, 'bi-mask': biMask, 't-mask': tMask }).map(([method, of]) =>
    row({
      ...accuracy,
      name: `cifar-cnn-${method}`,
      claim: `${method}${method === 'dense' ? '' : ' at 1:4'}: ${where}`,
      from: { of },
      value: ({ of }) => of.accuracy,
    }),
  ),
  row({
    name: 'cifar-cnn-bi-mask-against-sr-ste',
    claim: `Bi-Mask at 1:4 is no more than three points behind SR-STE: ${where}`,
    published: { value: -0.3, tag: 'paper' },
    source: 'READMEs of Bi-Mask and SR-STE: ResNet-50 on ImageNet, top-1; another network and data',
    unit: 'points of test accuracy',
    better: 'higher',
    from: { biMask, srSte },
    value: ({ biMask, srSte }) => biMask.accuracy - srSte.accuracy,
    rule: above(-3),
  }),
];
