import {
  type BenchCase,
  type FreshProcess,
  type InputSpec,
  integers,
  type Metric,
  type Optimiser,
  type OutputSpec,
  uniform,
  type Workload,
} from './case';

/** He et al. 2015, as a uniform distribution: relu keeps the variance. */
export function weights(name: string, shape: readonly number[], fanIn: number): InputSpec {
  const bound = Math.sqrt(6 / fanIn);
  return uniform(name, shape, -bound, bound);
}

/** Products of a step: forward, gradient of the weights, and of the input in every layer but the first. */
export function stepFlops(layers: readonly number[]): number {
  return layers.reduce((sum, forward, i) => sum + forward * (i === 0 ? 2 : 3), 0);
}

// Adam divides by the size of the gradient, which magnifies the rounding of gradients near zero.
const changeTolerance: Record<Optimiser, number> = { sgd: 1e-3, adam: 2e-2 };

function changes(params: readonly InputSpec[], optimiser: Optimiser): readonly OutputSpec[] {
  const tolerance = changeTolerance[optimiser];
  return [{ name: 'loss', tolerance: 1e-4 }, ...params.map(({ name }) => ({ name, tolerance, change: true }))];
}

function mlpParameters(sizes: readonly number[]): readonly InputSpec[] {
  return sizes.slice(1).flatMap((out, i) => {
    const fanIn = sizes[i] as number;
    return [weights(`w${i}`, [fanIn, out], fanIn), uniform(`b${i}`, [out], -0.1, 0.1)];
  });
}

export interface MlpCase {
  readonly id: string;
  readonly group: string;
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly loss: 'cross-entropy' | 'squared';
  readonly optimiser: Optimiser;
  readonly metric?: Metric;
  readonly title?: string;
  readonly workload?: Workload;
  readonly fresh?: FreshProcess;
}

export function mlpCase(options: MlpCase): BenchCase {
  const { sizes, batch, loss, optimiser } = options;
  const params = mlpParameters(sizes);
  const flops = stepFlops(sizes.slice(1).map((out, i) => 2 * batch * (sizes[i] as number) * out));
  const classes = sizes.at(-1) as number;
  const target = loss === 'cross-entropy' ? integers('y', [batch], classes) : uniform('y', [batch, classes]);
  return {
    id: options.id,
    group: options.group,
    title: options.title ?? `${optimiser} step of ${sizes.join('-')}, batch ${batch}`,
    workload: options.workload ?? { kind: 'mlp-step', sizes, loss, optimiser },
    inputs: [uniform('x', [batch, sizes[0] as number], 0, 1), target, ...params],
    outputs: changes(params, optimiser),
    metric: options.metric ?? { kind: 'rate', unit: 'GFLOP/s', work: flops },
    flops,
    ...(options.fresh ? { fresh: options.fresh } : {}),
  };
}

function cnnCase(optimiser: Optimiser): BenchCase {
  const batch = 64;
  const params = [
    weights('w0', [16, 3, 3, 3], 27),
    uniform('b0', [16], -0.1, 0.1),
    weights('w1', [32, 16, 3, 3], 144),
    uniform('b1', [32], -0.1, 0.1),
    weights('w2', [2048, 10], 2048),
    uniform('b2', [10], -0.1, 0.1),
  ];
  const flops = stepFlops([2 * batch * 32 * 32 * 16 * 27, 2 * batch * 16 * 16 * 32 * 144, 2 * batch * 2048 * 10]);
  return {
    id: `cnn-${optimiser}`,
    group: 'training steps',
    title: `${optimiser} step: conv 3-16, pool, conv 16-32, pool, dense 2048-10 on 32×32×3, batch ${batch}`,
    workload: { kind: 'cnn-step', optimiser },
    inputs: [uniform('x', [batch, 3, 32, 32]), integers('y', [batch], 10), ...params],
    outputs: changes(params, optimiser),
    metric: { kind: 'rate', unit: 'GFLOP/s', work: flops },
    flops,
  };
}

export const digitSizes: readonly number[] = [784, 256, 256, 10];

const group = 'training steps';
const optimisers: readonly Optimiser[] = ['sgd', 'adam'];

export const trainCases: readonly BenchCase[] = [
  ...optimisers.map((optimiser) =>
    mlpCase({
      id: `mlp-784-256-256-10-${optimiser}`,
      group,
      sizes: digitSizes,
      batch: 128,
      loss: 'cross-entropy',
      optimiser,
    }),
  ),
  ...optimisers.map((optimiser) =>
    mlpCase({
      id: `mlp-20-256-256-1-${optimiser}`,
      group,
      sizes: [20, 256, 256, 1],
      batch: 256,
      loss: 'squared',
      optimiser,
    }),
  ),
  ...optimisers.map((optimiser) =>
    mlpCase({
      id: `mlp-784-2000x4-10-${optimiser}`,
      group,
      sizes: [784, 2000, 2000, 2000, 2000, 10],
      batch: 128,
      loss: 'cross-entropy',
      optimiser,
    }),
  ),
  ...optimisers.map(cnnCase),
];
