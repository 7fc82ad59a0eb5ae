import { type BenchCase, integers, uniform } from './case';

function crossEntropy(n: number, classes: number): BenchCase {
  return {
    id: `cross-entropy-${n}x${classes}`,
    group: 'losses',
    title: `mean softmax cross entropy of [${n}, ${classes}], value and gradient`,
    workload: { kind: 'cross-entropy', classes },
    inputs: [uniform('logits', [n, classes], -4, 4), integers('labels', [n], classes)],
    outputs: [
      { name: 'loss', tolerance: 1e-5 },
      { name: 'gradient', tolerance: 1e-5 },
    ],
    metric: { kind: 'time', unit: 'µs' },
  };
}

export const lossCases: readonly BenchCase[] = [crossEntropy(128, 10), crossEntropy(512, 1000)];
