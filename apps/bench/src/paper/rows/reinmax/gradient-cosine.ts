import { type NDArray, random } from '@forback/core';
import { type Diagnosis, diagnose, exactGradient } from '@forback/reinmax';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { estimatorOf, type Method } from './methods';
import { trainVae, type VaeSettings } from './vae-training';

interface Cosine {
  /** What trains the autoencoder before the gradients are compared. */
  readonly training: VaeSettings;
  /** The first ones of the test set, each a problem of its own. */
  readonly images: number;
  readonly samples: number;
  readonly methods: Readonly<Record<string, Method>>;
}

/** For each method, means over the images: `<method>.cosineOfMean` and so on. */
async function compare(
  seed: number,
  { training, images, samples, methods }: Cosine,
  context: RunContext,
): Promise<Record<string, number>> {
  const trained = await trainVae(seed, training, {
    ...context,
    onProgress: (share) => context.onProgress(share * 0.4),
  });
  const { vae, params, data } = trained;
  const names = Object.keys(methods);
  const kept = ['cosineOfMean', 'cosine', 'bias', 'variance'] as const satisfies readonly (keyof Diagnosis)[];
  const sums: Record<string, number> = Object.fromEntries(
    names.flatMap((name) => kept.map((figure) => [`${name}.${figure}`, 0])),
  );
  for (let i = 0; i < images; i++) {
    const x = data.test.images.slice([i, i + 1]);
    const logits = vae.encode(params, x).at(0);
    const cost = (sample: NDArray) => vae.reconstruction(params, sample.reshape([1, ...sample.shape]), x).sum();
    const exact = exactGradient(cost, logits);
    for (const [name, method] of Object.entries(methods)) {
      const { diagnosis } = await diagnose(estimatorOf(method), cost, logits, {
        key: random.foldIn(random.key(seed), i),
        samples,
        exact,
        signal: context.signal,
      });
      context.signal.throwIfAborted();
      for (const figure of kept)
        sums[`${name}.${figure}`] = (sums[`${name}.${figure}`] as number) + diagnosis[figure] / images;
    }
    context.onProgress(0.4 + (0.6 * (i + 1)) / images);
  }
  return sums;
}

const methods = {
  reinmax: { estimator: 'reinmax', temperature: 1 },
  'reinmax-1.3': { estimator: 'reinmax', temperature: 1.3 },
  'straight-through': { estimator: 'straightThrough', temperature: 1 },
  'straight-through-gumbel': { estimator: 'straightThroughGumbel', temperature: 0.5 },
  'gumbel-rao': { estimator: 'gumbelRao', temperature: 0.5, resamples: 16 },
  gst: { estimator: 'gst', temperature: 1 },
  reinforce: { estimator: 'reinforce' },
} as const satisfies Record<string, Method>;

const training = {
  estimator: 'reinmax',
  temperature: 1.3,
  hidden: [256, 128],
  learningRate: 1e-3,
  epochs: 3,
  trainingImages: 60_000,
} as const;

const of = experiment({
  name: 'gradient-cosine',
  full: { settings: { training, images: 12, samples: 1024, methods }, seeds: 3, seconds: 90, memory: 1000 },
  quick: {
    settings: { training: { ...training, epochs: 1, trainingImages: 10_000 }, images: 2, samples: 1024, methods },
    seeds: 1,
    seconds: 15,
    memory: 1000,
  },
  run: compare,
});

const titles: Record<keyof typeof methods, string> = {
  reinmax: 'ReinMax, τ 1',
  'reinmax-1.3': 'ReinMax, τ 1.3',
  'straight-through': 'straight-through, τ 1',
  'straight-through-gumbel': 'straight-through Gumbel-softmax, τ 0.5',
  'gumbel-rao': 'Gumbel-Rao, τ 0.5, 16 redraws',
  gst: 'GST, gap 1',
  reinforce: 'REINFORCE without a baseline',
};

const where = 'half-width MNIST VAE after 3 epochs, all 4096 codes';
const common = {
  published: null,
  source:
    'Liu et al. 2023, section 5.2, compares such cosines over training; its figures are curves, and its autoencoder is twice as wide',
  better: 'higher',
  from: { of },
} as const;
const quickRule = above(0, { standardErrors: 0 });

const ahead = (name: 'straight-through' | 'straight-through-gumbel') =>
  row({
    ...common,
    name: `cosine-reinmax-over-${name}`,
    claim: `${where}: the mean of 1024 gradients of ReinMax, τ 1, is nearer to the exact one than that of ${titles[name]}: cosines differ by`,
    unit: 'cosine',
    value: ({ of }) => (of['reinmax.cosineOfMean'] as number) - (of[`${name}.cosineOfMean`] as number),
    rule: above(0),
    quickRule,
  });

export const cosineRows = [
  ahead('straight-through'),
  ahead('straight-through-gumbel'),
  ...(Object.keys(methods) as (keyof typeof methods)[]).flatMap((name) => [
    row({
      ...common,
      name: `cosine-of-mean-${name}`,
      claim: `${where}: cosine of the mean of 1024 gradients with the exact one, ${titles[name]}`,
      unit: 'cosine',
      value: ({ of }) => of[`${name}.cosineOfMean`] as number,
      rule: reportOnly(),
    }),
    row({
      ...common,
      name: `cosine-of-one-${name}`,
      claim: `${where}: cosine of one gradient with the exact one, ${titles[name]}`,
      unit: 'cosine',
      value: ({ of }) => of[`${name}.cosine`] as number,
      rule: reportOnly(),
    }),
  ]),
];
