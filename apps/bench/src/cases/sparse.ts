import { type BenchCase, integers, uniform } from './case';
import { mlpCase, stepFlops, weights } from './train';

const group = 'N:M sparsity';
const patterns = [
  [2, 4],
  [1, 4],
  [1, 8],
  [1, 16],
] as const;

type Pattern = (typeof patterns)[number];

function product([n, m]: Pattern, size: number, batch: number, shared: boolean): BenchCase {
  const flops = 2 * batch * size * size;
  return {
    id: `nm-product-${n}of${m}-${shared ? 'shared-' : ''}${size}`,
    group,
    title: `[${batch}, ${size}] times a ${n}:${m} matrix [${size}, ${size}]${shared ? ', four rows sharing places' : ''}`,
    workload: { kind: 'sparse-product', n, m, shared },
    inputs: [uniform('x', [batch, size]), uniform('w', [size, size])],
    outputs: [{ name: 'y', tolerance: 1e-5 }],
    metric: { kind: 'time', unit: 'µs' },
    against: ['forback-dense'],
    flops,
  };
}

function selection([n, m]: Pattern, size: number): BenchCase {
  return {
    id: `nm-selection-${n}of${m}-${size}`,
    group,
    title: `${n}:${m} mask and kept entries of [${size}, ${size}]`,
    workload: { kind: 'sparse-selection', n, m },
    inputs: [uniform('w', [size, size])],
    outputs: [{ name: 'y', tolerance: 1e-9 }],
    metric: { kind: 'time', unit: 'µs' },
  };
}

const sizes = [784, 1024, 1024, 10] as const;
const batch = 128;
const network = sizes.join('-');

interface Step {
  readonly id: string;
  readonly title: string;
  readonly pattern: readonly [number, number];
  readonly every?: number;
  readonly backward?: 'forward-mask' | 'bi-mask';
}

function step({ id, title, pattern: [n, m], every = 1, backward = 'forward-mask' }: Step): BenchCase {
  return ofNetwork(id, title, { kind: 'sparse-step', n, m, every, backward });
}

/** Steps through the package's own transform, with all that it does between them. */
function packaged([n, m]: Pattern, method: 'sr-ste' | 'bi-mask'): BenchCase {
  const id = `nm-training-${n}of${m}${method === 'bi-mask' ? '-bi-mask' : ''}`;
  const title = `through sparseTraining, ${n}:${m}, ${method === 'bi-mask' ? 'Bi-Mask' : 'SR-STE'}, refreshed every step`;
  return ofNetwork(id, title, { kind: 'sparse-training', n, m, method });
}

function ofNetwork(id: string, title: string, workload: BenchCase['workload']): BenchCase {
  const params = sizes.slice(1).flatMap((outputs, i) => {
    const inputs = sizes[i] as number;
    return [weights(`w${i}`, [outputs, inputs], inputs), uniform(`b${i}`, [outputs], -0.1, 0.1)];
  });
  return {
    id,
    group,
    title: `sgd step of ${network}, batch ${batch}, ${title}`,
    workload,
    inputs: [uniform('x', [batch, sizes[0]], 0, 1), integers('y', [batch], 10), ...params],
    outputs: [
      { name: 'loss', tolerance: 1e-4 },
      ...params.map(({ name }) => ({ name, tolerance: 1e-3, change: true })),
    ],
    metric: { kind: 'time', unit: 'ms' },
    against: ['forback-dense'],
    flops: stepFlops(sizes.slice(1).map((outputs, i) => 2 * batch * (sizes[i] as number) * outputs)),
  };
}

/** `forback-dense` computes the same with dense products: what skipping zeros is worth. */
export const sparseCases: readonly BenchCase[] = [
  ...[false, true].flatMap((shared) => patterns.map((pattern) => product(pattern, 256, 96, shared))),
  ...[false, true].flatMap((shared) => patterns.map((pattern) => product(pattern, 512, 128, shared))),
  ...patterns.map((pattern) => selection(pattern, 512)),
  mlpCase({
    id: 'nm-step-dense',
    group,
    sizes,
    batch,
    loss: 'cross-entropy',
    optimiser: 'sgd',
    metric: { kind: 'time', unit: 'ms' },
  }),
  ...patterns.flatMap((pattern) => {
    const name = `${pattern[0]}of${pattern[1]}`;
    const mask = `${pattern.join(':')} masks chosen`;
    return [
      step({ id: `nm-step-${name}`, title: `${mask} every step`, pattern }),
      step({ id: `nm-step-${name}-every-10`, title: `${mask} every 10 steps`, pattern, every: 10 }),
      step({ id: `nm-step-${name}-bi-mask`, title: `${mask} every step, Bi-Mask`, pattern, backward: 'bi-mask' }),
      packaged(pattern, 'sr-ste'),
      packaged(pattern, 'bi-mask'),
    ];
  }),
];
