import { sizeOf } from './row-major';
import type { Kernel, Shape } from './types';

/**
 * Indices (int32, same shape) that sort along an axis. Equal values keep their order in both directions, -0 equals 0,
 * and NaN comes last in both directions.
 */
export function argsortKernel(spec: { shape: Shape; axis: number; descending: boolean }): Kernel {
  const { shape, axis, descending } = spec;
  const outer = sizeOf(shape.slice(0, axis));
  const length = shape[axis] as number;
  const inner = sizeOf(shape.slice(axis + 1));

  return ([input], [out]) => {
    if (!input || !out) throw new TypeError('argsort: expected one input and one output');
    const order = new Int32Array(length);
    const values = new Float64Array(length);
    const compare = (i: number, j: number): number => {
      const x = values[i] as number;
      const y = values[j] as number;
      if (x < y) return descending ? 1 : -1;
      if (x > y) return descending ? -1 : 1;
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || i - j;
    };
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < inner; k++) {
        const first = o * length * inner + k;
        for (let i = 0; i < length; i++) {
          order[i] = i;
          values[i] = input[first + i * inner] as number;
        }
        order.sort(compare);
        for (let i = 0; i < length; i++) out[first + i * inner] = order[i] as number;
      }
    }
  };
}
