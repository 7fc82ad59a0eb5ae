import { offsetsOf, stridesOf } from './row-major';
import type { Kernel, Shape, TypedArray } from './types';

/**
 * The box of the given sizes that begins at `starts`. Inputs: operand, starts (int32, one for each axis of the operand).
 * Each start is first clamped to [0, extent - size], so that the box fits.
 */
export function dynamicSliceKernel({ operand: shape, sizes }: { operand: Shape; sizes: Shape }): Kernel {
  const offsets = offsetsOf(sizes, stridesOf(shape));
  return ([operand, starts], [out]) => {
    if (!operand || !starts || !out) throw new TypeError('dynamicSlice: expected two inputs and one output');
    const corner = clampedCorner(shape, sizes, starts);
    for (let i = 0; i < offsets.length; i++) out[i] = operand[corner + (offsets[i] as number)] as number;
  };
}

/**
 * The operand with the box that begins at `starts` replaced by the update. Inputs: operand, update, starts (int32, one
 * for each axis of the operand), clamped as in `dynamicSliceKernel`.
 */
export function dynamicUpdateSliceKernel({ operand: shape, update: box }: { operand: Shape; update: Shape }): Kernel {
  const offsets = offsetsOf(box, stridesOf(shape));
  return ([operand, update, starts], [out]) => {
    if (!operand || !update || !starts || !out) {
      throw new TypeError('dynamicUpdateSlice: expected three inputs and one output');
    }
    const corner = clampedCorner(shape, box, starts);
    out.set(operand);
    for (let i = 0; i < offsets.length; i++) out[corner + (offsets[i] as number)] = update[i] as number;
  };
}

function clampedCorner(shape: Shape, sizes: Shape, starts: TypedArray): number {
  return stridesOf(shape).reduce((corner, stride, axis) => {
    const last = (shape[axis] as number) - (sizes[axis] as number);
    return corner + stride * Math.max(0, Math.min(starts[axis] as number, last));
  }, 0);
}
