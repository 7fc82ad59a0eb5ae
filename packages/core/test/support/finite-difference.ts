import { NDArray } from '../../src/array/ndarray';

type Arrays = readonly NDArray[];

/** x + scale · t, element by element. */
function moved(x: NDArray, t: NDArray | null, scale: number): NDArray {
  if (t === null) return x;
  const direction = t.dataSync();
  return NDArray.fromStorage(
    x.dataSync().map((value, i) => value + scale * (direction[i] as number)),
    x,
  );
}

/**
 * The derivative of f at x in the direction t by central differences with one Richardson step: error of order h⁴.
 * Of float64 functions; about ten digits.
 */
export function directionalDerivative(
  f: (xs: NDArray[]) => Arrays,
  xs: Arrays,
  ts: readonly (NDArray | null)[],
  h = 1e-4,
): NDArray[] {
  const slope = (step: number) => {
    const [above, below] = [step, -step].map((scale) => f(xs.map((x, i) => moved(x, ts[i] ?? null, scale)))) as [
      Arrays,
      Arrays,
    ];
    return above.map((y, k) => {
      const lower = (below[k] as NDArray).dataSync();
      return y.dataSync().map((value, i) => (value - (lower[i] as number)) / (2 * step));
    });
  };
  const [fine, coarse] = [slope(h), slope(2 * h)];
  const shapes = f([...xs]);
  return shapes.map((y, k) =>
    NDArray.fromStorage(
      (fine[k] as Float64Array).map((value, i) => (4 * value - ((coarse[k] as Float64Array)[i] as number)) / 3),
      y,
    ),
  );
}
