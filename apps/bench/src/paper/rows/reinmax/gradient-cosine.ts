import { type NDArray, random } from '@forback/core';
import { diagnose, exactGradient } from '@forback/reinmax';
import { experiment, type RunContext, row } from '../../row';
import { above, reportOnly } from '../../rule';
import { estimatorOf, type Method } from './methods';
import { trainVae, type VaeSettings } from './vae-training';

const methods = {
  reinmax: { estimator: 'reinmax', temperature: 1 },
  'reinmax-1.3': { estimator: 'reinmax', temperature: 1.3 },
  'straight-through': { estimator: 'straightThrough', temperature: 1 },
  'straight-through-gumbel': { estimator: 'straightThroughGumbel', temperature: 0.5 },
  'gumbel-rao': { estimator: 'gumbelRao', temperature: 0.5, resamples: 16 },
  gst: { estimator: 'gst', temperature: 1 },
  reinforce: { estimator: 'reinforce' },
} as const satisfies Record<string, Method>;

type Name = keyof typeof methods;

const titles: Record<Name, string> = {
  reinmax: 'ReinMax, τ 1',
  'reinmax-1.3': 'ReinMax, τ 1.3',
  'straight-through': 'straight-through, τ 1',
  'straight-through-gumbel': 'straight-through Gumbel-softmax, τ 0.5',
  'gumbel-rao': 'Gumbel-Rao, τ 0.5, 16 redraws',
  gst: 'GST, gap 1',
  reinforce: 'REINFORCE without a baseline',
};

interface Comparison {
  /** What trains the autoencoder before the gradients are compared. */
  readonly training: VaeSettings;
  /** The first ones of the test set. */
  readonly images: number;
  readonly samples: number;
  readonly methods: Readonly<Record<string, Method>>;
}

/**
 * The gradients of the logits of all images as one vector, so that an image whose code is certain counts as little as it does
 * in training. For each method: `<method>.cosine` of the mean of the samples with the exact gradient, `<method>.bias` and
 * `<method>.variance` relative to its length and the square of it.
 */
async function compare(
  seed: number,
  { training, images, samples, methods }: Comparison,
  context: RunContext,
): Promise<Record<string, number>> {
  const { signal, onProgress } = context;
  const { vae, params, data } = await trainVae(seed, training, { ...context, onProgress: (s) => onProgress(s * 0.3) });
  const sums = new Map(Object.keys(methods).map((name) => [name, new Sums()]));
  for (let i = 0; i < images; i++) {
    const x = data.test.images.slice([i, i + 1]);
    const logits = vae.encode(params, x).at(0);
    const cost = (sample: NDArray) => vae.reconstruction(params, sample.reshape([1, ...sample.shape]), x).sum();
    const exact = exactGradient(cost, logits);
    for (const [name, method] of Object.entries(methods)) {
      const key = random.foldIn(random.key(seed), i);
      const { diagnosis, state } = await diagnose(estimatorOf(method), cost, logits, { key, samples, exact, signal });
      signal.throwIfAborted();
      sums.get(name)?.add(exact.dataSync(), state.error.div(samples).dataSync(), diagnosis.variance);
    }
    onProgress(0.3 + (0.7 * (i + 1)) / images);
  }
  return Object.fromEntries(
    [...sums].flatMap(([name, sum]) => Object.entries(sum.figures()).map(([figure, v]) => [`${name}.${figure}`, v])),
  );
}

/** Over the images, of the exact gradient g and the mean estimate m. */
class Sums {
  private exactSquare = 0;
  private meanSquare = 0;
  private product = 0;
  private errorSquare = 0;
  private spread = 0;

  /** `variance` is relative to |g|². */
  add(exact: ArrayLike<number>, error: ArrayLike<number>, variance: number): void {
    let square = 0;
    for (let j = 0; j < exact.length; j++) {
      const [g, e] = [exact[j] as number, error[j] as number];
      square += g * g;
      this.meanSquare += (g + e) ** 2;
      this.product += g * (g + e);
      this.errorSquare += e * e;
    }
    this.exactSquare += square;
    this.spread += variance * square;
  }

  figures() {
    return {
      cosine: this.product / Math.sqrt(this.exactSquare * this.meanSquare),
      bias: Math.sqrt(this.errorSquare / this.exactSquare),
      variance: this.spread / this.exactSquare,
    };
  }
}

const vae = { estimator: 'reinmax', temperature: 1.3, hidden: [256, 128], learningRate: 1e-3, epochs: 1 } as const;
const settings = { images: 12, samples: 1024, methods };

const early = experiment<Comparison, Record<string, number>>({
  name: 'gradient-cosine-50-steps',
  full: {
    settings: { ...settings, training: { ...vae, trainingImages: 5000 } },
    seeds: 3,
    seconds: 25,
    memory: 1000,
  },
  quick: {
    settings: { ...settings, images: 4, training: { ...vae, trainingImages: 5000 } },
    seeds: 1,
    seconds: 10,
    memory: 1000,
  },
  run: compare,
});
const late = experiment<Comparison, Record<string, number>>({
  name: 'gradient-cosine-600-steps',
  full: {
    settings: { ...settings, training: { ...vae, trainingImages: 60_000 } },
    seeds: 3,
    seconds: 30,
    memory: 1000,
  },
  quick: null,
  run: compare,
});

const source = 'Liu et al. 2023 compares such cosines; its figures are curves, and its autoencoder is twice as wide';

function rowsAfter(steps: number, of: typeof early) {
  const common = { published: null, source, unit: 'cosine', better: 'higher', from: { of } } as const;
  const where = `Half-width MNIST VAE after ${steps} steps, mean of 1024 gradients against all 4096 codes`;
  const cosine = (values: Record<string, number>, name: Name) => values[`${name}.cosine`] as number;
  const ahead = (other: Name) =>
    row({
      ...common,
      name: `cosine-${steps}-steps-over-${other}`,
      claim: `${where}: ReinMax, τ 1, is nearer to the exact gradient than ${titles[other]}, cosines differ by`,
      value: ({ of }) => cosine(of, 'reinmax') - cosine(of, other),
      rule: above(0),
      quickRule: above(0, { standardErrors: 0 }),
    });
  return [
    ahead('straight-through'),
    ahead('straight-through-gumbel'),
    ...(Object.keys(methods) as Name[]).map((name) =>
      row({
        ...common,
        name: `cosine-${steps}-steps-${name}`,
        claim: `${where}: cosine with the exact gradient, ${titles[name]}`,
        value: ({ of }) => cosine(of, name),
        rule: reportOnly(),
      }),
    ),
  ];
}

export const cosineRows = [...rowsAfter(50, early), ...rowsAfter(600, late)];
