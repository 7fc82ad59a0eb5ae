import { type DType, dtypes, isFloating, limitsOf, numbers, type TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { dropAxes, range, type Shape, type ShapedType, showType, sizeOf } from '../array/shape';
import { elementOffsets, planRuns, splitLayout } from '../backends/strided';
import { type NativeKernel, smallestNative } from '../backends/wasm/native';
import { reduceKernel } from '../backends/wasm/reduce-kernel';
import { ShapeError } from '../errors';
import { newVar, type Program } from '../program/program';
import { bind1 } from '../trace/bind';
import { jvpFlat } from '../transforms/jvp-flat';
import { div, mul } from './arithmetic';
import { broadcastInDim } from './broadcast';
import { cast } from './cast';
import { equal } from './compare';
import { checkAccepted, notLinear } from './elementwise';
import { definePrimitive, type Kernel, type LoweringContext, type Primitive, type Reduction } from './primitive';
import { prodByHalves } from './scan-products';

interface ReduceParams {
  /** Ascending. */
  axes: readonly number[];
}

function batchReduction(primitive: Primitive<ReduceParams>, x: NDArray, batched: boolean, axes: readonly number[]) {
  const shifted = batched ? axes.map((a) => a + 1) : axes;
  return { outputs: [bind1(primitive, [x], { axes: shifted })], batched: [batched] };
}

/** Spreads a reduced array over the axes that were reduced. */
export function unreduce(y: NDArray, shape: Shape, axes: readonly number[]): NDArray {
  return broadcastInDim(
    y,
    shape,
    range(shape.length).filter((a) => !axes.includes(a)),
  );
}

function nativeReduction(reduction: Reduction, loop: (context: LoweringContext<ReduceParams>) => Kernel) {
  return (context: LoweringContext<ReduceParams>): NativeKernel | Kernel => {
    const input = newVar(context.inputs[0] as ShapedType);
    if (sizeOf(input.shape) < smallestNative) return loop(context);
    const itself: Program = { inputs: [input], equations: [], outputs: [input] };
    return reduceKernel(reduction, itself, context.inputs, context.params.axes);
  };
}

/** Sums in double precision, in row-major order. */
function sumKernel({ inputs, outputs, params }: LoweringContext<ReduceParams>): Kernel {
  const layout = inputs[0] as (typeof inputs)[number];
  const { kept, dropped } = splitLayout(layout, params.axes);
  const starts = elementOffsets(kept);
  const runs = planRuns(dropped.shape, [dropped]);
  const offsets = runs.starts[0] as Int32Array;
  const step = runs.steps[0] as number;
  const { length, count } = runs;
  const wholeRows = !isFloating((outputs[0] as ShapedType).dtype)
    ? null
    : columnSum(layout.shape, layout.strides, params.axes);
  if (wholeRows) return ([x], [o]) => wholeRows(x as TypedArray, o as TypedArray, layout.offset);
  return ([x], [o]) => {
    for (let k = 0; k < starts.length; k++) {
      (o as TypedArray)[k] = sumRuns(x as TypedArray, starts[k] as number, offsets, count, length, step);
    }
  };
}

function sumRuns(
  x: TypedArray,
  start: number,
  offsets: Int32Array,
  count: number,
  length: number,
  step: number,
): number {
  let total = 0;
  for (let r = 0; r < count; r++) {
    let at = start + (offsets[r] as number);
    for (let n = length; n > 0; n--, at += step) total += x[at] as number;
  }
  return total;
}

/** Sum over the first axes of a dense array: row by row into an accumulator, instead of with a large step. */
function columnSum(shape: Shape, strides: readonly number[], axes: readonly number[]) {
  const leading = axes.length > 0 && axes.every((a, i) => a === i) && axes.length < shape.length;
  const columns = sizeOf(shape.slice(axes.length));
  const rows = sizeOf(shape.slice(0, axes.length));
  const dense = strides.every((s, i) => shape[i] === 1 || s === sizeOf(shape.slice(i + 1)));
  if (!leading || !dense) return null;
  const accumulator = new Float64Array(columns);
  return (x: TypedArray, o: TypedArray, offset: number) => {
    accumulator.fill(0);
    for (let r = 0, at = offset; r < rows; r++) {
      for (let c = 0; c < columns; c++) accumulator[c] = (accumulator[c] as number) + (x[at++] as number);
    }
    o.set(accumulator);
  };
}

const sumPrimitive: Primitive<ReduceParams> = /* @__PURE__ */ definePrimitive<ReduceParams>({
  name: 'sum',
  strided: true,
  outputs([x], { axes }) {
    const { shape, dtype } = x as ShapedType;
    checkAccepted('sum', dtype, numbers);
    return [{ shape: dropAxes(shape, axes), dtype }];
  },
  jvp: ([x], [t], { axes }) => ({ outputs: [sum(x as NDArray, axes)], tangents: [t ? sum(t, axes) : null] }),
  transpose: ([ct], [x], { axes }) => [ct && x ? unreduce(ct, x.shape, axes) : null],
  batch: (_size, [x], [batched], { axes }) => batchReduction(sumPrimitive, x as NDArray, batched as boolean, axes),
  lower: { reference: sumKernel, wasm: nativeReduction('sum', sumKernel), reduction: 'sum' },
});

/** Sum over axes; 0 of nothing. */
export function sum(x: NDArray, axes: readonly number[]): NDArray {
  return axes.length === 0 ? x : bind1(sumPrimitive, [x], { axes: [...axes] });
}

/** A kernel that folds the elements of each group from left to right. */
function foldKernel(initial: (dtype: DType) => number, step: (a: number, b: number, integer: boolean) => number) {
  return ({ inputs, params }: LoweringContext<ReduceParams>): Kernel => {
    const layout = inputs[0] as (typeof inputs)[number];
    const integer = !isFloating(layout.dtype);
    const { kept, dropped } = splitLayout(layout, params.axes);
    const starts = elementOffsets(kept);
    const offsets = elementOffsets(dropped);
    const first = initial(layout.dtype);
    return ([input], [o]) => {
      const x = input as TypedArray;
      for (let k = 0; k < starts.length; k++) {
        const start = starts[k] as number;
        let value = first;
        for (let i = 0; i < offsets.length; i++)
          value = step(value, x[start + (offsets[i] as number)] as number, integer);
        (o as TypedArray)[k] = value;
      }
    };
  };
}

const prodKernel = /* @__PURE__ */ foldKernel(
  () => 1,
  (a, b, integer) => (integer ? Math.imul(a, b) : a * b),
);

const prodPrimitive: Primitive<ReduceParams> = /* @__PURE__ */ definePrimitive<ReduceParams>({
  name: 'prod',
  strided: true,
  outputs([x], { axes }) {
    const { shape, dtype } = x as ShapedType;
    checkAccepted('prod', dtype, numbers);
    return [{ shape: dropAxes(shape, axes), dtype }];
  },
  // Through a tree of products, which is right where factors are 0 and to any order.
  jvp([x], tangents, { axes }) {
    const { tangents: out } = jvpFlat(([v]) => [prodByHalves(v as NDArray, axes)], [x as NDArray], tangents);
    return { outputs: [prod(x as NDArray, axes)], tangents: out };
  },
  transpose: notLinear('prod'),
  batch: (_size, [x], [batched], { axes }) => batchReduction(prodPrimitive, x as NDArray, batched as boolean, axes),
  lower: { reference: prodKernel, wasm: nativeReduction('prod', prodKernel), reduction: 'prod' },
});

/** Product over axes; 1 of nothing. */
export function prod(x: NDArray, axes: readonly number[]): NDArray {
  return axes.length === 0 ? x : bind1(prodPrimitive, [x], { axes: [...axes] });
}

function extremum(
  name: 'reduceMax' | 'reduceMin',
  worst: (dtype: DType) => number,
  best: (a: number, b: number) => number,
) {
  const reduction = name === 'reduceMax' ? 'max' : 'min';
  const fold = foldKernel(worst, (a, b) => best(a, b));
  const primitive: Primitive<ReduceParams> = /* @__PURE__ */ definePrimitive<ReduceParams>({
    name,
    strided: true,
    outputs([x], { axes }) {
      const { shape, dtype } = x as ShapedType;
      checkAccepted(name, dtype, dtypes);
      const reduced = dropAxes(shape, axes);
      if (sizeOf(shape) === 0 && sizeOf(reduced) > 0) {
        throw new ShapeError(`${name}: ${showType(x as ShapedType)} has no elements to take the extremum of`);
      }
      return [{ shape: reduced, dtype }];
    },
    // Elements that tie share the derivative equally.
    jvp([x], [t], { axes }) {
      const input = x as NDArray;
      const y = bind1(primitive, [input], { axes });
      if (!t) return { outputs: [y], tangents: [null] };
      const hit = cast(equal(input, unreduce(y, input.shape, axes)), input.dtype);
      return { outputs: [y], tangents: [div(sum(mul(t, hit), axes), sum(hit, axes))] };
    },
    transpose: notLinear(name),
    batch: (_size, [x], [batched], { axes }) => batchReduction(primitive, x as NDArray, batched as boolean, axes),
    lower: { reference: fold, wasm: nativeReduction(reduction, fold), reduction },
  });
  return (x: NDArray, axes: readonly number[]): NDArray =>
    axes.length === 0 ? x : bind1(primitive, [x], { axes: [...axes] });
}

/** The largest element over axes (any, for bool); NaN if one is NaN. */
export const reduceMax = /* @__PURE__ */ extremum('reduceMax', (dtype) => limitsOf(dtype)[0], Math.max);

/** The smallest element over axes (all, for bool); NaN if one is NaN. */
export const reduceMin = /* @__PURE__ */ extremum('reduceMin', (dtype) => limitsOf(dtype)[1], Math.min);

function positionKernel(sign: number) {
  return ({ inputs, params }: LoweringContext<ReduceParams>): Kernel => {
    const layout = inputs[0] as (typeof inputs)[number];
    const { kept, dropped } = splitLayout(layout, params.axes);
    const starts = elementOffsets(kept);
    const offsets = elementOffsets(dropped);
    return ([input], [o]) => {
      const x = input as TypedArray;
      for (let k = 0; k < starts.length; k++) {
        const start = starts[k] as number;
        let best = 0;
        let value = x[start] as number;
        for (let i = 1; i < offsets.length && value === value; i++) {
          const candidate = x[start + (offsets[i] as number)] as number;
          if (sign * candidate > sign * value || candidate !== candidate) {
            best = i;
            value = candidate;
          }
        }
        (o as TypedArray)[k] = best;
      }
    };
  };
}

function positionOf(name: 'argmax' | 'argmin') {
  const loop = positionKernel(name === 'argmax' ? 1 : -1);
  const primitive: Primitive<ReduceParams> = /* @__PURE__ */ definePrimitive<ReduceParams>({
    name,
    strided: true,
    outputs([x], { axes }) {
      const { shape } = x as ShapedType;
      const axis = axes[0] as number;
      if (shape[axis] === 0) throw new ShapeError(`${name}: axis ${axis} of ${showType(x as ShapedType)} is empty`);
      return [{ shape: dropAxes(shape, axes), dtype: 'int32' }];
    },
    jvp: ([x], _tangents, params) => ({ outputs: [bind1(primitive, [x as NDArray], params)], tangents: [null] }),
    transpose: notLinear(name),
    batch: (_size, [x], [batched], { axes }) => batchReduction(primitive, x as NDArray, batched as boolean, axes),
    lower: { reference: loop, wasm: nativeReduction(name, loop), reduction: name },
  });
  return (x: NDArray, axis: number): NDArray => bind1(primitive, [x], { axes: [axis] });
}

/** Position of the first largest element along an axis, as int32; the first NaN if there is one. */
export const argmax = /* @__PURE__ */ positionOf('argmax');

/** Position of the first smallest element along an axis, as int32; the first NaN if there is one. */
export const argmin = /* @__PURE__ */ positionOf('argmin');
