import { sizeOf } from './row-major';
import type { Kernel, Shape, TypedArray } from './types';

export type GatherSpec = {
  /** [batch..., pre..., K, post...] */
  operand: Shape;
  /** [batch..., I...], int32 */
  indices: Shape;
  /** The axis of the operand that is indexed (the one of extent K), counted over the whole operand. */
  axis: number;
  /** How many leading axes operand and indices share. */
  batchDims: number;
};

/**
 * out[b, p, i, q] = operand[b, p, indices[b, i], q], of shape [batch..., pre..., I..., post...]. Inputs: operand,
 * indices. Throws RangeError if an index is outside [0, K).
 */
export function gatherKernel(spec: GatherSpec): Kernel {
  const { batch, pre, extent, count, post } = extents(spec);
  return ([operand, indices], [out]) => {
    if (!operand || !indices || !out) throw new TypeError('gather: expected two inputs and one output');
    checkIndices('gather', spec, indices);
    let o = 0;
    for (let b = 0; b < batch; b++) {
      for (let p = 0; p < pre; p++) {
        for (let i = 0; i < count; i++) {
          const row = ((b * pre + p) * extent + (indices[b * count + i] as number)) * post;
          for (let q = 0; q < post; q++) out[o++] = operand[row + q] as number;
        }
      }
    }
  };
}

/**
 * The operand with updates[b, p, i, q] added at [b, p, indices[b, i], q]; updates have the shape that `gatherKernel`
 * gives. Inputs: operand, indices, updates. Repeated indices are added one after the other in the order of i, each sum
 * rounded to the dtype; integers wrap. Throws RangeError if an index is outside [0, K).
 */
export function scatterAddKernel(spec: GatherSpec): Kernel {
  const { batch, pre, extent, count, post } = extents(spec);
  return ([operand, indices, updates], [out]) => {
    if (!operand || !indices || !updates || !out) {
      throw new TypeError('scatterAdd: expected three inputs and one output');
    }
    checkIndices('scatterAdd', spec, indices);
    // Dense values may be the front of a longer buffer.
    out.set(operand.subarray(0, out.length));
    let u = 0;
    for (let b = 0; b < batch; b++) {
      for (let p = 0; p < pre; p++) {
        for (let i = 0; i < count; i++) {
          const row = ((b * pre + p) * extent + (indices[b * count + i] as number)) * post;
          for (let q = 0; q < post; q++) out[row + q] = (out[row + q] as number) + (updates[u++] as number);
        }
      }
    }
  };
}

/** The operand as [batch, pre, extent, post], the indices as [batch, count]. */
export function extents({ operand, indices, axis, batchDims }: GatherSpec) {
  return {
    batch: sizeOf(operand.slice(0, batchDims)),
    pre: sizeOf(operand.slice(batchDims, axis)),
    extent: operand[axis] as number,
    count: sizeOf(indices.slice(batchDims)),
    post: sizeOf(operand.slice(axis + 1)),
  };
}

/** Throws RangeError if an index is outside [0, K). */
export function checkIndices(op: string, { operand, indices: shape, axis }: GatherSpec, indices: TypedArray): void {
  const extent = operand[axis] as number;
  const count = sizeOf(shape);
  let bad = 0;
  // As an unsigned number, a negative one is too large.
  while (bad < count && (indices[bad] as number) >>> 0 < extent) bad++;
  if (bad === count) return;
  const position = shape.map((size, d) => Math.floor(bad / sizeOf(shape.slice(d + 1))) % size);
  throw new RangeError(
    `${op}: index ${indices[bad]} at position [${position.join(', ')}] of the indices (shape [${shape.join(', ')}]) is ` +
      `out of range: axis ${axis} of the operand (shape [${operand.join(', ')}]) takes indices in [0, ${extent}). ` +
      'Clip the indices, or mask what they select.',
  );
}
