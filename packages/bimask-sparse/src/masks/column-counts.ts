import type { Pattern } from '../pattern';

/** How many entries of F lie in each column of each group of M permuted outputs, kept up to date while outputs move. */
export class ColumnCounts {
  permutation = new Int32Array(0);
  /** Σ over groups and columns of min(N, count): what the backward mask keeps. */
  kept = 0;
  private readonly counts: Uint16Array;

  /** @param mask - F, [outputs, inputs] row by row, ones and zeros. */
  constructor(
    private readonly mask: Uint8Array,
    private readonly outputs: number,
    private readonly inputs: number,
    private readonly pattern: Pattern,
  ) {
    this.counts = new Uint16Array(Math.ceil(outputs / pattern.m) * inputs);
  }

  /** Counts anew for a permutation; returns what it keeps. */
  assign(permutation: Int32Array): number {
    const { mask, counts, inputs, outputs, pattern } = this;
    this.permutation = permutation.slice();
    counts.fill(0);
    for (let k = 0; k < outputs; k++) {
      const to = Math.floor(k / pattern.m) * inputs;
      const from = (permutation[k] as number) * inputs;
      for (let c = 0; c < inputs; c++) counts[to + c] = (counts[to + c] as number) + (mask[from + c] as number);
    }
    this.kept = 0;
    for (const count of counts) this.kept += Math.min(count, pattern.n);
    return this.kept;
  }

  /** Column groups with at most N entries. */
  eligible(): number {
    let groups = 0;
    for (const count of this.counts) if (count <= this.pattern.n) groups++;
    return groups;
  }

  /** Exchanges the outputs at two places if they are in different groups and more entries are kept then. */
  swapIfBetter(i: number, j: number): boolean {
    const { permutation, mask, counts, inputs } = this;
    const { n, m } = this.pattern;
    const [groupOfI, groupOfJ] = [Math.floor(i / m), Math.floor(j / m)];
    if (groupOfI === groupOfJ) return false;
    const [a, b] = [(permutation[i] as number) * inputs, (permutation[j] as number) * inputs];
    const [atI, atJ] = [groupOfI * inputs, groupOfJ * inputs];
    let gain = 0;
    for (let c = 0; c < inputs; c++) {
      // +1 where the group of i gains an entry that the group of j loses.
      const moved = (mask[b + c] as number) - (mask[a + c] as number);
      if (moved === 0) continue;
      const more = counts[moved > 0 ? atI + c : atJ + c] as number;
      const fewer = counts[moved > 0 ? atJ + c : atI + c] as number;
      if (more < n) gain++;
      if (fewer <= n) gain--;
    }
    if (gain <= 0) return false;
    for (let c = 0; c < inputs; c++) {
      const moved = (mask[b + c] as number) - (mask[a + c] as number);
      if (moved === 0) continue;
      counts[atI + c] = (counts[atI + c] as number) + moved;
      counts[atJ + c] = (counts[atJ + c] as number) - moved;
    }
    [permutation[i], permutation[j]] = [permutation[j] as number, permutation[i] as number];
    this.kept += gain;
    return true;
  }
}
