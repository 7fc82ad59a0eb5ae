/** An affine map of a variable: scaled = (value − shift)/scale. */
export interface Scaling {
  readonly shift: number;
  readonly scale: number;
}

/** To the interval from 0 to 1. */
export function unitScaling(values: Float64Array): Scaling {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { shift: min, scale: max - min };
}

/** To mean 0 and (population) variance 1. */
export function standardScaling(values: Float64Array): Scaling {
  // In units of the range, squares neither overflow nor underflow.
  const unit = unitScaling(values);
  let total = 0;
  for (const value of values) total += (value - unit.shift) / unit.scale;
  const mean = total / values.length;
  let squares = 0;
  for (const value of values) squares += ((value - unit.shift) / unit.scale - mean) ** 2;
  return { shift: unit.shift + mean * unit.scale, scale: Math.sqrt(squares / values.length) * unit.scale };
}

/** Leaves values alone. */
export const noScaling: Scaling = { shift: 0, scale: 1 };

/** (value − shift)/scale of each. */
export function applyScaling(values: ArrayLike<number>, { shift, scale }: Scaling): Float64Array {
  return Float64Array.from(values, (value) => (value - shift) / scale);
}
