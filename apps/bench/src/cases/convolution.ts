import { type BenchCase, uniform } from './case';

const x = uniform('x', [128, 32, 32, 32]);
const w = uniform('w', [64, 32, 3, 3], -0.1, 0.1);
const dy = uniform('dy', [128, 64, 32, 32]);
const flops = 2 * 128 * 32 * 32 * 64 * 32 * 9;

function convolution(part: 'forward' | 'input-gradient' | 'weight-gradient', title: string): BenchCase {
  return {
    id: `conv-${part}`,
    group: 'convolutions',
    title: `${title} of a 3×3 convolution, [128, 32, 32, 32] to 64 channels, padding 1`,
    workload: { kind: 'convolution', part },
    inputs: part === 'forward' ? [x, w] : part === 'input-gradient' ? [w, dy] : [x, dy],
    outputs: [{ name: 'y', tolerance: 1e-4 }],
    metric: { kind: 'rate', unit: 'GFLOP/s', work: flops },
    flops,
  };
}

export const convolutionCases: readonly BenchCase[] = [
  convolution('forward', 'result'),
  convolution('input-gradient', 'input gradient'),
  convolution('weight-gradient', 'weight gradient'),
];
