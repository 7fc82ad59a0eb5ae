import { ArgumentError, type random } from '@forback/core';
import { keyWords } from '../key-words';
import { normalNumber, type RandomStream, randomStream, unitNumber } from '../random-stream';
import { type CausePair, type CausePairSuite, checkCount, exchange } from './cause-pair';
import { gaussianProcess } from './gaussian-process';

/** The suites whose generator is known. */
export const syntheticSuiteNames = ['AN', 'AN-s', 'LS', 'LS-s', 'MN-U'] as const;

/** A suite that `syntheticCausePairs` draws. */
export type SyntheticSuiteName = (typeof syntheticSuiteNames)[number];

/** How many pairs `syntheticCausePairs` draws. */
export interface SyntheticCausePairsOptions {
  /** Number of pairs. Default 100, as in the published suites. */
  readonly pairs?: number | undefined;
  /** Rows of each pair. Default 1000, as in the published suites. */
  readonly rows?: number | undefined;
}

/**
 * Fresh pairs from the definitions of the suites AN, AN-s, LS, LS-s and MN-U (Tagasovska, Chavez-Demoulin and Vatter 2020).
 *
 * The cause is √v·r with v ~ U(1, 2) and r ~ N(0, 1), the noise e is 0.2 √v·r with draws of its own. The effect is
 *
 * - AN, AN-s: f + e, additive noise,
 * - LS, LS-s: f + (f − min f)·e, location and scale,
 * - MN-U: f·u with u ~ U(0, 1), multiplicative noise,
 *
 * where f is a draw of a Gaussian process (covariance exp(−d²/2)) in AN and LS, and in the others the sigmoid
 * c·b(x + a) / (1 + |b(x + a)|) with a ~ U(−2, 2), |b| ~ U(0.5, 2) of either sign, c ~ 1 + Exp(4). As in the published
 * files, v is drawn for each row, but once for each pair of AN-s.
 *
 * A coin decides which variable is x. The pairs are a function of the key, and pair i does not depend on how many are drawn.
 *
 * @throws ArgumentError for another suite, no pairs, or fewer than two rows.
 */
export function syntheticCausePairs(
  key: random.Key,
  suite: SyntheticSuiteName,
  options: SyntheticCausePairsOptions = {},
): CausePairSuite {
  const caller = 'syntheticCausePairs';
  const words = keyWords(caller, key);
  const kind = syntheticSuiteNames.indexOf(suite);
  if (kind < 0) {
    throw new ArgumentError(
      `${caller}: expected suite to be one of ${syntheticSuiteNames.join(', ')}, got ${String(suite)}; ` +
        'the others are no draws from a known definition, load them with loadCausePairs',
    );
  }
  const { pairs = 100, rows = 1000 } = options;
  checkCount(caller, 'pairs', pairs, 1);
  checkCount(caller, 'rows', rows, 2);
  return {
    name: suite,
    synthetic: true,
    source: `drawn by syntheticCausePairs from key [${words.join(', ')}]`,
    pairs: Array.from({ length: pairs }, (_, i) => drawPair(suite, i + 1, rows, randomStream([...words, kind, i]))),
    excluded: [],
  };
}

function drawPair(suite: SyntheticSuiteName, number: number, rows: number, stream: RandomStream): CausePair {
  const swapped = stream() >>> 31 === 1;
  const oneVariance = suite === 'AN-s';
  const x = normalMixture(stream, rows, oneVariance);
  const f = suite === 'AN' || suite === 'LS' ? gaussianProcess(x, () => normalNumber(stream)) : sigmoid(stream, x);
  const y = effect(suite, f, stream, oneVariance);
  const pair: CausePair = { id: `${suite}/${number}`, x, y, truth: 'x->y', weight: 1 };
  return swapped ? exchange(pair) : pair;
}

function effect(suite: SyntheticSuiteName, f: Float64Array, stream: RandomStream, oneVariance: boolean): Float64Array {
  if (suite === 'MN-U') return f.map((value) => value * unitNumber(stream));
  const e = normalMixture(stream, f.length, oneVariance).map((value) => 0.2 * value);
  if (suite === 'AN' || suite === 'AN-s') return f.map((value, i) => value + (e[i] as number));
  const least = f.reduce((a, b) => Math.min(a, b));
  return f.map((value, i) => value + (value - least) * (e[i] as number));
}

/** √v·r, with a v for each value or one for all. */
function normalMixture(stream: RandomStream, n: number, oneVariance: boolean): Float64Array {
  const deviation = () => Math.sqrt(1 + unitNumber(stream));
  const shared = deviation();
  return Float64Array.from({ length: n }, () => (oneVariance ? shared : deviation()) * normalNumber(stream));
}

function sigmoid(stream: RandomStream, x: Float64Array): Float64Array {
  const a = -2 + 4 * unitNumber(stream);
  const b = (0.5 + 1.5 * unitNumber(stream)) * (stream() >>> 31 === 1 ? 1 : -1);
  const c = 1 - Math.log(1 - unitNumber(stream)) / 4;
  return x.map((value) => {
    const z = b * (value + a);
    return (c * z) / (1 + Math.abs(z));
  });
}
