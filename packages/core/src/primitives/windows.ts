import type { TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import {
  denseLayout,
  type Layout,
  rowMajorStrides,
  type Shape,
  type ShapedType,
  showShape,
  sizeOf,
} from '../array/shape';
import { copyKernel, elementOffsets } from '../backends/strided';
import { smallestNative } from '../backends/wasm/native';
import { foldKernel } from '../backends/wasm/windows-kernel';
import { ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { definePrimitive, type Primitive } from './primitive';

export interface WindowParams {
  /** The axes that windows slide along. */
  readonly axes: readonly number[];
  /** One entry for each of these axes. */
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/** Positions of a window of `size` taps, `dilation` apart, along `n` elements. */
export function windowCount(n: number, size: number, stride: number, dilation: number): number {
  const span = (size - 1) * dilation + 1;
  return n < span ? 0 : Math.floor((n - span) / stride) + 1;
}

function windowLayout(input: Layout, { axes, size, stride, dilation }: WindowParams): Layout {
  const shape = [...input.shape];
  const strides = [...input.strides];
  axes.forEach((axis, i) => {
    shape[axis] = windowCount(shape[axis] as number, size[i] as number, stride[i] as number, dilation[i] as number);
    strides[axis] = (input.strides[axis] as number) * (stride[i] as number);
  });
  const taps = axes.map((axis, i) => (input.strides[axis] as number) * (dilation[i] as number));
  return { dtype: input.dtype, offset: input.offset, shape: [...shape, ...size], strides: [...strides, ...taps] };
}

function shifted({ axes, size, stride, dilation }: WindowParams, batched: boolean): WindowParams {
  return { axes: batched ? axes.map((a) => a + 1) : axes, size, stride, dilation };
}

const windowsPrimitive: Primitive<WindowParams> = /* @__PURE__ */ definePrimitive<WindowParams>({
  name: 'windows',
  strided: true,
  outputs([x], params) {
    const { shape, dtype } = x as ShapedType;
    params.axes.forEach((axis, i) => {
      const span = ((params.size[i] as number) - 1) * (params.dilation[i] as number) + 1;
      if ((shape[axis] as number) < span) {
        throw new ShapeError(
          `windows: a window of ${span} does not fit in axis ${axis} of ${showShape(shape)}; pad first`,
        );
      }
    });
    return [{ shape: windowLayout({ shape, dtype, strides: shape.map(() => 0), offset: 0 }, params).shape, dtype }];
  },
  jvp: ([x], [t], params) => ({ outputs: [windows(x as NDArray, params)], tangents: [t ? windows(t, params) : null] }),
  transpose: ([ct], [x], params) => [ct && x ? fold(ct, x.shape, params) : null],
  batch: (_size, [x], [batched], params) => ({
    outputs: [windows(x as NDArray, shifted(params, batched === true))],
    batched: [batched === true],
  }),
  view: windowLayout,
  lower: { reference: ({ inputs, params }) => copyKernel(windowLayout(inputs[0] as Layout, params)) },
});

/** Sliding windows: the given axes count window positions, and the taps of each window are axes at the end. */
export function windows(x: NDArray, params: WindowParams): NDArray {
  return bind1(windowsPrimitive, [x], params);
}

/** Each tap is a pass of the native code. */
const mostTaps = 128;

interface FoldParams extends WindowParams {
  readonly shape: Shape;
}

const foldPrimitive: Primitive<FoldParams> = /* @__PURE__ */ definePrimitive<FoldParams>({
  name: 'fold',
  strided: true,
  outputs: ([x], { shape }) => [{ shape, dtype: (x as ShapedType).dtype }],
  jvp: ([x], [t], params) => {
    const apply = (v: NDArray) => bind1(foldPrimitive, [v], params);
    return { outputs: [apply(x as NDArray)], tangents: [t ? apply(t) : null] };
  },
  transpose: ([ct], _operands, params) => [ct ? windows(ct, shifted(params, false)) : null],
  batch: (size, [x], [batched], params) => ({
    outputs: [fold(x as NDArray, batched ? [size, ...params.shape] : params.shape, shifted(params, batched === true))],
    batched: [batched === true],
  }),
  lower: {
    reference({ inputs, outputs, params }) {
      const { shape, dtype } = outputs[0] as ShapedType;
      const from = elementOffsets(inputs[0] as Layout);
      const to = elementOffsets(windowLayout({ shape, dtype, strides: rowMajorStrides(shape), offset: 0 }, params));
      return ([x], [o]) => {
        const out = o as TypedArray;
        out.fill(0);
        for (let i = 0; i < from.length; i++) {
          const at = to[i] as number;
          out[at] = (out[at] as number) + ((x as TypedArray)[from[i] as number] as number);
        }
      };
    },
    wasm(context) {
      const { inputs, outputs, params } = context;
      const [input, output] = [inputs[0] as Layout, outputs[0] as ShapedType];
      const many = sizeOf(params.size) > mostTaps || sizeOf(input.shape) < smallestNative;
      if (many || output.dtype === 'bool') return foldPrimitive.lower.reference(context);
      return foldKernel(input, output, windowLayout(denseLayout(output), params), params.axes.length);
    },
  },
});

/** The transpose of `windows`: adds every tap back at the place it came from. */
export function fold(x: NDArray, shape: Shape, { axes, size, stride, dilation }: WindowParams): NDArray {
  return bind1(foldPrimitive, [x], { axes, size, stride, dilation, shape: [...shape] });
}
