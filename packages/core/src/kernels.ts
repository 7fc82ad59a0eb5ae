// Writing native kernels for the WASM backend: what `lower.wasm` of a primitive returns, and the assembler for its code.
// Lower-level than the rest of the package, and less stable: see docs/decisions/0015-kernels-of-other-packages.md.

export type {
  Code,
  Expr,
  FunctionRef,
  Label,
  Local,
  Operand,
  ResultType,
  Signature,
  Statement,
  ValueType,
} from './backends/wasm/assembler';
export {
  call,
  FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  ModuleBuilder,
  memory,
  select,
  tee,
  v128,
} from './backends/wasm/assembler';
export type {
  Features,
  NativeFunction,
  NativeKernel,
  NativeModule,
  NativeStage,
  Place,
  Word,
} from './backends/wasm/native';
export {
  inputAt,
  nativeSignature,
  outputAt,
  ownAt,
  partsFor,
  scratchAt,
  setGrain,
  smallestNative,
  WordNames,
} from './backends/wasm/native';
export { reader, smaller, split } from './backends/wasm/table-code';
