/** One figure for each seed, and their spread. */
export interface Summary {
  readonly values: readonly { readonly seed: number; readonly value: number }[];
  readonly mean: number;
  /** Of the sample (n − 1); null for a single seed. */
  readonly sd: number | null;
  readonly seeds: number;
}

/** @throws RangeError for no values. */
export function summarise(values: Summary['values']): Summary {
  const seeds = values.length;
  if (seeds === 0) throw new RangeError('summarise: expected at least one value, got none');
  const mean = values.reduce((sum, v) => sum + v.value, 0) / seeds;
  const squares = values.reduce((sum, v) => sum + (v.value - mean) ** 2, 0);
  return { values, mean, sd: seeds > 1 ? Math.sqrt(squares / (seeds - 1)) : null, seeds };
}

/** Of the mean; null for a single seed. */
export function standardError({ sd, seeds }: Summary): number | null {
  return sd === null ? null : sd / Math.sqrt(seeds);
}
