import { type DType, floats } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type Shape, type ShapedType, showType, sizeOf } from '../array/shape';
import {
  convInputGradientKernel,
  convKernel,
  convWeightGradientKernel,
} from '../backends/reference/kernels/convolution';
import {
  type Convolution,
  type ConvolutionSpec,
  convForward,
  convInputGradient,
  convWeightGradient,
} from '../backends/wasm/convolution';
import { DTypeError } from '../errors';
import { bind1 } from '../trace/bind';
import { broadcastUnbatched, fill } from './broadcast';
import { checkAccepted, refuseBilinear, sumTangents } from './elementwise';
import { definePrimitive, isLinearOperand, type Kernel, type Primitive } from './primitive';
import { reshape } from './reshape';
import { moveAxis } from './transpose';

export interface ConvolutionParams {
  /** One entry for each spatial axis, in all of these. */
  readonly stride: readonly number[];
  /** Zeros in front of and behind each spatial axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

interface Shapes extends ConvolutionParams {
  /** [n, c, ...spatial] */
  readonly input: Shape;
  /** [o, c / groups, ...kernel] */
  readonly weight: Shape;
  /** [n, o, ...out] */
  readonly output: Shape;
}

// Convolution is one trilinear form T(x, w, y) = Σ conv(x, w) · y of an input, weights and an output. Each primitive
// below is its derivative in one of the three. It is bilinear in the other two, so the transposes are one another.

type Part = 'input' | 'weight' | 'output';
type Operands = Partial<Record<Part, NDArray>>;

/** The operands of the primitive that yields each part. */
const operandsOf: Record<Part, readonly [Part, Part]> = {
  output: ['input', 'weight'],
  input: ['output', 'weight'],
  weight: ['input', 'output'],
};

/** Up to so many multiplications, a plain loop is faster than what native code needs around it. */
const tinyConvolution = 256;

function contraction(
  name: string,
  result: Part,
  reference: (spec: Shapes) => Kernel,
  wasm: (spec: ConvolutionSpec) => Convolution,
): Primitive<Shapes> {
  const [first, second] = operandsOf[result];
  const primitive: Primitive<Shapes> = /* @__PURE__ */ definePrimitive<Shapes>({
    name,
    outputs(inputs, shapes) {
      const [x, y] = inputs as [ShapedType, ShapedType];
      if (x.dtype !== y.dtype)
        throw new DTypeError(`${name}: expected one dtype, got ${showType(x)} and ${showType(y)}`);
      checkAccepted(name, x.dtype, floats);
      return [{ shape: shapes[result], dtype: x.dtype }];
    },
    jvp(primals, [ta, tb], shapes) {
      const [a, b] = primals as [NDArray, NDArray];
      const apply = (u: NDArray, v: NDArray) => bind1(primitive, [u, v], shapes);
      const tangent = sumTangents([ta ? apply(ta, b) : null, tb ? apply(a, tb) : null]);
      return { outputs: [apply(a, b)], tangents: [tangent] };
    },
    transpose([ct], [a, b], shapes) {
      if (!ct || !a || !b) return [null, null];
      refuseBilinear(name, [a, b]);
      if (!isLinearOperand(b)) return [contract(first, { [result]: ct, [second]: b }, shapes), null];
      return [null, isLinearOperand(a) ? null : contract(second, { [result]: ct, [first]: a }, shapes)];
    },
    batch(size, inputs, batched, shapes) {
      const operands = { [first]: inputs[0] as NDArray, [second]: inputs[1] as NDArray };
      const mapped = { [first]: batched[0], [second]: batched[1] };
      return { outputs: [batchContraction(result, size, operands, mapped, shapes)], batched: [true] };
    },
    lower: {
      reference: ({ params }) => reference(params),
      wasm: ({ outputs, params }) => {
        const { output, weight } = params;
        const tiny = sizeOf(output) * sizeOf(weight.slice(1)) <= tinyConvolution;
        return tiny ? reference(params) : wasm(planarSpec(params, (outputs[0] as ShapedType).dtype));
      },
    },
  });
  return primitive;
}

const primitives: Record<Part, Primitive<Shapes>> = {
  output: /* @__PURE__ */ contraction('conv', 'output', convKernel, convForward),
  input: /* @__PURE__ */ contraction('convInputGradient', 'input', convInputGradientKernel, convInputGradient),
  weight: /* @__PURE__ */ contraction('convWeightGradient', 'weight', convWeightGradientKernel, convWeightGradient),
};

/** Convolution, as a rule for `transpose` meets it. Operands: input, weights. */
export const convPrimitive = primitives.output;

