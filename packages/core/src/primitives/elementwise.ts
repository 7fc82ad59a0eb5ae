import { type DType, isInteger, type TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type ShapedType, sameShape, showType } from '../array/shape';
import { planRuns } from '../backends/strided';
import { DTypeError, ShapeError } from '../errors';
import { bind, bind1 } from '../trace/bind';
import { add } from './arithmetic';
import { broadcastUnbatched } from './broadcast';
import {
  type BatchResult,
  definePrimitive,
  isLinearOperand,
  type Kernel,
  type LoweringContext,
  type Primitive,
  type TransposeOperand,
} from './primitive';
import type { ScalarCode } from './scalar-code';

/** One run: `n` elements of the inputs from given positions on with given steps, to consecutive elements of the output. */
export type UnaryLoop = (n: number, x: TypedArray, i: number, di: number, o: TypedArray, k: number) => void;
export type BinaryLoop = (
  n: number,
  x: TypedArray,
  i: number,
  di: number,
  y: TypedArray,
  j: number,
  dj: number,
  o: TypedArray,
  k: number,
) => void;

export type UnaryOp<Rest extends unknown[] = []> = ((x: NDArray, ...rest: Rest) => NDArray) & { primitive: Primitive };
export type BinaryOp = ((x: NDArray, y: NDArray) => NDArray) & { primitive: Primitive };

type Rule<F> = F | 'nonDifferentiable';

interface ElementwiseSpec {
  name: string;
  /** Dtypes for which `scalar` holds. Default: all. */
  scalarFor?: readonly DType[];
  /** Accepted dtypes of the operands. */
  accepts: readonly DType[];
  /** Default: the dtype of the operands. */
  result?: DType;
}

type Typed = { readonly dtype: DType };

export interface UnarySpec extends ElementwiseSpec {
  /** For backends that generate code. */
  scalar?: <V extends Typed>(code: ScalarCode<V>, x: V) => V;
  loop: UnaryLoop;
  /** The tangent, linear in `t`; `y` is the result. */
  jvp: Rule<(t: NDArray, x: NDArray, y: NDArray) => NDArray>;
  transpose?: (ct: NDArray) => NDArray;
}

export interface BinarySpec extends ElementwiseSpec {
  /** For backends that generate code. */
  scalar?: <V extends Typed>(code: ScalarCode<V>, x: V, y: V) => V;
  unit?: Primitive['unit'];
  loop: BinaryLoop;
  /** For int32 and uint32, where it has to differ. */
  integerLoop?: BinaryLoop;
  jvp: Rule<{
    x: (t: NDArray, x: NDArray, y: NDArray, result: NDArray) => NDArray;
    y: (t: NDArray, x: NDArray, y: NDArray, result: NDArray) => NDArray;
  }>;
  /** Cotangents of the operands; an operand in which the operation is not linear right now is an array. */
  transpose?: (ct: NDArray, x: TransposeOperand, y: TransposeOperand) => [NDArray | null, NDArray | null];
}

/** Checks that operands agree and are accepted, and gives the result's type. */
function elementwiseType(spec: ElementwiseSpec, inputs: readonly ShapedType[]): ShapedType[] {
  const first = inputs[0] as ShapedType;
  for (const x of inputs) {
    if (!sameShape(x.shape, first.shape)) {
      throw new ShapeError(`${spec.name}: expected operands of one shape, got ${inputs.map(showType).join(' and ')}`);
    }
    if (x.dtype !== first.dtype) {
      throw new DTypeError(`${spec.name}: expected operands of one dtype, got ${inputs.map(showType).join(' and ')}`);
    }
    checkAccepted(spec.name, x.dtype, spec.accepts);
  }
  return [{ shape: first.shape, dtype: spec.result ?? first.dtype }];
}

export function checkAccepted(name: string, dtype: DType, accepts: readonly DType[]): void {
  if (accepts.includes(dtype)) return;
  throw new DTypeError(`${name}: expected ${accepts.join(' or ')}, got ${dtype}; convert with astype`);
}

/** Mapping an elementwise operation: unbatched operands are stretched along the mapped axis. */
export function batchElementwise(
  primitive: Primitive,
  size: number,
  inputs: NDArray[],
  batched: boolean[],
  params: object,
): BatchResult {
  const outputs = bind(primitive, broadcastUnbatched(size, inputs, batched), params);
  return { outputs, batched: outputs.map(() => true) };
}

