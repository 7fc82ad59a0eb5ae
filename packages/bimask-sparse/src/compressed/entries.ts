import {
  bind,
  definePrimitive,
  type Kernel,
  type LoweringContext,
  type NDArray,
  np,
  type Primitive,
  ShapeError,
  type TypedArray,
} from '@forback/core';
import { type NativeKernel, smallestNative } from '@forback/core/kernels';
import { entriesKernel } from '../kernels/entries-kernel';
import { type EntriesSpec, spreadLoop, takeLoop } from '../kernels/loops';
import type { Compressed } from './compress';
import { batchOf, checkMatrix, checkSize, mapped, sharedRows, type show } from './shapes';

/** Entries of `matrix` [..., rows, columns] at `indices`: [..., rows, kept]; zero at empty places. */
const takePrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'takeEntries',
  outputs([matrix, indices]) {
    if (!matrix || !indices) throw new ShapeError('takeEntries: expected a matrix and indices');
    checkMatrix('takeEntries', 'matrix', matrix);
    const shape = [...matrix.shape.slice(0, -1), indices.shape.at(-1) ?? 0];
    sharedRows('takeEntries', { shape, dtype: matrix.dtype }, indices);
    return [{ shape, dtype: matrix.dtype }];
  },
  jvp([matrix, indices], [t]) {
    const at = indices as NDArray;
    return { outputs: [takeEntries(matrix as NDArray, at)], tangents: [t ? takeEntries(t, at) : null] };
  },
  transpose: ([ct], [matrix, indices]) =>
    ct && matrix ? [spread(ct, indices as NDArray, matrix.shape.at(-1) as number), null] : [null, null],
  batch(size, inputs, batched) {
    return { outputs: bind(takePrimitive, mapped(size, inputs, batched), {}), batched: [true] };
  },
  lower: {
    wasm: (context) =>
      native(takePrimitive, context, 'take', entriesSpec(context, context.outputs[0], context.inputs[0]?.shape.at(-1))),
    reference: (context) => {
      const spec = entriesSpec(context, context.outputs[0], context.inputs[0]?.shape.at(-1));
      return ([w, indices], [values]) => takeLoop(spec, w as TypedArray, indices as TypedArray, values as TypedArray);
    },
  },
});

/** The sizes of `values` [..., rows, kept] in a matrix of so many columns. */
function entriesSpec(
  { inputs }: LoweringContext<object>,
  values: Parameters<typeof show>[0] | undefined,
  columns: number | undefined,
): EntriesSpec {
  const indices = inputs[1];
  if (!values || !indices || columns === undefined) throw new ShapeError('compressed: operands are missing');
  const [rows = 0, kept = 0] = values.shape.slice(-2);
  return { batch: batchOf(values), rows, columns, kept, shared: sharedRows('compressed', values, indices) };
}

function native<P extends object>(
  primitive: Primitive<P>,
  context: LoweringContext<P>,
  action: 'take' | 'spread',
  spec: EntriesSpec,
): NativeKernel | Kernel {
  const large = spec.batch * spec.rows * spec.kept >= smallestNative;
  if (!large || context.inputs[0]?.dtype !== 'float32') return primitive.lower.reference(context);
  return entriesKernel(spec, action);
}

interface SpreadParams {
  readonly columns: number;
}

/** The transpose of `takeEntries`: `values` at their places in a matrix of zeros. */
const spreadPrimitive: Primitive<SpreadParams> = /* @__PURE__ */ definePrimitive<SpreadParams>({
  name: 'spreadEntries',
  outputs([values, indices], { columns }) {
    if (!values || !indices) throw new ShapeError('spreadEntries: expected values and indices');
    sharedRows('decompress', values, indices);
    return [{ shape: [...values.shape.slice(0, -1), columns], dtype: values.dtype }];
  },
  jvp([values, indices], [t], { columns }) {
    const at = indices as NDArray;
    return { outputs: [spread(values as NDArray, at, columns)], tangents: [t ? spread(t, at, columns) : null] };
  },
  transpose: ([ct], [, indices]) => [ct ? takeEntries(ct, indices as NDArray) : null, null],
  batch(size, inputs, batched, params) {
    return { outputs: bind(spreadPrimitive, mapped(size, inputs, batched), params), batched: [true] };
  },
  lower: {
    wasm: (context) =>
      native(spreadPrimitive, context, 'spread', entriesSpec(context, context.inputs[0], context.params.columns)),
    reference: (context) => {
      const spec = entriesSpec(context, context.inputs[0], context.params.columns);
      return ([values, indices], [w]) => spreadLoop(spec, values as TypedArray, indices as TypedArray, w as TypedArray);
    },
  },
});

/**
 * The entries of a dense matrix at the places of a compressed one: entry [r, k] is matrix[r, indices[r, k]], and zero at an
 * empty place. For a gradient of a dense weight, the part that a fixed mask lets through.
 *
 * @param matrix - float [rows, columns].
 * @param indices - int32 [rows, kept], as in {@link Compressed}.
 */
export function takeEntries(matrix: NDArray, indices: NDArray): NDArray {
  return bind(takePrimitive, [matrix, indices], {})[0] as NDArray;
}

function spread(values: NDArray, indices: NDArray, columns: number): NDArray {
  return bind(spreadPrimitive, [values, indices], { columns })[0] as NDArray;
}

/** How a compressed matrix becomes a dense one. */
export interface DecompressOptions {
  /** Entries of the axis that was compressed: columns of the matrix for axis 1, its rows for axis 0. */
  readonly size: number;
  /** The axis that was compressed. Default: 1. */
  readonly axis?: 0 | 1;
}

/**
 * W ⊙ F, bit for bit: the kept entries at their places, zeros elsewhere.
 *
 * @returns [rows, size] for axis 1, [size, columns] for axis 0.
 */
export function decompress({ values, indices }: Compressed, { size, axis = 1 }: DecompressOptions): NDArray {
  checkSize('decompress', 'size', size);
  const matrix = spread(values, indices, size);
  return axis === 0 ? np.swapaxes(matrix, -1, -2) : matrix;
}
