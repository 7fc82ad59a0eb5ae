import { expectedSparsity } from '@forback/bimask-sparse';
import { nn } from '@forback/core';
import { loadFashionMnist } from '@forback/datasets';
import { experiment, type Published, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { type MethodName, type TrainResult, type TrainSettings, trainSparse } from './training';

const patterns = ['2:4', '1:4', '1:8', '1:16'] as const;
type Pattern = (typeof patterns)[number];
const slug = (pattern: Pattern) => pattern.replace(':', 'of');

async function run(seed: number, settings: TrainSettings, context: RunContext): Promise<TrainResult> {
  const { dataDir, signal } = context;
  const data = await loadFashionMnist({ download: false, dataDir, signal });
  return trainSparse(nn.mlp([784, 256, 256, 10]), data, settings, 'all-but-last', seed, context);
}

function trained(method: MethodName, pattern: Pattern) {
  const common = { method, pattern, batchSize: 256, learningRate: 0.05, weightDecay: 5e-4 };
  const name = method === 'dense' ? 'fashion-mlp-dense' : `fashion-mlp-${method}-${slug(pattern)}`;
  return experiment({
    name,
    full: { settings: { ...common, epochs: 3, trainingImages: 60_000 }, seeds: 3, seconds: 20, memory: 900 },
    quick: { settings: { ...common, epochs: 1, trainingImages: 10_240 }, seeds: 1, seconds: 8, memory: 900 },
    run,
  });
}

const network = '784-256-256-10 on Fashion-MNIST, last layer dense, 3 epochs';
const dense = trained('dense', '2:4');
const byPattern = patterns.map((pattern) => ({
  pattern,
  srSte: trained('sr-ste', pattern),
  biMask: trained('bi-mask', pattern),
  tMask: trained('t-mask', pattern),
}));
const climbed = trained('bi-mask-climb', '1:8');

const accuracy = { unit: '% test accuracy', better: 'higher', published: null, rule: reportOnly() } as const;
const gap = { unit: 'points of test accuracy', better: 'higher' } as const;

/** Bi-Mask minus SR-STE, ResNet-50 on ImageNet, top-1. */
const onImageNet: Readonly<Record<Pattern, Published | null>> = {
  '2:4': { value: 0.4, tag: 'paper' },
  '1:4': { value: -0.3, tag: 'paper' },
  '1:8': null,
  '1:16': { value: -0.1, tag: 'paper' },
};

/** How far behind the dense network the small check of the notes leaves room for, seeds included. */
const roomBehindDense: Readonly<Record<Pattern, number>> = { '2:4': -1, '1:4': -1, '1:8': -1.75, '1:16': -2.75 };

export const perceptronRows = [
  row({
    ...accuracy,
    name: 'fashion-mlp-dense',
    claim: `Dense: ${network}`,
    source: 'no published figure for this network',
    from: { dense },
    value: ({ dense }) => dense.accuracy,
  }),
  ...byPattern.flatMap(({ pattern, srSte, biMask, tMask }) => [
    row({
      ...accuracy,
      name: `fashion-mlp-sr-ste-${slug(pattern)}`,
      claim: `SR-STE at ${pattern}: ${network}`,
      source: 'no published figure for this network',
      from: { srSte },
      value: ({ srSte }) => srSte.accuracy,
    }),
    row({
      ...accuracy,
      name: `fashion-mlp-bi-mask-${slug(pattern)}`,
      claim: `Bi-Mask at ${pattern} (20 random permutations every 100 steps): ${network}`,
      source: 'no published figure for this network',
      from: { biMask },
      value: ({ biMask }) => biMask.accuracy,
    }),
    row({
      ...accuracy,
      name: `fashion-mlp-t-mask-${slug(pattern)}`,
      claim: `Transposable mask at ${pattern} (greedy, every 40 steps): ${network}`,
      source: 'no published figure for this network',
      from: { tMask },
      value: ({ tMask }) => tMask.accuracy,
    }),
    row({
      ...gap,
      name: `fashion-mlp-bi-mask-behind-dense-${slug(pattern)}`,
      claim: `Bi-Mask at ${pattern} stays close to the dense network`,
      published: null,
      source: 'our own bound',
      from: { biMask, dense },
      value: ({ biMask, dense }) => biMask.accuracy - dense.accuracy,
      rule: above(roomBehindDense[pattern]),
    }),
    row({
      ...gap,
      name: `fashion-mlp-bi-mask-against-sr-ste-${slug(pattern)}`,
      claim: `Bi-Mask at ${pattern} is no more than half a point behind SR-STE, which has the exact input gradient`,
      published: onImageNet[pattern],
      source:
        onImageNet[pattern] === null
          ? 'our own bound'
          : 'READMEs of Bi-Mask and SR-STE (1:16: quoted by BAME): ResNet-50 on ImageNet, top-1; another network and data',
      from: { biMask, srSte },
      value: ({ biMask, srSte }) => biMask.accuracy - srSte.accuracy,
      rule: above(-0.5),
    }),
    row({
      name: `fashion-mlp-kept-${slug(pattern)}`,
      claim: `Share of F that B keeps during training at ${pattern}: no less than the closed form for independent weights`,
      published: null,
      source: 'κ = E[min(N, Bin(M, N/M))] / N, a closed form; ours is the difference from it',
      unit: 'difference of shares',
      better: 'target',
      from: { biMask },
      value: ({ biMask }) => biMask.kept - expectedSparsity(pattern).kept,
      rule: above(-0.01),
      quickRule: above(-0.01, { standardErrors: 0 }),
    }),
  ]),
  ...byPattern.slice(1).map(({ pattern, biMask, tMask }) =>
    row({
      ...gap,
      name: `fashion-mlp-bi-mask-ahead-of-t-mask-${slug(pattern)}`,
      claim: `Bi-Mask is ahead of one transposable mask for both directions at ${pattern}`,
      published: null,
      source: 'the paper compares on other networks',
      from: { biMask, tMask },
      value: ({ biMask, tMask }) => biMask.accuracy - tMask.accuracy,
      rule: above(0),
    }),
  ),
  row({
    name: 'fashion-mlp-climb-keeps-more-1of8',
    claim: 'At 1:8 the hill climb for the permutation keeps more of F than the best of 20 random permutations',
    published: null,
    source: 'ours; the paper draws permutations',
    unit: 'difference of shares',
    better: 'higher',
    from: { climbed, drawn: byPattern[2]?.biMask ?? climbed },
    value: ({ climbed, drawn }) => climbed.kept - drawn.kept,
    rule: above(0),
    quickRule: above(0, { standardErrors: 0 }),
  }),
  row({
    ...accuracy,
    name: 'fashion-mlp-bi-mask-climb-1of8',
    claim: `Bi-Mask at 1:8 with the hill climb: ${network}`,
    source: 'no published figure for this network',
    from: { climbed },
    value: ({ climbed }) => climbed.accuracy,
  }),
];