export function unaryKernel(loop: UnaryLoop): (context: LoweringContext<object>) => Kernel {
  return ({ inputs, outputs }) => {
    const output = outputs[0] as ShapedType;
    const { length, count, steps, starts } = planRuns(output.shape, inputs);
    const [step] = steps as [number];
    const [start] = starts as [Int32Array];
    return ([x], [o]) => {
      for (let r = 0; r < count; r++)
        loop(length, x as TypedArray, start[r] as number, step, o as TypedArray, r * length);
    };
  };
}

function binaryKernel(loop: BinaryLoop): (context: LoweringContext<object>) => Kernel {
  return ({ inputs, outputs }) => {
    const output = outputs[0] as ShapedType;
    const { length, count, steps, starts } = planRuns(output.shape, inputs);
    const [dx, dy] = steps as [number, number];
    const [startX, startY] = starts as [Int32Array, Int32Array];
    return ([x, y], [o]) => {
      for (let r = 0; r < count; r++) {
        const i = startX[r] as number;
        const j = startY[r] as number;
        loop(length, x as TypedArray, i, dx, y as TypedArray, j, dy, o as TypedArray, r * length);
      }
    };
  };
}

export function notLinear(name: string): () => never {
  return () => {
    throw new DTypeError(`transpose: ${name} is not linear`);
  };
}

/** Refuses to transpose an operation in two operands in each of which it is linear. */
export function refuseBilinear(name: string, operands: readonly TransposeOperand[]): void {
  if (operands.every(isLinearOperand))
    throw new DTypeError(`transpose: ${name} is not linear in both operands together`);
}

export function unary(spec: UnarySpec): UnaryOp {
  const { name, jvp, transpose, scalar } = spec;
  const primitive: Primitive = definePrimitive({
    name,
    strided: true,
    elementwise: true,
    outputs: (inputs) => elementwiseType(spec, inputs),
    jvp([x], [t]) {
      const y = bind1(primitive, [x as NDArray], {});
      return { outputs: [y], tangents: [t && jvp !== 'nonDifferentiable' ? jvp(t, x as NDArray, y) : null] };
    },
    transpose: transpose ? ([ct]) => [ct ? transpose(ct) : null] : notLinear(name),
    batch: (size, inputs, batched, params) => batchElementwise(primitive, size, inputs, batched, params),
    lower: {
      reference: unaryKernel(spec.loop),
      ...(scalar && { scalar: (code, [x]) => scalar(code, x as NonNullable<typeof x>) }),
      scalarFor: spec.scalarFor,
    },
  });
  return Object.assign((x: NDArray) => bind1(primitive, [x], {}), { primitive });
}

export function binary(spec: BinarySpec): BinaryOp {
  const { name, jvp, transpose, scalar } = spec;
  const primitive: Primitive = definePrimitive({
    name,
    strided: true,
    elementwise: true,
    unit: spec.unit,
    outputs: (inputs) => elementwiseType(spec, inputs),
    jvp([x, y], [tx, ty]) {
      const primals = [x, y] as [NDArray, NDArray];
      const z = bind1(primitive, primals, {});
      if (jvp === 'nonDifferentiable') return { outputs: [z], tangents: [null] };
      const parts = [tx ? jvp.x(tx, ...primals, z) : null, ty ? jvp.y(ty, ...primals, z) : null];
      return { outputs: [z], tangents: [sumTangents(parts)] };
    },
    transpose: transpose
      ? ([ct], [x, y]) => (ct ? transpose(ct, x as TransposeOperand, y as TransposeOperand) : [null, null])
      : notLinear(name),
    batch: (size, inputs, batched, params) => batchElementwise(primitive, size, inputs, batched, params),
    lower: {
      reference: (context) => {
        const dtype = context.inputs[0]?.dtype as DType;
        return binaryKernel((isInteger(dtype) && spec.integerLoop) || spec.loop)(context);
      },
      ...(scalar && { scalar: (code, [x, y]) => scalar(code, x as NonNullable<typeof x>, y as NonNullable<typeof y>) }),
      scalarFor: spec.scalarFor,
    },
  });
  return Object.assign((x: NDArray, y: NDArray) => bind1(primitive, [x, y], {}), { primitive });
}

/** The sum of tangents, of which null ones are zero. */
export function sumTangents(parts: readonly (NDArray | null)[]): NDArray | null {
  return parts.reduce((sum, part) => (sum && part ? add(sum, part) : (sum ?? part)), null);
}
