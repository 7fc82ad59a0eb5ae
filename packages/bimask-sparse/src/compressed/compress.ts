import {
  ArgumentError,
  bind,
  DifferentiationError,
  definePrimitive,
  type LoweringContext,
  type NDArray,
  np,
  type Primitive,
  ShapeError,
  type TypedArray,
} from '@forback/core';
import { smallestNative } from '@forback/core/kernels';
import { type SelectionSpec, selectLoop } from '../kernels/loops';
import { isNativeSelection, selectKernel } from '../kernels/select-kernel';
import { checkPattern, keptOf, type Pattern } from '../pattern';
import { decompress, takeEntries } from './entries';
import { batchOf, checkMatrix, checkSize, mapped, sharing, show } from './shapes';

/**
 * A matrix with the same number of non-zeros in each line, as these alone: entry [r, indices[r, k]] is values[r, k], all
 * others are zero. A tree of two arrays, so it goes through `jit`, `vmap` and the others, and can be saved with `io.save`.
 */
export interface Compressed {
  /** float [lines, kept]. */
  readonly values: NDArray;
  /**
   * int32 [lines, kept], or [ceil(lines / 4), kept] where each four neighbouring lines share them. An index outside the
   * matrix (such as −1) marks an empty place, whatever its value.
   */
  readonly indices: NDArray;
}

/** What `compress` keeps. */
export interface CompressOptions extends Pattern {
  /**
   * The axis along which groups lie: 1 for the inputs of a weight [outputs, inputs], 0 for those of a weight
   * [inputs, outputs] such as of `nn.dense`. Default: 1.
   */
  readonly axis?: 0 | 1;
  /**
   * int32 [size of the axis]: groups are consecutive positions p of the permuted axis, whose entry p is entry
   * permutation[p] of the matrix. Indices stay those of the matrix. Default: none.
   */
  readonly permutation?: NDArray;
  /**
   * Each four neighbouring lines keep the same places, those with the largest sums of magnitudes. A coarser mask, and a
   * faster product. Default: false.
   */
  readonly shared?: boolean;
}

interface SelectParams extends Pattern {
  readonly axis: 0 | 1;
  readonly shared: number;
  readonly omitZeros: boolean;
}

const selectPrimitive: Primitive<SelectParams> = /* @__PURE__ */ definePrimitive<SelectParams>({
  name: 'compress',
  outputs([matrix, order], params) {
    const name = nameOf(params);
    if (!matrix) throw new ShapeError(`${name}: expected a matrix`);
    checkMatrix(name, 'the weight', matrix);
    checkPattern(name, params);
    const [rows, columns] = matrix.shape.slice(-2) as [number, number];
    const [lines, length] = params.axis === 1 ? [rows, columns] : [columns, rows];
    if (order && (order.dtype !== 'int32' || order.shape.at(-1) !== length)) {
      throw new ShapeError(
        `${name}: expected permutation to be int32[${length}] for axis ${params.axis} of ${show(matrix)}, got ${show(order)}`,
      );
    }
    const batch = matrix.shape.slice(0, -2);
    const kept = keptOf(length, params);
    return [
      { shape: [...batch, lines, kept], dtype: matrix.dtype },
      { shape: [...batch, Math.ceil(lines / params.shared), kept], dtype: 'int32' },
    ];
  },
  jvp(inputs, [t], params) {
    const outputs = bind(selectPrimitive, inputs, params);
    // Which entries are kept is constant almost everywhere.
    const tangent = t ? takeEntries(params.axis === 1 ? t : np.swapaxes(t, -1, -2), outputs[1] as NDArray) : null;
    return { outputs, tangents: [tangent, null] };
  },
  transpose() {
    throw new DifferentiationError('compress: a choice of entries is not a linear operation');
  },
  batch(size, inputs, batched, params) {
    return { outputs: bind(selectPrimitive, mapped(size, inputs, batched), params), batched: [true, true] };
  },
  lower: {
    wasm(context) {
      const spec = selectionSpec(context);
      const permuted = context.inputs.length > 1;
      const { batch, rows, columns, single } = spec;
      const native = single && batch * rows * columns >= smallestNative && isNativeSelection(spec, permuted);
      if (!native) return selectPrimitive.lower.reference(context);
      return { ...selectKernel(spec, permuted), check: (inputs) => checkOrder(inputs[1], spec) };
    },
    reference: (context) => {
      const spec = selectionSpec(context);
      return ([w, order], [values, indices]) => {
        checkOrder(order, spec);
        selectLoop(spec, w as TypedArray, order, values as TypedArray, indices as TypedArray);
      };
    },
  },
});

