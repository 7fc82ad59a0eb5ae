import type { NDArray } from '../array/ndarray';
import { type Layout, type Shape, type ShapedType, sameShape, showShape, showType, sizeOf } from '../array/shape';
import { gatherKernel, scatterAddKernel } from '../backends/reference/kernels/gather';
import { densified } from '../backends/strided';
import { gatherKernel as nativeGather } from '../backends/wasm/gather-kernel';
import { smallestNative } from '../backends/wasm/native';
import { scatterAddKernel as nativeScatterAdd } from '../backends/wasm/scatter-kernel';
import { DTypeError, ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { broadcastUnbatched, fill, fillLike } from './broadcast';
import { definePrimitive, isLinearOperand, type Primitive } from './primitive';
import { moveAxis } from './transpose';

export interface GatherParams {
  /** The axis of the operand that the indices count along. */
  axis: number;
  /** How many leading axes operand and indices share. */
  batchDims: number;
}

function gatheredShape(operand: Shape, indices: Shape, { axis, batchDims }: GatherParams): number[] {
  return [...operand.slice(0, axis), ...indices.slice(batchDims), ...operand.slice(axis + 1)];
}

function checkGather(name: string, operand: ShapedType, indices: ShapedType, { axis, batchDims }: GatherParams): void {
  if (indices.dtype !== 'int32') throw new DTypeError(`${name}: expected int32 indices, got ${showType(indices)}`);
  const shared = sameShape(operand.shape.slice(0, batchDims), indices.shape.slice(0, batchDims));
  if (!shared || axis < batchDims || axis >= operand.shape.length) {
    throw new ShapeError(
      `${name}: indices ${showShape(indices.shape)} do not fit axis ${axis} of ${showShape(operand.shape)} ` +
        `with ${batchDims} batch axes`,
    );
  }
}

const gatherPrimitive: Primitive<GatherParams> = /* @__PURE__ */ definePrimitive<GatherParams>({
  name: 'gather',
  outputs(inputs, params) {
    const [operand, indices] = inputs as [ShapedType, ShapedType];
    checkGather('gather', operand, indices, params);
    return [{ shape: gatheredShape(operand.shape, indices.shape, params), dtype: operand.dtype }];
  },
  jvp(inputs, [t], params) {
    const [operand, indices] = inputs as [NDArray, NDArray];
    return { outputs: [gather(operand, indices, params)], tangents: [t ? gather(t, indices, params) : null] };
  },
  transpose([ct], [operand, indices], params) {
    if (!ct || !operand) return [null, null];
    return [scatterAdd(fill(0, operand.shape, operand.dtype), indices as NDArray, ct, params), null];
  },
  batch(size, inputs, batched, { axis, batchDims }) {
    if (batchDims === 0 && !(batched[0] && batched[1])) {
      const [operand, indices] = inputs as [NDArray, NDArray];
      if (batched[0]) return { outputs: [gather(operand, indices, { axis: axis + 1, batchDims })], batched: [true] };
      return { outputs: [moveAxis(gather(operand, indices, { axis, batchDims }), axis, 0)], batched: [true] };
    }
    const [operand, indices] = broadcastUnbatched(size, inputs, batched) as [NDArray, NDArray];
    return { outputs: [gather(operand, indices, { axis: axis + 1, batchDims: batchDims + 1 })], batched: [true] };
  },
  lower: {
    reference: ({ inputs, params }) =>
      gatherKernel({ operand: inputs[0]?.shape ?? [], indices: inputs[1]?.shape ?? [], ...params }),
    wasm(context) {
      const [operand, indices] = context.inputs as [Layout, Layout];
      if (sizeOf(context.outputs[0]?.shape ?? []) < smallestNative) return gatherPrimitive.lower.reference(context);
      const spec = { operand: operand.shape, indices: indices.shape, ...context.params };
      return nativeGather(spec, operand.dtype);
    },
  },
});

/**
 * Elements of `operand` [batch..., pre..., K, post...] at int32 `indices` [batch..., I...] along an axis:
 * [batch..., pre..., I..., post...]. An index outside [0, K) throws when the program runs.
 */
export function gather(operand: NDArray, indices: NDArray, params: GatherParams): NDArray {
  return bind1(gatherPrimitive, [operand, indices], params);
}

const scatterAddPrimitive: Primitive<GatherParams> = /* @__PURE__ */ definePrimitive<GatherParams>({
  name: 'scatterAdd',
  outputs(inputs, params) {
    const [operand, indices, updates] = inputs as [ShapedType, ShapedType, ShapedType];
    checkGather('scatterAdd', operand, indices, params);
    if (updates.dtype !== operand.dtype) {
      throw new DTypeError(`scatterAdd: expected updates of dtype ${operand.dtype}, got ${updates.dtype}`);
    }
    const expected = gatheredShape(operand.shape, indices.shape, params);
    if (!sameShape(expected, updates.shape)) {
      throw new ShapeError(
        `scatterAdd: expected updates of shape ${showShape(expected)}, got ${showShape(updates.shape)}`,
      );
    }
    return [{ shape: operand.shape, dtype: operand.dtype }];
  },
  jvp(inputs, [tx, , tu], params) {
    const [operand, indices, updates] = inputs as [NDArray, NDArray, NDArray];
    const tangent =
      tx || tu ? scatterAdd(tx ?? fillLike(operand, 0), indices, tu ?? fillLike(updates, 0), params) : null;
    return { outputs: [scatterAdd(operand, indices, updates, params)], tangents: [tangent] };
  },
  transpose([ct], [operand, indices, updates], params) {
    if (!ct || !operand || !updates) return [null, null, null];
    return [
      isLinearOperand(operand) ? ct : null,
      null,
      isLinearOperand(updates) ? gather(ct, indices as NDArray, params) : null,
    ];
  },
  batch(size, inputs, batched, { axis, batchDims }) {
    if (batchDims === 0 && !batched[1]) {
      const [operand, updates] = broadcastUnbatched(
        size,
        [inputs[0] as NDArray, inputs[2] as NDArray],
        [batched[0] === true, batched[2] === true],
      );
      const indices = inputs[1] as NDArray;
      const value = scatterAdd(operand as NDArray, indices, updates as NDArray, { axis: axis + 1, batchDims });
      return { outputs: [value], batched: [true] };
    }
    const [operand, indices, updates] = broadcastUnbatched(size, inputs, batched) as [NDArray, NDArray, NDArray];
    const params = { axis: axis + 1, batchDims: batchDims + 1 };
    return { outputs: [scatterAdd(operand, indices, updates, params)], batched: [true] };
  },
  strided: true,
  lower: {
    reference: densified(({ inputs, params }) =>
      scatterAddKernel({ operand: inputs[0]?.shape ?? [], indices: inputs[1]?.shape ?? [], ...params }),
    ),
    wasm(context) {
      const [operand, indices, updates] = context.inputs as [Layout, Layout, Layout];
      const small = Math.max(sizeOf(operand.shape), sizeOf(updates.shape)) < smallestNative;
      if (small || operand.dtype === 'bool') return scatterAddPrimitive.lower.reference(context);
      const spec = { operand: operand.shape, indices: indices.shape, ...context.params };
      return nativeScatterAdd(context.inputs, spec);
    },
  },
});

/** `operand` with `updates` added at `indices`; the inverse picture of `gather`, duplicates add up. */
export function scatterAdd(operand: NDArray, indices: NDArray, updates: NDArray, params: GatherParams): NDArray {
  return bind1(scatterAddPrimitive, [operand, indices, updates], params);
}
