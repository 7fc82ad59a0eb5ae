import type { DType, TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import type { Layout, ShapedType } from '../array/shape';
import type { NativeKernel } from '../backends/wasm/native';
import { internalError } from '../errors';
import type { Program } from '../program/program';
import type { LinearizeTrace } from '../trace/linearize-trace';
import type { ProgramTrace } from '../trace/program-trace';
import type { ScalarCode } from './scalar-code';

/** Runs one operation: reads the inputs' buffers and writes every element of the outputs' (dense, row-major) buffers. */
export type Kernel = (inputs: readonly TypedArray[], outputs: readonly TypedArray[]) => void;

/** What a reduction does with its elements. */
export type Reduction = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin';

/** What is known when an operation is compiled. */
export interface LoweringContext<P> {
  readonly inputs: readonly Layout[];
  readonly outputs: readonly ShapedType[];
  readonly params: P;
}

/** Stands for the input in which a linear operation is being transposed. */
export interface LinearOperand extends ShapedType {
  readonly linear: true;
}

/** An operand of a linear operation: its value, or the mark of an operand in which it is linear. */
export type TransposeOperand = NDArray | LinearOperand;

/** Whether an operand is the one in which the operation is being transposed. */
export function isLinearOperand(operand: TransposeOperand): operand is LinearOperand {
  return 'linear' in operand;
}

/** A null tangent or cotangent is a symbolic zero. */
export interface JvpResult {
  outputs: NDArray[];
  tangents: (NDArray | null)[];
}

/** What mapping an operation over an axis gives. */
export interface BatchResult {
  outputs: NDArray[];
  /** Whether each output carries the mapped axis (always axis 0). */
  batched: boolean[];
}

/**
 * One operation and all its rules. There is one place for an operation: how its shapes follow, how it is differentiated
 * forward, how its linear part is transposed, how it is mapped over a batch and how it runs. A missing rule is a type error.
 *
 * @typeParam P - the static parameters of the operation (axes, strides, ...); plain data.
 */
export interface PrimitiveDefinition<P extends object = object> {
  readonly name: string;

  /** The outputs' types; throws a readable error where the inputs do not fit. */
  outputs(inputs: readonly ShapedType[], params: P): ShapedType[];

  /**
   * The forward derivative (Jacobian times tangents), written with differentiable operations. `nonDifferentiable` for
   * operations that are constant almost everywhere or give whole numbers.
   */
  jvp(primals: NDArray[], tangents: (NDArray | null)[], params: P): JvpResult;

  /**
   * Transpose of the operation as a linear map of its linear operands: the cotangents of those operands, null elsewhere.
   * `notLinear` for operations that are never linear.
   */
  transpose(cotangents: (NDArray | null)[], operands: TransposeOperand[], params: P): (NDArray | null)[];

  /** The operation over inputs of which the marked ones carry a mapped axis of `size` in front. */
  batch(size: number, inputs: NDArray[], batched: boolean[], params: P): BatchResult;

  /**
   * How each backend runs the operation. `reference` is the oracle of the tests and the fallback of every other backend.
   * Inputs are dense unless `strided` is true.
   */
  readonly lower: {
    reference(context: LoweringContext<P>): Kernel;
    /** Native code, or a loop in JavaScript that is better than the reference. */
    wasm?(context: LoweringContext<P>): NativeKernel | Kernel;
    /** One element of each output of an elementwise operation, so that backends can fuse it with its neighbours. */
    scalar?<V extends { readonly dtype: DType }>(code: ScalarCode<V>, operands: readonly V[], params: P): V | V[];
    /** Dtypes of the outputs for which `scalar` holds. Default: all. */
    readonly scalarFor?: readonly DType[] | undefined;
    /** The operation reduces its operand over `params.axes`; backends can fuse it with what makes the operand. */
    readonly reduction?: Reduction;
  };

  /** The kernel takes inputs of any layout (broadcast, transposed, sliced) without a copy. */
  readonly strided?: boolean;
  /** Output element i depends on elements i of the inputs alone, so the output may take an input's buffer. */
  readonly elementwise?: boolean;
  /** Where this operand (the second, or either) is 1 all over, the result is the other one. */
  readonly unit?: 'second' | 'either' | undefined;
  /** The operation only moves or repeats elements of its single input: what is true of a parameter stays true of the result. */
  readonly relayout?: boolean;
  /** The output as another layout of the input's buffer, or null where it has to be copied. */
  view?(input: Layout, params: P): Layout | null;

  /** The program that a call stands for; backends may inline it. */
  body?(params: P): Program | null;
  /** The derivative is not that of the body. */
  readonly ownDerivative?: boolean;
  /** Instead of running a program of this operation alone: for operations that hold JavaScript functions. */
  evaluate?(inputs: NDArray[], params: P): NDArray[];
  /** Instead of recording the operation as it is. */
  stage?(trace: ProgramTrace, inputs: NDArray[], params: P): NDArray[];
  /** Instead of recording the tangents that `jvp` computes. */
  linearize?(trace: LinearizeTrace, primals: NDArray[], tangents: (NDArray | null)[], params: P): JvpResult;
}

/** An operation made by `definePrimitive`. */
export interface Primitive<P extends object = object> extends PrimitiveDefinition<P> {
  /** Distinguishes primitives of the same name. */
  readonly id: number;
}

/** For operations with a body: backends never see them. */
export function alwaysInlined(): never {
  throw internalError('a call reached a backend');
}

let defined = 0;

/**
 * Makes a new operation that every transform and backend works on. Apply it with `bind(primitive, inputs, params)`.
 *
 * Keep the result in a module-level constant: programs are cached by the primitive's identity.
 */
export function definePrimitive<P extends object = object>(definition: PrimitiveDefinition<P>): Primitive<P> {
  return { ...definition, id: defined++ };
}
