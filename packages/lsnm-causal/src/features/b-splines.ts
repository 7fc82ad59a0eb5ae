/** Rows of B-splines at given points: each has `degree + 1` neighbouring functions that are not zero. */
export interface SplineRows {
  /** Index of the first of them in each row. */
  readonly first: Int32Array;
  /** Their values, row after row: [rows · width]. */
  readonly values: Float64Array;
  /** degree + 1. */
  readonly width: number;
}

/** Uniform B-splines on an interval. */
export interface SplineBasis {
  /** Number of functions: knots + degree − 1. */
  readonly functions: number;
  /** The functions at points; points outside the interval count as its ends. */
  at(points: ArrayLike<number>): SplineRows;
}

/**
 * B-splines of a degree over equidistant knots from `min` to `max`, with knots extended uniformly on both sides. They are
 * not negative and sum to 1 at every point.
 */
export function splineBasis(min: number, max: number, knots: number, degree: number): SplineBasis {
  const intervals = knots - 1;
  const width = degree + 1;
  return {
    functions: intervals + degree,
    at(points) {
      const rows = points.length;
      const first = new Int32Array(rows);
      const values = new Float64Array(rows * width);
      for (let i = 0; i < rows; i++) {
        const clamped = Math.min(Math.max(points[i] as number, min), max);
        const position = ((clamped - min) / (max - min)) * intervals;
        const interval = Math.min(Math.floor(position), intervals - 1);
        first[i] = interval;
        writeCardinal(values, i * width, position - interval, degree);
      }
      return { first, values, width };
    },
  };
}

/** The recurrence of Cox and de Boor for uniform knots: the functions that are not zero at t in [0, 1] of an interval. */
function writeCardinal(out: Float64Array, offset: number, t: number, degree: number): void {
  out[offset] = 1;
  for (let k = 1; k <= degree; k++) {
    for (let j = k; j >= 0; j--) {
      const left = j > 0 ? (t + k - j) * (out[offset + j - 1] as number) : 0;
      const right = j < k ? (j + 1 - t) * (out[offset + j] as number) : 0;
      out[offset + j] = (left + right) / k;
    }
  }
}

/** Σⱼ Φᵢⱼ wⱼ for each row i, with the weights from `offset` on. */
export function combine(rows: SplineRows, weights: Float64Array, offset: number, out: Float64Array): void {
  const { first, values, width } = rows;
  for (let i = 0; i < out.length; i++) {
    const start = offset + (first[i] as number);
    let total = 0;
    for (let j = 0; j < width; j++) total += (values[i * width + j] as number) * (weights[start + j] as number);
    out[i] = total;
  }
}