function contract(result: Part, operands: Operands, shapes: Shapes): NDArray {
  const [first, second] = operandsOf[result];
  return bind1(primitives[result], [operands[first] as NDArray, operands[second] as NDArray], shapes);
}

/**
 * Mapping a contraction. A mapped axis that the result and one operand share is folded into an axis they share in any
 * case: images into n, weights into o. Where both operands are mapped, each example becomes a group of its own.
 */
function batchContraction(
  result: Part,
  size: number,
  operands: Operands,
  mapped: Partial<Record<Part, boolean | undefined>>,
  shapes: Shapes,
): NDArray {
  if (size === 0) return fill(0, [0, ...shapes[result]], (operands[operandsOf[result][0]] as NDArray).dtype);
  const carries = (part: Part) => part === result || mapped[part] === true;
  if (!carries('weight') || (!carries('input') && shapes.groups === 1)) {
    // The axis to fold into: n is shared by input and output, o by weights and output.
    const along = carries('weight') ? { input: -1, weight: 0, output: 1 } : { input: 0, weight: -1, output: 0 };
    return foldAxis(result, size, operands, mapped, shapes, along);
  }
  if (!carries('output') && shapes.groups === 1) {
    return foldAxis(result, size, operands, mapped, shapes, { input: 1, weight: 1, output: -1 });
  }
  const [first, second] = operandsOf[result];
  const spread = broadcastUnbatched(
    size,
    [operands[first] as NDArray, operands[second] as NDArray],
    [mapped[first] === true, mapped[second] === true],
  );
  return foldAxis(
    result,
    size,
    { [first]: spread[0] as NDArray, [second]: spread[1] as NDArray },
    { [first]: true, [second]: true },
    { ...shapes, groups: shapes.groups * size },
    { input: 1, weight: 0, output: 1 },
  );
}

/** Folds the mapped axis of each part into its axis `along[part]` (−1: the part has no mapped axis) and back. */
function foldAxis(
  result: Part,
  size: number,
  operands: Operands,
  mapped: Partial<Record<Part, boolean | undefined>>,
  shapes: Shapes,
  along: Record<Part, number>,
): NDArray {
  const foldedShape = (part: Part) => shapes[part].map((n, axis) => (axis === along[part] ? n * size : n));
  const folded: Shapes = {
    ...shapes,
    input: foldedShape('input'),
    weight: foldedShape('weight'),
    output: foldedShape('output'),
  };
  const ready: Operands = {};
  for (const part of operandsOf[result]) {
    const operand = operands[part] as NDArray;
    ready[part] = mapped[part] ? reshape(moveAxis(operand, 0, along[part]), folded[part]) : operand;
  }
  const value = contract(result, ready, folded);
  const axis = along[result];
  const shape = shapes[result];
  return moveAxis(reshape(value, [...shape.slice(0, axis), size, ...shape.slice(axis)]), axis, 0);
}

/** One spatial axis is run as an image of height 1. */
function planarSpec(shapes: Shapes, dtype: DType): ConvolutionSpec {
  const planar = <T>(values: readonly T[], unit: T): [T, T] => [
    values.length < 2 ? unit : (values[0] as T),
    values[values.length - 1] as T,
  ];
  const [h, w] = planar(shapes.input.slice(2), 1);
  const [kh, kw] = planar(shapes.weight.slice(2), 1);
  const [oh, ow] = planar(shapes.output.slice(2), 1);
  const [strideH, strideW] = planar(shapes.stride, 1);
  const [dilationH, dilationW] = planar(shapes.dilation, 1);
  const [[padTop], [padLeft]] = planar<readonly [number, number]>(shapes.padding, [0, 0]);
  const [n, c] = shapes.input as [number, number];
  const o = shapes.weight[0] as number;
  return {
    dtype: dtype as 'float32' | 'float64',
    groups: shapes.groups,
    ...{ n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, dilationH, dilationW, padTop, padLeft },
  };
}

/** [n, o, ...out] from an input [n, c, ...spatial] and weights [o, c / groups, ...kernel]; shapes are checked by the caller. */
export function conv(input: NDArray, weight: NDArray, output: Shape, params: ConvolutionParams): NDArray {
  const { stride, padding, dilation, groups } = params;
  const shapes = { input: input.shape, weight: weight.shape, output, stride, padding, dilation, groups };
  return contract('output', { input, weight }, shapes);
}

/** The input that `conv` with these weights sends to a cotangent: its transpose in the input. */
export function convInputTranspose(output: NDArray, weight: NDArray, input: Shape, params: ConvolutionParams): NDArray {
  const { stride, padding, dilation, groups } = params;
  const shapes = { input, weight: weight.shape, output: output.shape, stride, padding, dilation, groups };
  return contract('input', { output, weight }, shapes);
}
