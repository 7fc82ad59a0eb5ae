import {
  bind,
  DTypeError,
  definePrimitive,
  isLinearOperand,
  type Kernel,
  type LoweringContext,
  type NDArray,
  np,
  type Primitive,
  type ShapedType,
  ShapeError,
  type TypedArray,
} from '@forback/core';
import type { NativeKernel } from '@forback/core/kernels';
import { type ProductSpec, productLoop, transposedLoop } from '../kernels/loops';
import { productKernel } from '../kernels/product-kernel';
import { mostVectors, vectorKernel } from '../kernels/vector-kernel';
import type { Compressed } from './compress';
import { takeEntries } from './entries';
import { batchOf, checkMatrix, checkSize, mapped, sharedRows, show } from './shapes';

type Operands = readonly [dense: ShapedType, values: ShapedType, indices: ShapedType];

function checkOperands(where: string, name: string, operands: readonly ShapedType[]): Operands {
  const [dense, values, indices] = operands as unknown as Operands;
  checkMatrix(where, name, dense);
  sharedRows(where, values, indices);
  if (dense.dtype !== values.dtype) {
    throw new DTypeError(`${where}: expected ${name} and values of one dtype, got ${show(dense)} and ${show(values)}`);
  }
  return [dense, values, indices];
}

function productSpec({ inputs }: LoweringContext<object>, columns: number): ProductSpec {
  const [dense, values, indices] = inputs as unknown as Operands;
  const [rows = 0, kept = 0] = values.shape.slice(-2);
  const count = dense.shape.at(-2) as number;
  return { batch: batchOf(dense), rows, columns, kept, count, shared: sharedRows('sparseMatmul', values, indices) };
}

/** Below so many multiplications a plain loop is faster than what native code needs around it. */
const smallestProduct = 256;

function native<P extends object>(
  primitive: Primitive<P>,
  context: LoweringContext<P>,
  spec: ProductSpec,
): NativeKernel | Kernel {
  const { batch, rows, columns, kept, count } = spec;
  const small = batch * rows * kept * count < smallestProduct || columns === 0;
  if (small || context.inputs[0]?.dtype !== 'float32') return primitive.lower.reference(context);
  if (primitive === (transposedPrimitive as object)) return productKernel(spec, 'transposed');
  return count <= mostVectors ? vectorKernel(spec) : productKernel(spec, 'forward');
}

/** Where the dense operand alone is mapped, its examples are more rows of it. */
function mapProduct<P extends object>(
  primitive: Primitive<P>,
  size: number,
  inputs: NDArray[],
  batched: boolean[],
  params: P,
) {
  const [dense, values, indices] = inputs as [NDArray, NDArray, NDArray];
  if (batched[1] || batched[2] || dense.ndim !== 3) {
    return { outputs: bind(primitive, mapped(size, inputs, batched), params), batched: [true] };
  }
  const [, count, width] = dense.shape as [number, number, number];
  const [result] = bind(primitive, [dense.reshape([size * count, width]), values, indices], params) as [NDArray];
  return { outputs: [result.reshape([size, count, result.shape.at(-1) as number])], batched: [true] };
}

/** x [..., count, columns], values and indices [..., rows, kept]: x (W ⊙ F)^T, [..., count, rows]. */
const productPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'sparseMatmul',
  outputs(inputs) {
    const [x, values] = checkOperands('sparseMatmul', 'x', inputs);
    return [{ shape: [...x.shape.slice(0, -1), values.shape.at(-2) as number], dtype: x.dtype }];
  },
  jvp(inputs, [tx, tv]) {
    const [x, values, indices] = inputs as [NDArray, NDArray, NDArray];
    const parts = [tx ? product(tx, values, indices) : null, tv ? product(x, tv, indices) : null];
    return { outputs: [product(x, values, indices)], tangents: [total(parts)] };
  },
  transpose([ct], [x, values, indices]) {
    if (!ct || !x || !values) return [null, null, null];
    const at = indices as NDArray;
    if (isLinearOperand(values)) {
      return [null, takeEntries(np.matmul(np.swapaxes(ct, -1, -2), x as NDArray), at), null];
    }
    return [transposed(ct, values, at, x.shape.at(-1) as number), null, null];
  },
  batch: (size, inputs, batched) => mapProduct(productPrimitive, size, inputs, batched, {}),
  lower: {
    wasm: (context) => native(productPrimitive, context, productSpec(context, context.inputs[0]?.shape.at(-1) ?? 0)),
    reference: (context) => {
      const spec = productSpec(context, context.inputs[0]?.shape.at(-1) ?? 0);
      return ([x, values, indices], [y]) =>
        productLoop(spec, x as TypedArray, values as TypedArray, indices as TypedArray, y as TypedArray);
    },
  },
});

