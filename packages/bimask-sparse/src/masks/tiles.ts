/** Which entries of a tile are kept: ones and zeros, row by row. */
export type TileMask = Uint8Array;

/**
 * Entries by falling magnitude, while their row and their column have fewer than n. At least half of the largest sum.
 * Hubara et al. 2021.
 */
export function greedyTile(magnitudes: Float64Array, height: number, width: number, n: number): TileMask {
  const order = Array.from(magnitudes, (_, i) => i);
  order.sort((a, b) => (magnitudes[b] as number) - (magnitudes[a] as number) || a - b);
  const kept = new Uint8Array(magnitudes.length);
  const inRow = new Uint16Array(height);
  const inColumn = new Uint16Array(width);
  for (const i of order) {
    const [row, column] = [Math.floor(i / width), i % width];
    if ((inRow[row] as number) >= n || (inColumn[column] as number) >= n) continue;
    kept[i] = 1;
    inRow[row] = (inRow[row] as number) + 1;
    inColumn[column] = (inColumn[column] as number) + 1;
  }
  return kept;
}

/** All 4 × 4 tiles with two entries in each row and each column: 90, each as the places of its eight entries. */
export const transposablePatterns: readonly Uint8Array[] = /* @__PURE__ */ listPatterns();

function listPatterns(): Uint8Array[] {
  const rows = [0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100];
  const patterns: Uint8Array[] = [];
  const extend = (chosen: readonly number[]): void => {
    if (chosen.length < 4) {
      for (const row of rows) extend([...chosen, row]);
      return;
    }
    const balanced = [0, 1, 2, 3].every((c) => chosen.filter((row) => (row >> c) & 1).length === 2);
    if (balanced)
      patterns.push(
        Uint8Array.from(chosen.flatMap((row, r) => [0, 1, 2, 3].flatMap((c) => ((row >> c) & 1 ? [4 * r + c] : [])))),
      );
  };
  extend([]);
  return patterns;
}

/** The pattern of the 90 with the largest sum; of equal ones the first. Hu et al. 2024. */
export function bestPattern(magnitudes: Float64Array): TileMask {
  let most = Number.NEGATIVE_INFINITY;
  let best = transposablePatterns[0] as Uint8Array;
  for (const pattern of transposablePatterns) {
    let sum = 0;
    for (const i of pattern) sum += magnitudes[i] as number;
    if (sum > most) [most, best] = [sum, pattern];
  }
  const kept = new Uint8Array(16);
  for (const i of best) kept[i] = 1;
  return kept;
}

/**
 * As many entries as fit with at most n in each row and column, and of all such choices the one with the largest sum: a
 * flow of least cost from rows (capacity n) through entries (capacity 1, cost −|w|) to columns (capacity n), grown along
 * cheapest paths. Hubara et al. 2021.
 */
export function flowTile(magnitudes: Float64Array, height: number, width: number, n: number): TileMask {
  const kept = new Uint8Array(magnitudes.length);
  const inRow = new Uint16Array(height);
  const inColumn = new Uint16Array(width);
  for (;;) {
    const end = cheapestPath(magnitudes, kept, inRow, inColumn, n);
    if (end === null) return kept;
    const { column, rowBefore, columnBefore } = end;
    inColumn[column] = (inColumn[column] as number) + 1;
    for (let c = column; ; ) {
      const row = rowBefore[c] as number;
      kept[row * width + c] = 1;
      const previous = columnBefore[row] as number;
      if (previous < 0) {
        inRow[row] = (inRow[row] as number) + 1;
        break;
      }
      kept[row * width + previous] = 0;
      c = previous;
    }
  }
}

interface AugmentingPath {
  /** Where it ends. */
  readonly column: number;
  /** The row from which each column is reached. */
  readonly rowBefore: Int32Array;
  /** The column whose entry each row gives up, −1 where the path begins. */
  readonly columnBefore: Int32Array;
}

/** Bellman–Ford: rows reach columns by entries that are not kept, columns reach rows by giving up entries that are. */
function cheapestPath(
  magnitudes: Float64Array,
  kept: TileMask,
  inRow: Uint16Array,
  inColumn: Uint16Array,
  n: number,
): AugmentingPath | null {
  const [height, width] = [inRow.length, inColumn.length];
  const rowCost = Float64Array.from(inRow, (count) => (count < n ? 0 : Number.POSITIVE_INFINITY));
  const columnCost = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const rowBefore = new Int32Array(width).fill(-1);
  const columnBefore = new Int32Array(height).fill(-1);
  // Rounding must not turn a cycle of cost zero into one that pays.
  const margin = 1e-12 * magnitudes.reduce((largest, x) => Math.max(largest, x), 0);
  for (let changed = true; changed; ) {
    changed = false;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const magnitude = magnitudes[row * width + column] as number;
        if (kept[row * width + column]) {
          const cost = (columnCost[column] as number) + magnitude;
          if (cost < (rowCost[row] as number) - margin) {
            [rowCost[row], columnBefore[row], changed] = [cost, column, true];
          }
        } else {
          const cost = (rowCost[row] as number) - magnitude;
          if (cost < (columnCost[column] as number) - margin) {
            [columnCost[column], rowBefore[column], changed] = [cost, row, true];
          }
        }
      }
    }
  }
  let column = -1;
  for (let c = 0; c < width; c++) {
    if ((inColumn[c] as number) >= n) continue;
    if (column < 0 || (columnCost[c] as number) < (columnCost[column] as number)) column = c;
  }
  if (column < 0 || columnCost[column] === Number.POSITIVE_INFINITY) return null;
  return { column, rowBefore, columnBefore };
}
