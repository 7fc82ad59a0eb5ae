import { causePairSuiteNames, DatasetNotFoundError, loadCausePairs } from '@forback/datasets';
import { discoverDirection, runSuite, type SuitePair } from '@forback/lsnm-causal';
import { input, type Prepared, type Task, type Tensor, Unsupported } from './participant';

/** Rows of a pair at most: HSIC takes their square in time. */
const maxN = 3000;

/** One pair: y = tanh 2x + (x + 3)/5 · noise. */
export function causalPair(task: Task): Prepared {
  const x = Float64Array.from(input(task, 'x').data);
  const noise = input(task, 'noise').data;
  const y = x.map((v, i) => Math.tanh(2 * v) + ((v + 3) / 5) * (noise[i] as number));
  return {
    async iterate(count) {
      for (let i = 0; i < count; i++) await discoverDirection(x, y);
    },
    async results() {
      const { logLikelihood, hsic } = await discoverDirection(x, y);
      return { logLikelihood: bothWays(logLikelihood), hsic: bothWays(hsic) };
    },
  };
}

/** Every pair of the published suites, on so many threads. */
export async function causalSuites(threads: number): Promise<Prepared> {
  const pairs: SuitePair[] = [];
  try {
    for (const name of causePairSuiteNames) pairs.push(...(await loadCausePairs(name)).pairs);
  } catch (error) {
    if (!(error instanceof DatasetNotFoundError)) throw error;
    throw new Unsupported('the cause-effect pairs are not on this machine; see the README of @forback/datasets');
  }
  return {
    async iterate(count) {
      for (let i = 0; i < count; i++) {
        const report = await runSuite(pairs, { threads, maxN });
        const [failure] = report.failures;
        if (failure !== undefined) throw new Error(`${failure.id}: ${failure.reason}`);
      }
    },
    async results() {
      const { outcomes } = await runSuite(pairs.slice(0, 4), { threads, maxN });
      return { scores: vector(outcomes.map(({ score }) => score)) };
    },
  };
}

function bothWays({ forward, reverse }: { readonly forward: number; readonly reverse: number }): Tensor {
  return vector([forward, reverse]);
}

function vector(values: readonly number[]): Tensor {
  return { shape: [values.length], data: Float32Array.from(values) };
}
