import { type BenchCase, uniform } from './case';

function gemm(id: string, m: number, k: number, n: number): BenchCase {
  const flops = 2 * m * k * n;
  return {
    id,
    group: 'matrix products',
    title: `[${m}, ${k}] · [${k}, ${n}], float32`,
    workload: { kind: 'gemm' },
    inputs: [uniform('a', [m, k]), uniform('b', [k, n])],
    outputs: [{ name: 'y', tolerance: 1e-5 }],
    metric: { kind: 'rate', unit: 'GFLOP/s', work: flops },
    flops,
  };
}

export const gemmCases: readonly BenchCase[] = [
  ...[64, 128, 256, 512, 1024, 2048].map((n) => gemm(`gemm-${n}`, n, n, n)),
  gemm('gemm-100x784x500', 100, 784, 500),
];