/** Of the public function that selects. */
function nameOf({ omitZeros }: Pick<SelectParams, 'omitZeros'>): string {
  return omitZeros ? 'compressBackward' : 'compress';
}

/** A number twice would put an entry into two places, and lose another. */
function checkOrder(order: TypedArray | undefined, { axis, rows, columns, omitZeros }: SelectionSpec): void {
  if (!order) return;
  const length = axis === 1 ? columns : rows;
  const last = new Int32Array(length).fill(-1);
  order.forEach((i: number, at: number) => {
    const line = Math.floor(at / length);
    const inside = i >= 0 && i < length;
    if (inside && last[i] !== line) {
      last[i] = line;
      return;
    }
    throw new ArgumentError(
      `${nameOf({ omitZeros })}: expected a permutation of the numbers from 0 to ${length - 1}, ` +
        `got ${i} in it${inside ? ' twice' : ''}`,
    );
  });
}

function selectionSpec({ inputs, params }: LoweringContext<SelectParams>): SelectionSpec {
  const matrix = inputs[0];
  if (!matrix) throw new ShapeError('compress: expected a matrix');
  const [rows = 0, columns = 0] = matrix.shape.slice(-2);
  return { ...params, batch: batchOf(matrix), rows, columns, single: matrix.dtype === 'float32' };
}

function select(matrix: NDArray, permutation: NDArray | undefined, params: SelectParams): Compressed {
  // Rows are read in order, columns in any order but one by one: the native code knows no other cases.
  const other = params.axis === 1 ? permutation !== undefined && params.shared === 1 : params.shared > 1;
  if (other) return select(np.swapaxes(matrix, -1, -2), permutation, { ...params, axis: params.axis === 1 ? 0 : 1 });
  const inputs = [matrix];
  if (permutation) {
    const batch = matrix.shape.slice(0, -2);
    inputs.push(np.broadcastTo(permutation, [...batch, permutation.shape.at(-1) as number]));
  }
  const [values, indices] = bind(selectPrimitive, inputs, params) as [NDArray, NDArray];
  return { values, indices };
}

/**
 * Mask selection and compression in one: of every group of `m` consecutive entries of each line of `weight`, the `n` with
 * the largest magnitudes, in ascending order of position. Ties go to the lowest position; NaN counts as infinite. Where m
 * does not divide the size, the last group is short and keeps min(n, its size).
 *
 * The derivative of the values is that of the chosen entries (the choice is constant almost everywhere).
 *
 * For axis 1 the lines are the rows, and the result has [rows, kept] values; for axis 0 they are the columns:
 * [columns, kept]. Either way `sparseMatmul` takes a line as one output.
 *
 * @param weight - float [rows, columns].
 * @throws ShapeError, DTypeError, ArgumentError for what does not fit.
 *
 * Source: forward mask F of Zhang et al., "Bi-directional Masks for Efficient N:M Sparse Training" (ICML 2023), section 3.
 */
export function compress(weight: NDArray, options: CompressOptions): Compressed {
  const { n, m, axis = 1, permutation, shared = false } = options;
  if (axis !== 0 && axis !== 1) throw new ArgumentError(`compress: expected axis to be 0 or 1, got ${String(axis)}`);
  return select(weight, permutation, { n, m, axis, shared: shared ? sharing : 1, omitZeros: false });
}

/** How the backward mask is made. */
export interface CompressBackwardOptions extends Pattern {
  /** Inputs of the layer: the size that `forward` was compressed from. */
  readonly inputs: number;
  /** int32 [outputs]: which output is at which position of the permuted ones, as in `compress`. Default: none. */
  readonly permutation?: NDArray;
}

/**
 * The backward mask of Bi-Mask as a compressed matrix: with W ⊙ F = `forward`, the `n` largest magnitudes in every group of
 * `m` consecutive permuted outputs, for each input. B ⊆ F: kept zeros of W ⊙ F become empty places. The gradient for the
 * inputs is `sparseMatmul(g, backward)` = G (W ⊙ B).
 *
 * @param forward - [outputs, kept], from {@link compress}.
 * @returns [inputs, keptOf(outputs)], with indices of outputs.
 * @throws ShapeError, DTypeError, ArgumentError for what does not fit, a permutation that is none among it.
 *
 * Source: Zhang et al. (ICML 2023), section 3; the released code applies it in every step with a cached permutation.
 */
export function compressBackward(forward: Compressed, options: CompressBackwardOptions): Compressed {
  const { n, m, inputs, permutation } = options;
  checkSize('compressBackward', 'inputs', inputs);
  const masked = decompress(forward, { size: inputs });
  return select(masked, permutation, { n, m, axis: 0, shared: 1, omitZeros: true });
}
