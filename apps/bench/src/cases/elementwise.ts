import { type BenchCase, uniform, type Workload } from './case';

const rows = 2048;
const count = rows * rows;
const bytes = 4 * count;

/** `arrays` are read or written once each: that is the traffic, and memcpy moves as many bytes. */
function streaming(
  id: string,
  title: string,
  workload: Workload,
  inputs: readonly string[],
  arrays: number,
  tolerance: number,
): BenchCase {
  return {
    id,
    group: 'elementwise and reductions',
    title: `${title}, float32 [${rows}, ${rows}]`,
    workload,
    // Sums of one sign, so that their error is small against them.
    inputs: inputs.map((name) => uniform(name, [rows, rows], workload.kind === 'sum' ? 0 : -1)),
    outputs: [{ name: 'y', tolerance }],
    metric: { kind: 'rate', unit: 'GB/s', work: arrays * bytes },
  };
}

export const elementwiseCases: readonly BenchCase[] = [
  streaming('chain-arithmetic', 'max(a · b + a, 0) · 0.5 − b', { kind: 'arithmetic-chain' }, ['a', 'b'], 3, 1e-6),
  streaming('chain-tanh', 'tanh(a · 0.5 + 0.25) · a', { kind: 'tanh-chain' }, ['a'], 2, 1e-6),
  // Peers that add one by one in float32 are off by some thousandths.
  streaming('sum-all', 'sum of all', { kind: 'sum', axis: null }, ['a'], 1, 1e-2),
  streaming('sum-rows', 'sum of each row', { kind: 'sum', axis: 1 }, ['a'], 1, 1e-4),
  streaming('sum-columns', 'sum of each column', { kind: 'sum', axis: 0 }, ['a'], 1, 1e-4),
  streaming('squared-distance', 'sum of (a − b)²', { kind: 'squared-distance' }, ['a', 'b'], 2, 1e-2),
];
