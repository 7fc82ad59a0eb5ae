import type { BenchCase } from './case';
import { digitSizes, mlpCase } from './train';

const group = 'overhead';
const digits = { group, sizes: digitSizes, batch: 128, loss: 'cross-entropy', optimiser: 'adam' } as const;
const network = digitSizes.join('-');

export const overheadCases: readonly BenchCase[] = [
  mlpCase({
    id: 'tiny-step',
    group,
    sizes: [4, 8, 1],
    batch: 8,
    loss: 'squared',
    optimiser: 'sgd',
    metric: { kind: 'time', unit: 'µs' },
  }),
  mlpCase({
    ...digits,
    id: 'compile-mlp',
    title: `trace, compile and run the adam step of ${network} for a batch size not seen before, in a warm process`,
    workload: { kind: 'mlp-compile', sizes: digitSizes },
    metric: { kind: 'time', unit: 'ms' },
    // Few enough that the rows cost nothing against the compilation.
    fresh: { warm: 10, iterations: 10 },
  }),
  mlpCase({
    ...digits,
    id: 'first-step-mlp',
    title: `first adam step of ${network} in a new process, libraries loaded`,
    metric: { kind: 'time', unit: 'ms' },
    fresh: { warm: 0, iterations: 1 },
  }),
  mlpCase({
    ...digits,
    id: 'memory-mlp',
    title: `most resident memory of a process after 300 adam steps of ${network}`,
    metric: { kind: 'memory', unit: 'MB' },
    fresh: { warm: 0, iterations: 300 },
  }),
];
