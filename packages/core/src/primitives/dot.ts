import { bytesPerElement, isFloating, numbers } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type Layout, range, type Shape, type ShapedType, showShape, showType, sizeOf } from '../array/shape';
import { dotKernel } from '../backends/reference/kernels/dot';
import type { NumericDtype } from '../backends/reference/kernels/types';
import { densified } from '../backends/strided';
import { copyStages } from '../backends/wasm/copy-kernel';
import { inputAt, type NativeKernel, type NativeStage, outputAt, type Place, scratchAt } from '../backends/wasm/native';
import { type MatrixLayout, product } from '../backends/wasm/product';
import { DTypeError, ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { checkAccepted, refuseBilinear, sumTangents } from './elementwise';
import { definePrimitive, isLinearOperand, type Kernel, type LoweringContext, type Primitive } from './primitive';
import { moveAxis, transpose } from './transpose';

/** Which axes of the two operands are summed over, and which are carried along in pairs. */
export interface DotDimensions {
  contract: readonly [readonly number[], readonly number[]];
  batch: readonly [readonly number[], readonly number[]];
}

/** The axes that are neither summed nor paired, ascending. */
function freeAxes(rank: number, contract: readonly number[], batch: readonly number[]): number[] {
  return range(rank).filter((a) => !contract.includes(a) && !batch.includes(a));
}

function pick(shape: Shape, axes: readonly number[]): number[] {
  return axes.map((a) => shape[a] as number);
}

/** The general dot product, as a rule for `transpose` meets it: every product of matrices is one. */
export const dotPrimitive: Primitive<DotDimensions> = /* @__PURE__ */ definePrimitive<DotDimensions>({
  name: 'dot',
  strided: true,
  outputs(inputs, { contract, batch }) {
    const [x, y] = inputs as [ShapedType, ShapedType];
    if (x.dtype !== y.dtype) throw new DTypeError(`dot: expected one dtype, got ${showType(x)} and ${showType(y)}`);
    checkAccepted('dot', x.dtype, numbers);
    const pairs = (axes: DotDimensions['contract'], what: string) => {
      axes[0].forEach((a, i) => {
        const b = axes[1][i] as number;
        if (x.shape[a] !== y.shape[b]) {
          throw new ShapeError(
            `dot: ${what} axes must have equal sizes, got axis ${a} of ${showType(x)} and axis ${b} of ${showType(y)}`,
          );
        }
      });
    };
    pairs(contract, 'contracted');
    pairs(batch, 'batch');
    for (const side of [0, 1] as const) {
      const used = [...contract[side], ...batch[side]];
      if (new Set(used).size !== used.length)
        throw new ShapeError(`dot: expected each axis once, got axes ${showShape(used)}`);
    }
    const free = [
      ...pick(x.shape, freeAxes(x.shape.length, contract[0], batch[0])),
      ...pick(y.shape, freeAxes(y.shape.length, contract[1], batch[1])),
    ];
    return [{ shape: [...pick(x.shape, batch[0]), ...free], dtype: x.dtype }];
  },
  jvp(primals, [tx, ty], dimensions) {
    const [x, y] = primals as [NDArray, NDArray];
    const parts = [tx ? dot(tx, y, dimensions) : null, ty ? dot(x, ty, dimensions) : null];
    return { outputs: [dot(x, y, dimensions)], tangents: [sumTangents(parts)] };
  },
  transpose([ct], [x, y], dimensions) {
    if (!ct || !x || !y) return [null, null];
    refuseBilinear('dot', [x, y]);
    if (!isLinearOperand(y)) return [transposeOperand(ct, x, y, dimensions, 0), null];
    return [null, isLinearOperand(x) ? null : transposeOperand(ct, y, x, dimensions, 1)];
  },
  batch(_size, inputs, batched, { contract, batch }) {
    const [x, y] = inputs as [NDArray, NDArray];
    const shift = (axes: readonly number[], by: boolean | undefined) => (by ? axes.map((a) => a + 1) : axes);
    const dimensions: DotDimensions = {
      contract: [shift(contract[0], batched[0]), shift(contract[1], batched[1])],
      batch: [shift(batch[0], batched[0]), shift(batch[1], batched[1])],
    };
    if (batched[0] && batched[1]) {
      dimensions.batch = [
        [0, ...dimensions.batch[0]],
        [0, ...dimensions.batch[1]],
      ];
      return { outputs: [dot(x, y, dimensions)], batched: [true] };
    }
    const result = dot(x, y, dimensions);
    const lhsFree = x.ndim - contract[0].length - batch[0].length;
    return {
      outputs: [moveAxis(result, batched[0] ? batch[0].length : batch[0].length + lhsFree, 0)],
      batched: [true],
    };
  },
  lower: {
    reference: densified(({ inputs, params }) => {
      const [x, y] = inputs as [Layout, Layout];
      const axes = (pair: DotDimensions['contract']): [number[], number[]] => [[...pair[0]], [...pair[1]]];
      return dotKernel({
        lhs: x.shape,
        rhs: y.shape,
        contract: axes(params.contract),
        batch: axes(params.batch),
        dtype: x.dtype as NumericDtype,
      });
    }),
    wasm: (context) =>
      (isFloating((context.outputs[0] as ShapedType).dtype) ? productKernel : dotPrimitive.lower.reference)(context),
  },
});

/** The cotangent of operand `side` (0 or 1), whose partner is `other`. */
function transposeOperand(
  ct: NDArray,
  operand: ShapedType,
  other: NDArray,
  { contract, batch }: DotDimensions,
  side: 0 | 1,
) {
  const [own, partner] = side === 0 ? ([0, 1] as const) : ([1, 0] as const);
  const ownFree = freeAxes(operand.shape.length, contract[own], batch[own]);
  const otherFree = freeAxes(other.ndim, contract[partner], batch[partner]);
  const paired = batch[own].length;
  const ctOther = range(otherFree.length, side === 0 ? paired + ownFree.length : paired);
  const contractedAscending = [...contract[partner]].sort((a, b) => a - b);
  const contractedAxes = contractedAscending.map((a) => contract[own][contract[partner].indexOf(a)] as number);
  // Either order of the factors will do; one of them often yields the operand's axes in order.
  const freeFirst = [...batch[own], ...ownFree, ...contractedAxes];
  const contractedFirst = [...batch[own], ...contractedAxes, ...ownFree];
  const swap = contractedFirst.every((axis, i) => axis === i);
  const result = swap
    ? dot(other, ct, { contract: [otherFree, ctOther], batch: [batch[partner], range(paired)] })
    : dot(ct, other, { contract: [ctOther, otherFree], batch: [range(paired), batch[partner]] });
  const axes = swap ? contractedFirst : freeFirst;
  return transpose(
    result,
    axes.map((_, axis) => axes.indexOf(axis)),
  );
}

/** Sum of products over the contracted axes. The result's axes: batch, those left of `x`, those left of `y`. */
export function dot(x: NDArray, y: NDArray, { contract, batch }: DotDimensions): NDArray {
  return bind1(dotPrimitive, [x, y], { contract, batch });
}

/** Products of matrices in the last two axes; the axes in front must be equal. */
export function matmulBatched(x: NDArray, y: NDArray): NDArray {
  const pairs = range(x.ndim - 2);
  return dot(x, y, { contract: [[x.ndim - 1], [y.ndim - 2]], batch: [pairs, pairs] });
}

/** The common step of several axes taken as one, or null where they do not lie behind one another. */
function mergedStride(layout: Layout, axes: readonly number[]): number | null {
  const real = axes.filter((a) => layout.shape[a] !== 1);
  for (let i = 0; i + 1 < real.length; i++) {
    const inner = real[i + 1] as number;
    if (layout.strides[real[i] as number] !== (layout.strides[inner] as number) * (layout.shape[inner] as number))
      return null;
  }
  const last = real[real.length - 1];
  return last === undefined ? 0 : (layout.strides[last] as number);
}

interface Prepared {
  readonly matrix: MatrixLayout;
  readonly place: Place;
  /** Brings the operand into an order that the product can read. */
  readonly copies: readonly NativeStage[];
  readonly scratchBytes: number;
}

function prepareOperand(
  index: number,
  layout: Layout,
  axes: { batch: readonly number[]; rows: readonly number[]; columns: readonly number[] },
  scratchBytes: number,
): Prepared {
  const { batch, rows, columns } = axes;
  const [batchStride, rowStride, colStride] = [batch, rows, columns].map((list) => mergedStride(layout, list));
  const place = inputAt(index);
  if (batchStride != null && rowStride != null && colStride != null) {
    return { matrix: { offset: layout.offset, batchStride, rowStride, colStride }, place, copies: [], scratchBytes };
  }
  const order = [...batch, ...rows, ...columns];
  const n = sizeOf(pick(layout.shape, columns));
  const ordered: Layout = {
    dtype: layout.dtype,
    offset: layout.offset,
    shape: pick(layout.shape, order),
    strides: order.map((a) => layout.strides[a] as number),
  };
  const target = scratchAt(scratchBytes);
  const bytes = sizeOf(ordered.shape) * bytesPerElement(layout.dtype);
  return {
    matrix: { offset: 0, batchStride: n * sizeOf(pick(layout.shape, rows)), rowStride: n, colStride: 1 },
    place: target,
    copies: copyStages(ordered, place, target),
    scratchBytes: scratchBytes + 64 * Math.ceil((bytes + 16) / 64),
  };
}

/** Up to so many multiplications, a plain loop is faster than what native code needs around it. */
const tinyProduct = 128;

function productKernel(context: LoweringContext<DotDimensions>): NativeKernel | Kernel {
  const [x, y] = context.inputs as [Layout, Layout];
  const { contract, batch } = context.params;
  const xFree = freeAxes(x.shape.length, contract[0], batch[0]);
  const yFree = freeAxes(y.shape.length, contract[1], batch[1]);
  const sizes = {
    batch: sizeOf(pick(x.shape, batch[0])),
    m: sizeOf(pick(x.shape, xFree)),
    n: sizeOf(pick(y.shape, yFree)),
    k: sizeOf(pick(x.shape, contract[0])),
  };
  if (sizes.batch * sizes.m * sizes.n * sizes.k <= tinyProduct) return dotPrimitive.lower.reference(context);
  const a = prepareOperand(0, x, { batch: batch[0], rows: xFree, columns: contract[0] }, 0);
  const b = prepareOperand(1, y, { batch: batch[1], rows: contract[1], columns: yFree }, a.scratchBytes);
  const spec = { dtype: x.dtype as 'float32' | 'float64', ...sizes, a: a.matrix, b: b.matrix };
  const places = { a: a.place, b: b.place, out: outputAt(0), scratchBytes: b.scratchBytes };
  const { stages, ...memory } = product(spec, places);
  return {
    stages: [...a.copies, ...b.copies, ...stages],
    ...memory,
    scratchBytes: Math.max(b.scratchBytes, memory.scratchBytes ?? 0),
  };
}
