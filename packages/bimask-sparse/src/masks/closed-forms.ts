import { type PatternLike, parsePattern } from './parse-pattern';

/** What N:M masks keep on average, for independent, identically distributed weights and a random permutation. */
export interface ExpectedSparsity {
  /** κ: the share of F's entries that B keeps, E[min(N, Bin(M, N/M))] / N. */
  readonly kept: number;
  /** ε: the share of column groups from which B drops nothing, P(Bin(M, N/M) ≤ N). */
  readonly eligible: number;
  /** Multiplications of a training step, the dense one being 1: three products of equal size. */
  readonly stepCost: {
    /** Forward sparse, backward dense (a sparse tensor core cannot transpose F): (2 + N/M) / 3. */
    readonly srSte: number;
    /** Forward and input gradient with N in M: (1 + 2 N/M) / 3. */
    readonly biMask: number;
    /** The same with a kernel that skips what B dropped: (1 + N/M + κ N/M) / 3. */
    readonly biMaskByIndex: number;
  };
}

/** Closed forms: a column group of M rows holds Bin(M, N/M) entries of F. */
export function expectedSparsity(pattern: PatternLike): ExpectedSparsity {
  const { n, m } = parsePattern('expectedSparsity', pattern);
  const p = n / m;
  let kept = 0;
  let eligible = 0;
  for (let k = 0; k <= m; k++) {
    const probability = binomial(m, k) * p ** k * (1 - p) ** (m - k);
    kept += (Math.min(n, k) * probability) / n;
    if (k <= n) eligible += probability;
  }
  return {
    kept,
    eligible,
    stepCost: { srSte: (2 + p) / 3, biMask: (1 + 2 * p) / 3, biMaskByIndex: (1 + p + kept * p) / 3 },
  };
}

function binomial(m: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (m - k + i)) / i;
  return value;
}
