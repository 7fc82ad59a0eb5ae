export type { DType, TypedArray } from './array/dtype';
export { promoteDTypes } from './array/dtype';
export type { ArrayLike, NestedArray } from './array/ndarray';
export { NDArray } from './array/ndarray';
export type { Layout, Shape, ShapedType } from './array/shape';
export type { MemoryUse } from './backends/backend';
export type { BackendName, InitOptions } from './backends/current';
export { init, memory } from './backends/current';
export {
  ArgumentError,
  BackendError,
  ConcretizationError,
  DifferentiationError,
  DonatedArrayError,
  DTypeError,
  ForbackError,
  FormatError,
  LeakedTracerError,
  ShapeError,
  TreeError,
} from './errors';
export * as io from './io';
export * as linalg from './linalg';
export type { ApplyOptions, Initializer, Layer, ParamsOf, StatefulLayer, StateOf } from './nn';
export * as nn from './nn';
export * as np from './numpy';
export { array } from './numpy/creation';
export type { GradientTransform, Schedule, StepSchedule } from './optim';
export * as optim from './optim';
export { convPrimitive } from './primitives/convolution';
export { dotPrimitive } from './primitives/dot';
export type {
  BatchResult,
  JvpResult,
  Kernel,
  LinearOperand,
  LoweringContext,
  Primitive,
  PrimitiveDefinition,
  TransposeOperand,
} from './primitives/primitive';
export { definePrimitive, isLinearOperand } from './primitives/primitive';
export { showProgram } from './program/print';
export type { Atom, ClosedProgram, Equation, Literal, Origin, Program, SourceEquation, Var } from './program/program';
export type { LinearEquation, TransposeRule } from './program/transpose';
export * as random from './random';
export { bind } from './trace/bind';
export { checkpoint } from './transforms/checkpoint';
export { customJvp, customVjp } from './transforms/custom';
export { hessian, hvp, jacfwd, jacrev } from './transforms/derivatives';
export type { GradOptions } from './transforms/grad';
export { grad, valueAndGrad } from './transforms/grad';
export type { JitOptions } from './transforms/jit';
export { jit } from './transforms/jit';
export { jvp } from './transforms/jvp';
export { linearTranspose } from './transforms/linear-transpose';
export { linearize } from './transforms/linearize';
export { makeProgram, printProgram, printStages } from './transforms/print-program';
export { stopGradient } from './transforms/stop-gradient';
export type { VjpOptions } from './transforms/vjp';
export { vjp } from './transforms/vjp';
export type { MappedAxis, VmapOptions } from './transforms/vmap';
export { vmap } from './transforms/vmap';
export * as tree from './tree';
