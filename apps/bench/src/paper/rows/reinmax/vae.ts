import { random } from '@forback/core';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import type { Method } from './methods';
import { meanNegativeElbo, trainVae, type VaeSettings } from './vae-training';

/** The mean −ELBO of each epoch's training batches, as `epoch1` to the last, of the last as `train`, and of the test images as `test`. */
async function train(seed: number, settings: VaeSettings, context: RunContext): Promise<Record<string, number>> {
  const trained = await trainVae(seed, settings, context);
  return {
    ...Object.fromEntries(trained.curve.map((value, i) => [`epoch${i + 1}`, value])),
    train: trained.curve.at(-1) as number,
    test: meanNegativeElbo(trained, trained.data.test.images, random.key(seed)),
  };
}

const all = 60_000;
const few = 10_000;

const half = (name: string, method: Method) => {
  const common = { ...method, hidden: [256, 128], learningRate: 1e-3 };
  return experiment({
    name: `vae-half-width-${name}`,
    full: { settings: { ...common, epochs: 10, trainingImages: all }, seeds: 3, seconds: 75, memory: 900 },
    quick: { settings: { ...common, epochs: 2, trainingImages: few }, seeds: 1, seconds: 6, memory: 900 },
    run: train,
  });
};
const full = (name: string, method: Method, learningRate: number) =>
  experiment({
    name: `vae-full-width-${name}`,
    full: {
      settings: { ...method, hidden: [512, 256], learningRate, epochs: 15, trainingImages: all },
      seeds: 1,
      seconds: 250,
      memory: 1000,
    },
    quick: null,
    run: train,
  });

const reinmax = { estimator: 'reinmax', temperature: 1.3 } as const;
const gumbel = { estimator: 'straightThroughGumbel', temperature: 0.5 } as const;
const halfReinmax = half('reinmax', reinmax);
const halfGumbel = half('straight-through-gumbel', gumbel);
const halfStraight = half('straight-through', { estimator: 'straightThrough', temperature: 1 });
const fullReinmax = full('reinmax', reinmax, 5e-4);
const fullGumbel = full('straight-through-gumbel', gumbel, 3e-4);
const fullStraight = full('straight-through', { estimator: 'straightThrough', temperature: 1.3 }, 1e-3);

const setup = 'Liu et al. 2023, MNIST-VAE: 784-512-256-(8 categories × 4 latents), 160 epochs';
const halfSource = `${setup}; ours: half as wide, 10 epochs, Adam 0.001`;
const fullSource = `${setup}; ours: 15 epochs, Adam with the learning rates of the hyper-parameter file of ReinMax_ASC`;
const level = { unit: 'nats', better: 'lower', published: null, rule: reportOnly() } as const;
const gap = { unit: 'nats', better: 'higher', published: null } as const;
const ahead = above(0);
const oneSeed = above(0, { standardErrors: 0 });

export const vaeRows = [
  row({
    ...level,
    name: 'vae-half-width-reinmax',
    claim: 'MNIST VAE, half width, epoch 10: training −ELBO of ReinMax, τ 1.3',
    source: halfSource,
    from: { halfReinmax },
    value: ({ halfReinmax }) => halfReinmax.train as number,
  }),
  row({
    ...level,
    name: 'vae-half-width-straight-through-gumbel',
    claim: 'MNIST VAE, half width, epoch 10: training −ELBO of straight-through Gumbel-softmax, τ 0.5',
    source: halfSource,
    from: { halfGumbel },
    value: ({ halfGumbel }) => halfGumbel.train as number,
  }),
  row({
    ...level,
    name: 'vae-half-width-straight-through',
    claim: 'MNIST VAE, half width, epoch 10: training −ELBO of straight-through, τ 1',
    source: halfSource,
    from: { halfStraight },
    value: ({ halfStraight }) => halfStraight.train as number,
  }),
  row({
    ...gap,
    name: 'vae-half-width-reinmax-ahead',
    claim: 'MNIST VAE, half width, epoch 10: ReinMax is ahead of straight-through Gumbel-softmax by',
    source: halfSource,
    from: { halfReinmax, halfGumbel },
    value: ({ halfReinmax, halfGumbel }) => (halfGumbel.train as number) - (halfReinmax.train as number),
    rule: ahead,
  }),
  row({
    ...gap,
    name: 'vae-half-width-gumbel-ahead',
    claim: 'MNIST VAE, half width, epoch 10: straight-through Gumbel-softmax is ahead of straight-through by',
    source: halfSource,
    from: { halfGumbel, halfStraight },
    value: ({ halfGumbel, halfStraight }) => (halfStraight.train as number) - (halfGumbel.train as number),
    rule: ahead,
  }),
  row({
    ...gap,
    name: 'vae-half-width-reinmax-ahead-on-test',
    claim: 'MNIST VAE, half width, epoch 10: on test images ReinMax is ahead of straight-through Gumbel-softmax by',
    source: halfSource,
    from: { halfReinmax, halfGumbel },
    value: ({ halfReinmax, halfGumbel }) => (halfGumbel.test as number) - (halfReinmax.test as number),
    rule: ahead,
  }),
  row({
    ...gap,
    name: 'vae-half-width-reinmax-slow-start',
    claim: 'MNIST VAE, half width, epoch 2: ReinMax is still behind straight-through Gumbel-softmax, by',
    source: halfSource,
    from: { halfReinmax, halfGumbel },
    value: ({ halfReinmax, halfGumbel }) => (halfReinmax.epoch2 as number) - (halfGumbel.epoch2 as number),
    rule: ahead,
    quickRule: oneSeed,
  }),
  row({
    ...level,
    name: 'vae-full-width-reinmax',
    claim: 'MNIST VAE, full width, epoch 15: training −ELBO of ReinMax, τ 1.3',
    source: fullSource,
    from: { fullReinmax },
    value: ({ fullReinmax }) => fullReinmax.train as number,
  }),
  row({
    ...level,
    name: 'vae-full-width-straight-through-gumbel',
    claim: 'MNIST VAE, full width, epoch 15: training −ELBO of straight-through Gumbel-softmax, τ 0.5',
    source: fullSource,
    from: { fullGumbel },
    value: ({ fullGumbel }) => fullGumbel.train as number,
  }),
  row({
    ...level,
    name: 'vae-full-width-straight-through',
    claim: 'MNIST VAE, full width, epoch 15: training −ELBO of straight-through, τ 1.3',
    source: fullSource,
    from: { fullStraight },
    value: ({ fullStraight }) => fullStraight.train as number,
  }),
  row({
    ...gap,
    name: 'vae-full-width-reinmax-ahead',
    claim: 'MNIST VAE, full width, epoch 15: ReinMax is ahead of straight-through Gumbel-softmax by',
    source: fullSource,
    from: { fullReinmax, fullGumbel },
    value: ({ fullReinmax, fullGumbel }) => (fullGumbel.train as number) - (fullReinmax.train as number),
    rule: oneSeed,
    note: 'One seed: the order of two runs, not of two means.',
  }),
  row({
    ...gap,
    name: 'vae-full-width-gumbel-ahead',
    claim: 'MNIST VAE, full width, epoch 15: straight-through Gumbel-softmax is ahead of straight-through by',
    source: fullSource,
    from: { fullGumbel, fullStraight },
    value: ({ fullGumbel, fullStraight }) => (fullStraight.train as number) - (fullGumbel.train as number),
    rule: oneSeed,
    note: 'One seed: the order of two runs, not of two means.',
  }),
];
