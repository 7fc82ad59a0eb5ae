import { sizeOf } from './row-major';
import type { Kernel, NumericDtype, Shape } from './types';

/** Running sums along an axis, from its end if `reverse`; each includes its own element. Integers wrap. */
export function cumsumKernel(spec: { shape: Shape; axis: number; reverse: boolean; dtype: NumericDtype }): Kernel {
  const { shape, axis, reverse, dtype } = spec;
  const outer = sizeOf(shape.slice(0, axis));
  const length = shape[axis] as number;
  const inner = sizeOf(shape.slice(axis + 1));
  const integer = dtype === 'int32' || dtype === 'uint32';

  return ([input], [out]) => {
    if (!input || !out) throw new TypeError('cumsum: expected one input and one output');
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < inner; k++) {
        let sum = 0;
        for (let i = 0; i < length; i++) {
          const at = (o * length + (reverse ? length - 1 - i : i)) * inner + k;
          sum += input[at] as number;
          if (integer) sum |= 0;
          out[at] = sum;
        }
      }
    }
  };
}
