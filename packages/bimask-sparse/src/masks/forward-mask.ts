import { bind, type NDArray, type Primitive, type TypedArray } from '@forback/core';
import type { Pattern } from '../pattern';
import { maskPrimitive } from './mask-primitive';
import { checkMatrix, type MatrixOptions } from './matrix';
import { type PatternLike, parsePattern } from './parse-pattern';

interface ForwardParams extends Pattern {
  readonly inputAxis: 0 | 1;
}

const forwardPrimitive: Primitive<ForwardParams> = /* @__PURE__ */ maskPrimitive<ForwardParams>({
  name: 'forwardMask',
  kernel([rows = 0, columns = 0], { n, m, inputAxis }) {
    // Element i of line l lies at l · lineStep + i · step.
    const [lines, size, lineStep, step] = inputAxis === 1 ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
    return ([weight], [mask]) => {
      if (!weight || !mask) return;
      mask.fill(0);
      for (let start = 0; start < size; start += m) {
        const length = Math.min(m, size - start);
        for (let line = 0; line < lines; line++) keepLargest(weight, mask, line * lineStep + start * step, step, length, n);
      }
    };
  },
});

/** Sets the mask where the `n` largest magnitudes of a group are; of equal ones the first. */
function keepLargest(weight: TypedArray, mask: TypedArray, at: number, step: number, length: number, n: number): void {
  const end = at + length * step;
  for (let kept = 0; kept < n; kept++) {
    let largest = -1;
    let place = -1;
    for (let i = at; i < end; i += step) {
      const magnitude = Math.abs(weight[i] as number);
      if (magnitude > largest && mask[i] === 0) {
        largest = magnitude;
        place = i;
      }
    }
    if (place < 0) return;
    mask[place] = 1;
  }
}

/**
 * The forward mask F: in every output's weights, groups of M consecutive inputs keep their N largest magnitudes. Of equal
 * magnitudes the one with the lower index stays. Where M does not divide the inputs, the last group is short and keeps
 * min(N, its length); no group reaches into the next row. NaN is never kept.
 *
 * Zhang et al. 2023 (Bi-Mask); Zhou et al. 2021 (SR-STE).
 *
 * @param weight - float matrix, [outputs, inputs] unless `inputAxis` is 0.
 * @returns bool of the same shape.
 */
export function forwardMask(weight: NDArray, pattern: PatternLike, options: MatrixOptions = {}): NDArray {
  const { inputAxis = 1 } = options;
  checkMatrix('forwardMask', weight, inputAxis);
  return bind(forwardPrimitive, [weight], { ...parsePattern('forwardMask', pattern), inputAxis })[0] as NDArray;
}
