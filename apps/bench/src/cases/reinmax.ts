import { type BenchCase, uniform } from './case';

const batch = 100;

/** What the second order costs beside straight-through. */
export const reinmaxCases: readonly BenchCase[] = [
  {
    id: 'vae-reinmax',
    group: 'estimators',
    title: `adam step of the categorical VAE 784-512-256-(4 × 8), batch ${batch}, ReinMax beside straight-through`,
    workload: { kind: 'categorical-vae-step', hidden: [512, 256], categories: 8, latents: 4, temperature: 1.3 },
    inputs: [uniform('x', [batch, 784], 0, 1)],
    // The estimators differ in the encoder's gradient alone.
    outputs: [
      { name: 'loss', tolerance: 1e-5 },
      { name: 'decoderGradient', tolerance: 1e-5 },
    ],
    against: ['forback-straight-through'],
    metric: { kind: 'time', unit: 'ms' },
  },
];
