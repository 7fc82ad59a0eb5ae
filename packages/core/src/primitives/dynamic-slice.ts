import type { NDArray } from '../array/ndarray';
import { type Layout, type ShapedType, showShape, showType, sizeOf } from '../array/shape';
import { dynamicSliceKernel, dynamicUpdateSliceKernel } from '../backends/reference/kernels/dynamic-slice';
import * as native from '../backends/wasm/concatenate-kernel';
import { smallestNative } from '../backends/wasm/native';
import { DTypeError, ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { add, maximum, minimum, sub } from './arithmetic';
import { and } from './bitwise';
import { broadcastInDim, broadcastUnbatched, fill, fillLike } from './broadcast';
import { greaterEqual, less } from './compare';
import { gather } from './gather';
import { iota } from './iota';
import { definePrimitive, isLinearOperand, type Primitive } from './primitive';
import { reshape } from './reshape';
import { select } from './select';
import { concatenate, slice } from './structure';

interface SizesParams {
  sizes: readonly number[];
}

function checkStarts(name: string, x: ShapedType, starts: ShapedType, sizes: readonly number[]): void {
  if (starts.dtype !== 'int32' || starts.shape.length !== 1 || starts.shape[0] !== x.shape.length) {
    throw new DTypeError(`${name}: expected starts to be int32[${x.shape.length}], got ${showType(starts)}`);
  }
  if (sizes.length !== x.shape.length || sizes.some((n, i) => n > (x.shape[i] as number))) {
    throw new ShapeError(`${name}: sizes ${showShape(sizes)} do not fit in ${showShape(x.shape)}`);
  }
}

const slicePrimitive: Primitive<SizesParams> = /* @__PURE__ */ definePrimitive<SizesParams>({
  name: 'dynamicSlice',
  outputs(inputs, { sizes }) {
    const [x, starts] = inputs as [ShapedType, ShapedType];
    checkStarts('dynamicSlice', x, starts, sizes);
    return [{ shape: sizes, dtype: x.dtype }];
  },
  jvp(inputs, [t], { sizes }) {
    const [x, starts] = inputs as [NDArray, NDArray];
    return { outputs: [dynamicSlice(x, starts, sizes)], tangents: [t ? dynamicSlice(t, starts, sizes) : null] };
  },
  transpose([ct], [x, starts]) {
    if (!ct || !x) return [null, null];
    return [dynamicUpdateSlice(fill(0, x.shape, x.dtype), ct, starts as NDArray), null];
  },
  batch(size, inputs, batched, { sizes }) {
    const [x, starts] = inputs as [NDArray, NDArray];
    if (!batched[1]) {
      return {
        outputs: [dynamicSlice(x, concatenate([fill(0, [1], 'int32'), starts], 0), [size, ...sizes])],
        batched: [true],
      };
    }
    let [result] = broadcastUnbatched(size, [x], [batched[0] as boolean]) as [NDArray];
    sizes.forEach((n, axis) => {
      const first = clampedStart(starts, axis, (result.shape[axis + 1] as number) - n);
      const indices = add(broadcastInDim(first, [size, n], [0]), iota([size, n], 1, 'int32'));
      result = gather(result, indices, { axis: axis + 1, batchDims: 1 });
    });
    return { outputs: [result], batched: [true] };
  },
  lower: {
    reference: ({ inputs, params }) => dynamicSliceKernel({ operand: inputs[0]?.shape ?? [], sizes: params.sizes }),
    wasm: (context) =>
      sizeOf(context.params.sizes) < smallestNative
        ? slicePrimitive.lower.reference(context)
        : native.dynamicSliceKernel(context.inputs[0] as Layout, context.params.sizes),
  },
});

/** Column `axis` of batched starts [size, rank], moved so that the slice fits. */
function clampedStart(starts: NDArray, axis: number, last: number): NDArray {
  const size = starts.shape[0] as number;
  const column = reshape(slice(starts, [0, axis], [size, axis + 1]), [size]);
  return maximum(minimum(column, fillLike(column, last)), fillLike(column, 0));
}

/** The block of the given sizes at positions known only at run time; starts are moved so that the block fits. */
export function dynamicSlice(x: NDArray, starts: NDArray, sizes: readonly number[]): NDArray {
  return bind1(slicePrimitive, [x, starts], { sizes: [...sizes] });
}

const updatePrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'dynamicUpdateSlice',
  outputs(inputs) {
    const [x, update, starts] = inputs as [ShapedType, ShapedType, ShapedType];
    if (x.dtype !== update.dtype) {
      throw new DTypeError(`dynamicUpdateSlice: expected one dtype, got ${showType(x)} and ${showType(update)}`);
    }
    checkStarts('dynamicUpdateSlice', x, starts, update.shape);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  jvp(inputs, [tx, tu]) {
    const [x, update, starts] = inputs as [NDArray, NDArray, NDArray];
    const tangent = tx || tu ? dynamicUpdateSlice(tx ?? fillLike(x, 0), tu ?? fillLike(update, 0), starts) : null;
    return { outputs: [dynamicUpdateSlice(x, update, starts)], tangents: [tangent] };
  },
  transpose([ct], operands) {
    const [x, update, starts] = operands as [NDArray, NDArray, NDArray];
    if (!ct) return [null, null, null];
    return [
      isLinearOperand(x) ? dynamicUpdateSlice(ct, fill(0, update.shape, update.dtype), starts) : null,
      isLinearOperand(update) ? dynamicSlice(ct, starts, update.shape) : null,
      null,
    ];
  },
  batch(size, inputs, batched) {
    const [x, update] = broadcastUnbatched(size, inputs.slice(0, 2), batched.slice(0, 2)) as [NDArray, NDArray];
    const starts = inputs[2] as NDArray;
    if (!batched[2]) {
      return {
        outputs: [dynamicUpdateSlice(x, update, concatenate([fill(0, [1], 'int32'), starts], 0))],
        batched: [true],
      };
    }
    if (sizeOf(update.shape) === 0) return { outputs: [x], batched: [true] };
    let placed = update;
    let inside: NDArray | null = null;
    for (let axis = 1; axis < x.ndim; axis++) {
      const n = x.shape[axis] as number;
      const width = update.shape[axis] as number;
      const first = clampedStart(starts, axis - 1, n - width);
      const position = sub(iota([size, n], 1, 'int32'), broadcastInDim(first, [size, n], [0]));
      const zero = fillLike(position, 0);
      const hit = and(greaterEqual(position, zero), less(position, fillLike(position, width)));
      const spread = broadcastInDim(hit, x.shape, [0, axis]);
      inside = inside === null ? spread : and(inside, spread);
      const nearest = maximum(minimum(position, fillLike(position, width - 1)), zero);
      placed = gather(placed, nearest, { axis, batchDims: 1 });
    }
    return { outputs: [inside === null ? update : select(inside, placed, x)], batched: [true] };
  },
  lower: {
    reference: ({ inputs }) =>
      dynamicUpdateSliceKernel({ operand: inputs[0]?.shape ?? [], update: inputs[1]?.shape ?? [] }),
    wasm(context) {
      const [x, update] = context.inputs as [Layout, Layout];
      if (sizeOf(x.shape) < smallestNative) return updatePrimitive.lower.reference(context);
      return native.dynamicUpdateSliceKernel(x, update);
    },
  },
});

/** `x` with a block replaced by `update` at positions known only at run time; starts are moved so that the block fits. */
export function dynamicUpdateSlice(x: NDArray, update: NDArray, starts: NDArray): NDArray {
  return bind1(updatePrimitive, [x, update, starts], {});
}
