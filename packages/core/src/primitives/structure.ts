import type { TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import {
  type Layout,
  rowMajorStrides,
  type Shape,
  type ShapedType,
  sameShape,
  showShape,
  showType,
  sizeOf,
} from '../array/shape';
import { copyKernel, elementOffsets } from '../backends/strided';
import { concatenateKernel, padKernel } from '../backends/wasm/concatenate-kernel';
import { smallestNative } from '../backends/wasm/native';
import { DTypeError, ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { broadcastUnbatched, fillLike } from './broadcast';
import { definePrimitive, isLinearOperand, type Primitive } from './primitive';

// Operations that only move elements: slice, pad, concatenate, flip.

interface SliceParams {
  start: readonly number[];
  stop: readonly number[];
  step: readonly number[];
}

function sliceLayout(input: Layout, { start, stop, step }: SliceParams): Layout {
  return {
    dtype: input.dtype,
    shape: start.map((s, i) => Math.max(0, Math.ceil(((stop[i] as number) - s) / (step[i] as number)))),
    strides: input.strides.map((s, i) => s * (step[i] as number)),
    offset: input.offset + start.reduce((sum, s, i) => sum + s * (input.strides[i] as number), 0),
  };
}

const slicePrimitive: Primitive<SliceParams> = /* @__PURE__ */ definePrimitive<SliceParams>({
  name: 'slice',
  strided: true,
  outputs([x], params) {
    const { shape, dtype } = x as ShapedType;
    const { start, stop, step } = params;
    shape.forEach((n, i) => {
      const [a, b, s] = [start[i] as number, stop[i] as number, step[i] as number];
      if (!(a >= 0 && a <= b && b <= n && s >= 1)) {
        throw new ShapeError(`slice: [${a}, ${b}) in steps of ${s} does not lie in axis ${i} of ${showShape(shape)}`);
      }
    });
    return [{ shape: sliceLayout({ shape, dtype, strides: shape.map(() => 0), offset: 0 }, params).shape, dtype }];
  },
  jvp([x], [t], params) {
    const apply = (v: NDArray) => bind1(slicePrimitive, [v], params);
    return { outputs: [apply(x as NDArray)], tangents: [t ? apply(t) : null] };
  },
  transpose([ct], [x], { start, step }) {
    if (!ct || !x) return [null];
    const interior = step.map((s) => s - 1);
    const high = x.shape.map((n, i) => {
      const length = ct.shape[i] as number;
      return n - (start[i] as number) - (length === 0 ? 0 : (length - 1) * (step[i] as number) + 1);
    });
    return [pad(ct, { low: start, high, interior, value: 0 })];
  },
  batch(size, [x], [batched], { start, stop, step }) {
    const params = batched
      ? { start: [0, ...start], stop: [size, ...stop], step: [1, ...step] }
      : { start, stop, step };
    return { outputs: [bind1(slicePrimitive, [x as NDArray], params)], batched: [batched as boolean] };
  },
  view: sliceLayout,
  lower: { reference: ({ inputs, params }) => copyKernel(sliceLayout(inputs[0] as Layout, params)) },
});

/** Elements from `start` to `stop` (excluded) in positive steps, on every axis. */
export function slice(x: NDArray, start: Shape, stop: Shape, step: Shape = start.map(() => 1)): NDArray {
  if (step.every((s) => s === 1) && start.every((s) => s === 0) && sameShape(stop, x.shape)) return x;
  return bind1(slicePrimitive, [x], { start: [...start], stop: [...stop], step: [...step] });
}

export interface PadParams {
  /** Elements in front of each axis. */
  low: readonly number[];
  /** Elements behind each axis. */
  high: readonly number[];
  /** Elements between any two neighbours of each axis. */
  interior: readonly number[];
  value: number;
}

const padPrimitive: Primitive<PadParams> = /* @__PURE__ */ definePrimitive<PadParams>({
  name: 'pad',
  strided: true,
  outputs([x], { low, high, interior }) {
    const { shape, dtype } = x as ShapedType;
    if ([...low, ...high, ...interior].some((n) => n < 0)) {
      throw new ShapeError(`pad: expected widths of 0 or more, got ${showShape(low)} and ${showShape(high)}`);
    }
    const padded = shape.map((n, i) => {
      const spread = n + Math.max(0, n - 1) * (interior[i] as number);
      return (low[i] as number) + spread + (high[i] as number);
    });
    return [{ shape: padded, dtype }];
  },
  jvp([x], [t], params) {
    const tangent = t ? pad(t, { ...params, value: 0 }) : null;
    return { outputs: [pad(x as NDArray, params)], tangents: [tangent] };
  },
  transpose([ct], [x], { low, interior }) {
    if (!ct || !x) return [null];
    const step = interior.map((n) => n + 1);
    const stop = x.shape.map((n, i) => (low[i] as number) + (n === 0 ? 0 : (n - 1) * (step[i] as number) + 1));
    return [slice(ct, low, stop, step)];
  },
  batch(_size, [x], [batched], { low, high, interior, value }) {
    const params = batched
      ? { low: [0, ...low], high: [0, ...high], interior: [0, ...interior], value }
      : { low, high, interior, value };
    return { outputs: [bind1(padPrimitive, [x as NDArray], params)], batched: [batched as boolean] };
  },
  lower: {
    reference({ inputs, outputs, params }) {
      const from = elementOffsets(inputs[0] as Layout);
      const to = elementOffsets(paddedLayout(inputs[0] as Layout, outputs[0] as ShapedType, params));
      return ([x], [o]) => {
        (o as TypedArray).fill(params.value);
        for (let i = 0; i < from.length; i++)
          (o as TypedArray)[to[i] as number] = (x as TypedArray)[from[i] as number] as number;
      };
    },
    wasm(context) {
      const [input, output] = [context.inputs[0] as Layout, context.outputs[0] as ShapedType];
      if (sizeOf(output.shape) < smallestNative) return padPrimitive.lower.reference(context);
      return padKernel(input, output, paddedLayout(input, output, context.params), context.params.value);
    },
  },
});

/** Where the elements of the input lie in the output. */
function paddedLayout({ dtype, shape }: ShapedType, output: ShapedType, { low, interior }: PadParams): Layout {
  const steps = rowMajorStrides(output.shape);
  return {
    dtype,
    shape,
    strides: steps.map((s, i) => s * ((interior[i] as number) + 1)),
    offset: steps.reduce((sum, s, i) => sum + s * (low[i] as number), 0),
  };
}

/** Surrounds (and with `interior` spreads) the elements with a constant. */
export function pad(x: NDArray, params: PadParams): NDArray {
  if ([...params.low, ...params.high, ...params.interior].every((n) => n === 0)) return x;
  return bind1(padPrimitive, [x], { ...params });
}

interface AxisParams {
  axis: number;
}

const concatenatePrimitive: Primitive<AxisParams> = /* @__PURE__ */ definePrimitive<AxisParams>({
  name: 'concatenate',
  strided: true,
  outputs(inputs, { axis }) {
    const first = inputs[0];
    if (first === undefined) throw new ShapeError('concatenate: expected at least one array, got none');
    for (const x of inputs) {
      if (x.dtype !== first.dtype)
        throw new DTypeError(`concatenate: expected one dtype, got ${inputs.map(showType).join(', ')}`);
      if (x.shape.length !== first.shape.length || x.shape.some((n, i) => i !== axis && n !== first.shape[i])) {
        throw new ShapeError(
          `concatenate: expected shapes that agree outside axis ${axis}, got ${inputs.map(showType).join(', ')}`,
        );
      }
    }
    const total = inputs.reduce((n, x) => n + (x.shape[axis] as number), 0);
    return [{ shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype }];
  },
  jvp(primals, tangents, { axis }) {
    const tangent = tangents.some((t) => t !== null)
      ? concatenate(
          tangents.map((t, i) => t ?? fillLike(primals[i] as NDArray, 0)),
          axis,
        )
      : null;
    return { outputs: [concatenate(primals, axis)], tangents: [tangent] };
  },
  transpose([ct], operands, { axis }) {
    let at = 0;
    return operands.map((x) => {
      const from = at;
      at += x.shape[axis] as number;
      if (!ct || !isLinearOperand(x)) return null;
      return slice(
        ct,
        ct.shape.map((_, i) => (i === axis ? from : 0)),
        ct.shape.map((n, i) => (i === axis ? from + (x.shape[axis] as number) : n)),
      );
    });
  },
  batch(size, inputs, batched, { axis }) {
    return { outputs: [concatenate(broadcastUnbatched(size, inputs, batched), axis + 1)], batched: [true] };
  },
  lower: {
    reference({ inputs, outputs, params }) {
      const output = outputs[0] as ShapedType;
      const inner = sizeOf(output.shape.slice(params.axis + 1));
      const outer = sizeOf(output.shape.slice(0, params.axis));
      const row = inner * (output.shape[params.axis] as number);
      let column = 0;
      const parts = inputs.map((input) => {
        const length = inner * (input.shape[params.axis] as number);
        const part = { from: elementOffsets(input), length, column };
        column += length;
        return part;
      });
      return (arrays, [o]) => {
        parts.forEach(({ from, length, column: at }, index) => {
          copyBlock(arrays[index] as TypedArray, o as TypedArray, from, outer, length, row, at);
        });
      };
    },
    wasm(context) {
      const output = context.outputs[0] as ShapedType;
      if (sizeOf(output.shape) < smallestNative) return concatenatePrimitive.lower.reference(context);
      return concatenateKernel(context.inputs, output, context.params.axis);
    },
  },
});

function copyBlock(
  x: TypedArray,
  o: TypedArray,
  from: Int32Array,
  outer: number,
  length: number,
  row: number,
  column: number,
) {
  let i = 0;
  for (let r = 0; r < outer; r++) {
    const base = r * row + column;
    for (let c = 0; c < length; c++) o[base + c] = x[from[i++] as number] as number;
  }
}

/** Arrays one behind the other along an axis. */
export function concatenate(arrays: readonly NDArray[], axis: number): NDArray {
  return arrays.length === 1 ? (arrays[0] as NDArray) : bind1(concatenatePrimitive, arrays, { axis });
}

interface FlipParams {
  axes: readonly number[];
}

function flipLayout(input: Layout, { axes }: FlipParams): Layout {
  let offset = input.offset;
  const strides = input.strides.map((s, i) => {
    const n = input.shape[i] as number;
    if (!axes.includes(i) || n === 0) return s;
    offset += s * (n - 1);
    return -s;
  });
  return { ...input, strides, offset };
}

const flipPrimitive: Primitive<FlipParams> = /* @__PURE__ */ definePrimitive<FlipParams>({
  name: 'flip',
  relayout: true,
  strided: true,
  outputs: ([x]) => [{ shape: (x as ShapedType).shape, dtype: (x as ShapedType).dtype }],
  jvp: ([x], [t], { axes }) => ({ outputs: [flip(x as NDArray, axes)], tangents: [t ? flip(t, axes) : null] }),
  transpose: ([ct], _operands, { axes }) => [ct ? flip(ct, axes) : null],
  batch: (_size, [x], [batched], { axes }) => ({
    outputs: [flip(x as NDArray, batched ? axes.map((a) => a + 1) : axes)],
    batched: [batched as boolean],
  }),
  view: flipLayout,
  lower: { reference: ({ inputs, params }) => copyKernel(flipLayout(inputs[0] as Layout, params)) },
});

/** The order of the elements reversed along axes. */
export function flip(x: NDArray, axes: readonly number[]): NDArray {
  return axes.length === 0 ? x : bind1(flipPrimitive, [x], { axes: [...axes] });
}
