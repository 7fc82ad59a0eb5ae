import { type BenchCase, uniform } from './case';

const group = 'causal discovery';

// LOCI's released code needs about 50 CPU seconds for a direction of 1000 rows on one core (an independent measurement of the
// spline estimator). Nobody else here has such a method: it is set beside forback's time, not timed.
export const causalCases: readonly BenchCase[] = [
  {
    id: 'causal-spline-pair',
    group,
    title: 'LOCI with splines on a pair of 1000 rows: both fits, HSIC and p-values (reference code: some 100 s)',
    workload: { kind: 'causal-pair' },
    inputs: [uniform('x', [1000], -2, 2), uniform('noise', [1000])],
    outputs: [
      { name: 'logLikelihood', tolerance: 1e-6 },
      { name: 'hsic', tolerance: 1e-4 },
    ],
    metric: { kind: 'time', unit: 'ms' },
  },
  {
    id: 'causal-spline-suites',
    group,
    title: 'the same on the 799 published pairs of eight suites, at most 3000 rows of each (needs their files)',
    workload: { kind: 'causal-suites' },
    inputs: [],
    outputs: [{ name: 'scores', tolerance: 1e-4 }],
    metric: { kind: 'time', unit: 'ms' },
  },
];