interface TransposedParams {
  readonly columns: number;
}

/** g [..., count, rows], values and indices [..., rows, kept]: g (W ⊙ F), [..., count, columns]. */
const transposedPrimitive: Primitive<TransposedParams> = /* @__PURE__ */ definePrimitive<TransposedParams>({
  name: 'sparseMatmulTransposed',
  outputs(inputs, { columns }) {
    const [g, values] = checkOperands('sparseMatmulTransposed', 'g', inputs);
    if (g.shape.at(-1) !== values.shape.at(-2)) {
      throw new ShapeError(
        `sparseMatmulTransposed: expected as many columns of g as rows of values, got ${show(g)} and ${show(values)}`,
      );
    }
    return [{ shape: [...g.shape.slice(0, -1), columns], dtype: g.dtype }];
  },
  jvp(inputs, [tg, tv], { columns }) {
    const [g, values, indices] = inputs as [NDArray, NDArray, NDArray];
    const apply = (a: NDArray, b: NDArray) => transposed(a, b, indices, columns);
    const parts = [tg ? apply(tg, values) : null, tv ? apply(g, tv) : null];
    return { outputs: [apply(g, values)], tangents: [total(parts)] };
  },
  transpose([ct], [g, values, indices]) {
    if (!ct || !g || !values) return [null, null, null];
    const at = indices as NDArray;
    if (isLinearOperand(values)) {
      return [null, takeEntries(np.matmul(np.swapaxes(g as NDArray, -1, -2), ct), at), null];
    }
    return [product(ct, values, at), null, null];
  },
  batch: (size, inputs, batched, params) => mapProduct(transposedPrimitive, size, inputs, batched, params),
  lower: {
    wasm: (context) => native(transposedPrimitive, context, productSpec(context, context.params.columns)),
    reference: (context) => {
      const spec = productSpec(context, context.params.columns);
      return ([g, values, indices], [z]) =>
        transposedLoop(spec, g as TypedArray, values as TypedArray, indices as TypedArray, z as TypedArray);
    },
  },
});

function total(parts: readonly (NDArray | null)[]): NDArray | null {
  return parts.reduce((sum, part) => (sum && part ? sum.add(part) : (sum ?? part)), null);
}

function product(x: NDArray, values: NDArray, indices: NDArray): NDArray {
  return bind(productPrimitive, [x, values, indices], {})[0] as NDArray;
}

function transposed(g: NDArray, values: NDArray, indices: NDArray, columns: number): NDArray {
  return bind(transposedPrimitive, [g, values, indices], { columns })[0] as NDArray;
}

/** Applies a product of matrices to an operand with any number of axes in front. */
function onRows(x: NDArray, f: (rows: NDArray) => NDArray): NDArray {
  if (x.ndim === 2) return f(x);
  const front = x.shape.slice(0, -1);
  const width = x.shape.at(-1) as number;
  const result = f(x.reshape([front.reduce((size, n) => size * n, 1), width]));
  return result.reshape([...front, result.shape.at(-1) as number]);
}

/**
 * x (W ⊙ F)ᵀ: the product with a compressed matrix, in as many multiplications as it has places.
 *
 * Differentiable in `x` (exactly, as `sparseMatmulTransposed`) and in the values. For a gradient with another mask, such as
 * Bi-Mask's G (W ⊙ B), call it with the compressed backward matrix inside a `customVjp`.
 *
 * @param x - float [..., columns].
 * @param weight - [rows, kept] places in a matrix [rows, columns]. It does not know how many columns that has: with a narrower
 * x, places behind the last column of x count as empty.
 * @returns [..., rows].
 */
export function sparseMatmul(x: NDArray, weight: Compressed): NDArray {
  if (x.ndim === 0) throw new ShapeError(`sparseMatmul: expected x to be [..., columns], got ${show(x)}`);
  return onRows(x, (rows) => product(rows, weight.values, weight.indices));
}

/**
 * g (W ⊙ F): the product with the same compressed matrix from its other side, exactly. It does the multiplications of
 * `sparseMatmul`, and needs no mask of its own.
 *
 * @param g - float [..., rows].
 * @param weight - [rows, kept] places in a matrix [rows, columns].
 * @param columns - of that matrix.
 * @returns [..., columns].
 */
export function sparseMatmulTransposed(g: NDArray, weight: Compressed, columns: number): NDArray {
  if (g.ndim === 0) throw new ShapeError(`sparseMatmulTransposed: expected g to be [..., rows], got ${show(g)}`);
  checkSize('sparseMatmulTransposed', 'columns', columns);
  return onRows(g, (rows) => transposed(rows, weight.values, weight.indices, columns));
}
