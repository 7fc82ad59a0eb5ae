import { ArgumentError, bind, type NDArray, type Primitive } from '@forback/core';
import type { Pattern } from '../pattern';
import { maskPrimitive } from './mask-primitive';
import { checkMatrix } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';
import { bestPattern, flowTile, greedyTile } from './tiles';

/** How the mask of a tile is found. */
export type TileSolver = 'greedy' | 'exact' | 'flow';

interface TransposableParams extends Pattern {
  readonly solver: TileSolver;
}

const transposablePrimitive: Primitive<TransposableParams> = /* @__PURE__ */ maskPrimitive<TransposableParams>({
  name: 'transposableMask',
  kernel:
    ([rows = 0, columns = 0], { n, m, solver }) =>
    ([weight], [mask]) => {
      if (!weight || !mask) return;
      for (let top = 0; top < rows; top += m) {
        for (let left = 0; left < columns; left += m) {
          const height = Math.min(m, rows - top);
          const width = Math.min(m, columns - left);
          const magnitudes = new Float64Array(height * width);
          const at = (i: number) => (top + Math.floor(i / width)) * columns + left + (i % width);
          for (let i = 0; i < magnitudes.length; i++) magnitudes[i] = Math.abs(weight[at(i)] as number);
          const kept = solve(solver, magnitudes, height, width, n, m);
          for (let i = 0; i < kept.length; i++) mask[at(i)] = kept[i] as number;
        }
      }
    },
});

function solve(solver: TileSolver, magnitudes: Float64Array, height: number, width: number, n: number, m: number) {
  if (solver === 'greedy') return greedyTile(magnitudes, height, width, n);
  const whole = height === 4 && width === 4 && n === 2 && m === 4;
  return whole && solver === 'exact' ? bestPattern(magnitudes) : flowTile(magnitudes, height, width, n);
}

/** Settings of `transposableMask`. */
export interface TransposableMaskOptions {
  /**
   * 'greedy' takes entries by falling magnitude while row and column have room; its sum is at least half of the best.
   * 'exact' maximises the sum: for 2:4 by trying the 90 patterns of a tile (Hu et al. 2024), otherwise as 'flow' does, by a
   * flow of least cost (Hubara et al. 2021). Default: 'greedy'.
   */
  solver?: TileSolver;
}

/**
 * A mask that is N:M in both directions: in every M × M tile of the matrix at most N entries in each row and each column
 * (exactly N with 'exact' and 'flow' in a whole tile), with a large sum of magnitudes. Ties go to the lower index. Tiles at
 * the edges are smaller where M does not divide a side.
 *
 * Hubara et al. 2021. Their code cuts the flattened weights into runs of M² entries, which no product can use transposed;
 * these are true tiles.
 *
 * @param weight - float matrix; which axis numbers the inputs does not matter.
 * @returns bool of the same shape.
 */
export function transposableMask(
  weight: NDArray,
  pattern: PatternLike,
  options: TransposableMaskOptions = {},
): NDArray {
  const name = 'transposableMask';
  const { solver = 'greedy' } = options;
  checkMatrix(name, weight, 1);
  checkSolver(name, solver);
  return bind(transposablePrimitive, [weight], { ...parsePattern(name, pattern), solver })[0] as NDArray;
}

/** @throws ArgumentError for any other solver. */
export function checkSolver(name: string, solver: TileSolver): void {
  if (['greedy', 'exact', 'flow'].includes(solver)) return;
  throw new ArgumentError(`${name}: expected solver to be 'greedy', 'exact' or 'flow', got '${String(solver)}'`);
}
