import { ArgumentError } from '@forback/core';

/** N:M sparsity: at most `n` non-zeros in every group of `m` consecutive entries. */
export interface Pattern {
  /** How many entries of a group are kept. */
  readonly n: number;
  /** Entries of a group. */
  readonly m: number;
}

/** @throws ArgumentError unless n and m are whole numbers with 1 <= n <= m. */
export function checkPattern(where: string, { n, m }: Pattern): void {
  if (Number.isSafeInteger(n) && Number.isSafeInteger(m) && n >= 1 && n <= m) return;
  throw new ArgumentError(`${where}: expected whole numbers n and m with 1 <= n <= m, got n = ${n}, m = ${m}`);
}

/** How many of `size` consecutive entries are kept: `n` of every whole group, and min(n, rest) of a short last one. */
export function keptOf(size: number, { n, m }: Pattern): number {
  return Math.floor(size / m) * n + Math.min(n, size % m);
}
