/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: expected at least one value, got none');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Ours over the peer's in throughput, from what each cost (time, memory) in the same rounds. Pairs, because neighbours in
 * time share the load of the machine. A slow peer may have left after the first rounds.
 */
export function ratios(ours: readonly number[], peer: readonly number[]): number[] {
  if (ours.length < peer.length) {
    throw new RangeError(
      `ratios: expected no more rounds of the peer than ours, got ${peer.length} and ${ours.length}`,
    );
  }
  return peer.map((cost, round) => cost / (ours[round] as number));
}
