import { offsetsOf, stridesOf } from './row-major';
import type { Kernel, NumericDtype, Shape } from './types';

type DotSpec = {
  lhs: Shape;
  rhs: Shape;
  /** Axes summed over: those of lhs and, paired with them in order, those of rhs. */
  contract: readonly [readonly number[], readonly number[]];
  /** Axes kept and walked together, paired in the same way. */
  batch: readonly [readonly number[], readonly number[]];
  dtype: NumericDtype;
};

/**
 * Generalised matrix product of `lhs` and `rhs`: out[b, i, j] = sum over k of lhs[b, i, k] rhs[b, j, k], where b, i, j
 * and k run over the batch axes, the free axes of each operand in their order, and the contracted axes.
 * Shape of the result: batch, free of lhs, free of rhs. Integers wrap.
 */
export function dotKernel({ lhs, rhs, contract, batch, dtype }: DotSpec): Kernel {
  const left = operandOffsets(lhs, contract[0], batch[0]);
  const right = operandOffsets(rhs, contract[1], batch[1]);
  const integer = dtype === 'int32' || dtype === 'uint32';

  return ([a, b], [out]) => {
    if (!a || !b || !out) throw new TypeError('dot: expected two inputs and one output');
    const depth = left.contracted.length;
    let o = 0;
    for (let n = 0; n < left.batch.length; n++) {
      for (const i of left.free) {
        for (const j of right.free) {
          const atA = (left.batch[n] as number) + i;
          const atB = (right.batch[n] as number) + j;
          let sum = 0;
          for (let k = 0; k < depth; k++) {
            const x = a[atA + (left.contracted[k] as number)] as number;
            const y = b[atB + (right.contracted[k] as number)] as number;
            sum = integer ? (sum + Math.imul(x, y)) | 0 : sum + x * y;
          }
          out[o++] = sum;
        }
      }
    }
  };
}

function operandOffsets(shape: Shape, contracted: readonly number[], batch: readonly number[]) {
  const strides = stridesOf(shape);
  const over = (axes: readonly number[]) =>
    offsetsOf(
      axes.map((axis) => shape[axis] as number),
      axes.map((axis) => strides[axis] as number),
    );
  const free = shape.map((_, axis) => axis).filter((axis) => !contracted.includes(axis) && !batch.includes(axis));
  return { batch: over(batch), free: over(free), contracted: over(contracted) };
}
