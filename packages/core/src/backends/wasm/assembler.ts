// A WebAssembly assembler. Expressions are values (bytes that leave one result on the stack); statements go into a
// function through its builder, and an expression is evaluated where the statement that uses it stands.
//
//   const module = new ModuleBuilder();
//   const axpy = module.function({ params: ['f32', 'f32', 'f32'], result: 'f32' }, (f, a, x, y) => {
//     f.return(f32.add(f32.mul(a, x), y));
//   });
//   module.export('axpy', axpy);
//   const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
//
// Instructions have the names of the WebAssembly specification in camelCase: `f32x4.add`, `v128.load32Splat`.

import { internalError } from '../../errors';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
export type ResultType = ValueType | 'void';

/** Instructions that leave one value of type T, or none when T is void. */
export interface Code<T extends ResultType> {
  readonly type: T;
  readonly bytes: readonly number[];
}

export type Expr<T extends ValueType> = Code<T>;
export type Statement = Code<'void'>;

/** An expression, or a literal of that type. */
export type Operand<T extends ValueType> = Expr<T> | Literal<T>;
type Literal<T extends ValueType> = T extends 'v128' ? never : T extends 'i64' ? bigint : number;

/** A parameter or variable of a function; as an expression, its value. */
export interface Local<T extends ValueType> extends Expr<T> {
  readonly index: number;
}

/** The target of a branch: the end of a block, the start of a loop. */
export interface Label {
  readonly depth: number;
}

export interface Signature<P extends readonly ValueType[], R extends ResultType> {
  readonly params: P;
  readonly result: R;
}

export interface FunctionRef<P extends readonly ValueType[], R extends ResultType> extends Signature<P, R> {
  readonly index: number;
}

type Locals<P extends readonly ValueType[]> = { [I in keyof P]: Local<P[I]> };
type Operands<P extends readonly ValueType[]> = { [I in keyof P]: Operand<P[I]> };

const typeCodes: Record<ResultType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, void: 0x40 };

// Encoding

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    if ((value === 0n && (low & 0x40) === 0) || (value === -1n && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

function floatBytes(value: number, size: 4 | 8): number[] {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer)];
}

/** Not `push(...bytes)`: a long list would overflow the stack. */
function append(target: number[], ...parts: readonly (readonly number[])[]): number[] {
  for (const part of parts) for (const byte of part) target.push(byte);
  return target;
}

function vector(items: readonly (readonly number[])[]): number[] {
  return append(unsigned(items.length), ...items);
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

// Instructions

function constant<T extends ValueType>(type: T, value: Literal<T>): Expr<T> {
  return { type, bytes: constantBytes(type, value) };
}

function constantBytes(type: ValueType, value: number | bigint): number[] {
  if (type === 'i64') return [0x42, ...signed(BigInt.asIntN(64, value as bigint))];
  const number = value as number;
  if (type === 'f32') return [0x43, ...floatBytes(number, 4)];
  if (type === 'f64') return [0x44, ...floatBytes(number, 8)];
  if (type === 'i32' && Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 32) {
    return [0x41, ...signed(BigInt(number | 0))];
  }
  throw internalError(`assembler: ${String(value)} is no literal of type ${type}`);
}

function expr<T extends ValueType>(type: T, operand: Operand<T>): Expr<T> {
  return typeof operand === 'object' ? operand : constant(type, operand as Literal<T>);
}

function instruction<R extends ResultType>(
  type: R,
  opcode: readonly number[],
  operands: readonly Expr<ValueType>[],
  immediates: readonly number[] = [],
): Code<R> {
  return { type, bytes: append([], ...operands.map((operand) => operand.bytes), opcode, immediates) };
}

type Unary<T extends ValueType, R extends ValueType> = (x: Operand<T>) => Expr<R>;
type Binary<T extends ValueType, R extends ValueType> = (x: Operand<T>, y: Operand<T>) => Expr<R>;

function unary<T extends ValueType, R extends ValueType>(from: T, to: R, opcode: readonly number[]): Unary<T, R> {
  return (x) => instruction(to, opcode, [expr(from, x)]);
}

function binary<T extends ValueType, R extends ValueType>(from: T, to: R, opcode: readonly number[]): Binary<T, R> {
  return (x, y) => instruction(to, opcode, [expr(from, x), expr(from, y)]);
}

/** Unary or binary instructions whose opcodes follow one another. */
function family<const N extends readonly string[], F>(names: N, make: (position: number) => F): Record<N[number], F> {
  return Object.fromEntries(names.map((name, position) => [name, make(position)])) as Record<N[number], F>;
}

const integerComparisons = ['eq', 'ne', 'ltS', 'ltU', 'gtS', 'gtU', 'leS', 'leU', 'geS', 'geU'] as const;
const floatComparisons = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;
const integerArithmetic = [
  ...(['add', 'sub', 'mul', 'divS', 'divU', 'remS', 'remU'] as const),
  ...(['and', 'or', 'xor', 'shl', 'shrS', 'shrU', 'rotl', 'rotr'] as const),
] as const;
const floatUnaries = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'] as const;
const floatArithmetic = ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'] as const;

function unaries<T extends ValueType, const N extends readonly string[]>(type: T, first: number, names: N) {
  return family(names, (i) => unary(type, type, [first + i]));
}

function binaries<T extends ValueType, const N extends readonly string[]>(type: T, first: number, names: N) {
  return family(names, (i) => binary(type, type, [first + i]));
}

function comparisons<T extends ValueType, const N extends readonly string[]>(type: T, first: number, names: N) {
  return family(names, (i) => binary(type, 'i32', [first + i]));
}

type Load<R extends ValueType> = (address: Operand<'i32'>, offset?: number) => Expr<R>;
type Store<T extends ValueType> = (address: Operand<'i32'>, value: Operand<T>, offset?: number) => Statement;

/** `alignment` is the base-2 logarithm; it is a hint, so addresses need not obey it. */
function load<R extends ValueType>(type: R, opcode: readonly number[], alignment: number): Load<R> {
  return (address, offset = 0) =>
    instruction(type, opcode, [expr('i32', address)], [...unsigned(alignment), ...unsigned(offset)]);
}

function store<T extends ValueType>(type: T, opcode: readonly number[], alignment: number): Store<T> {
  return (address, value, offset = 0) =>
    instruction(
      'void',
      opcode,
      [expr('i32', address), expr(type, value)],
      [...unsigned(alignment), ...unsigned(offset)],
    );
}

/** `ifTrue` where the condition is not zero; both are evaluated. */
export function select<T extends ValueType>(condition: Operand<'i32'>, ifTrue: Expr<T>, ifFalse: Expr<T>): Expr<T> {
  const type = ifTrue.type;
  return instruction(type, [0x1c, 1, typeCodes[type]], [ifTrue, ifFalse, expr('i32', condition)]);
}

export function call<P extends readonly ValueType[], R extends ResultType>(
  target: FunctionRef<P, R>,
  ...args: Operands<P>
): Code<R> {
  const operands = target.params.map((type, i) => expr(type, args[i] as Operand<ValueType>));
  return instruction(target.result, [0x10], operands, unsigned(target.index));
}

/** Assigns and is worth the value. */
export function tee<T extends ValueType>(local: Local<T>, value: Operand<T>): Expr<T> {
  return instruction(local.type, [0x22], [expr(local.type, value)], unsigned(local.index));
}

export const memory = {
  /** In pages of 64 KiB. */
  size: (): Expr<'i32'> => instruction('i32', [0x3f, 0], []),
  /** The old size in pages, or -1. */
  grow: (pages: Operand<'i32'>): Expr<'i32'> => instruction('i32', [0x40, 0], [expr('i32', pages)]),
  /** Copies bytes; the ranges may overlap. */
  copy: (to: Operand<'i32'>, from: Operand<'i32'>, bytes: Operand<'i32'>): Statement =>
    instruction('void', [0xfc, 10, 0, 0], [expr('i32', to), expr('i32', from), expr('i32', bytes)]),
  fill: (to: Operand<'i32'>, byte: Operand<'i32'>, bytes: Operand<'i32'>): Statement =>
    instruction('void', [0xfc, 11, 0], [expr('i32', to), expr('i32', byte), expr('i32', bytes)]),
};

export const i32 = {
  const: (value: number) => constant('i32', value),
  load: load('i32', [0x28], 2),
  load8S: load('i32', [0x2c], 0),
  load8U: load('i32', [0x2d], 0),
  load16S: load('i32', [0x2e], 1),
  load16U: load('i32', [0x2f], 1),
  store: store('i32', [0x36], 2),
  store8: store('i32', [0x3a], 0),
  store16: store('i32', [0x3b], 1),
  eqz: unary('i32', 'i32', [0x45]),
  ...comparisons('i32', 0x46, integerComparisons),
  ...unaries('i32', 0x67, ['clz', 'ctz', 'popcnt']),
  ...binaries('i32', 0x6a, integerArithmetic),
  wrapI64: unary('i64', 'i32', [0xa7]),
  truncSatF32S: unary('f32', 'i32', [0xfc, 0]),
  truncSatF32U: unary('f32', 'i32', [0xfc, 1]),
  truncSatF64S: unary('f64', 'i32', [0xfc, 2]),
  truncSatF64U: unary('f64', 'i32', [0xfc, 3]),
  reinterpretF32: unary('f32', 'i32', [0xbc]),
  ...unaries('i32', 0xc0, ['extend8S', 'extend16S']),
};

export const i64 = {
  const: (value: bigint) => constant('i64', value),
  load: load('i64', [0x29], 3),
  store: store('i64', [0x37], 3),
  eqz: unary('i64', 'i32', [0x50]),
  ...comparisons('i64', 0x51, integerComparisons),
  ...unaries('i64', 0x79, ['clz', 'ctz', 'popcnt']),
  ...binaries('i64', 0x7c, integerArithmetic),
  extendI32S: unary('i32', 'i64', [0xac]),
  extendI32U: unary('i32', 'i64', [0xad]),
  truncSatF32S: unary('f32', 'i64', [0xfc, 4]),
  truncSatF32U: unary('f32', 'i64', [0xfc, 5]),
  truncSatF64S: unary('f64', 'i64', [0xfc, 6]),
  truncSatF64U: unary('f64', 'i64', [0xfc, 7]),
  reinterpretF64: unary('f64', 'i64', [0xbd]),
};

export const f32 = {
  const: (value: number) => constant('f32', value),
  load: load('f32', [0x2a], 2),
  store: store('f32', [0x38], 2),
  ...comparisons('f32', 0x5b, floatComparisons),
  ...unaries('f32', 0x8b, floatUnaries),
  ...binaries('f32', 0x92, floatArithmetic),
  convertI32S: unary('i32', 'f32', [0xb2]),
  convertI32U: unary('i32', 'f32', [0xb3]),
  convertI64S: unary('i64', 'f32', [0xb4]),
  convertI64U: unary('i64', 'f32', [0xb5]),
  demoteF64: unary('f64', 'f32', [0xb6]),
  reinterpretI32: unary('i32', 'f32', [0xbe]),
};

export const f64 = {
  const: (value: number) => constant('f64', value),
  load: load('f64', [0x2b], 3),
  store: store('f64', [0x39], 3),
  ...comparisons('f64', 0x61, floatComparisons),
  ...unaries('f64', 0x99, floatUnaries),
  ...binaries('f64', 0xa0, floatArithmetic),
  convertI32S: unary('i32', 'f64', [0xb7]),
  convertI32U: unary('i32', 'f64', [0xb8]),
  convertI64S: unary('i64', 'f64', [0xb9]),
  convertI64U: unary('i64', 'f64', [0xba]),
  promoteF32: unary('f32', 'f64', [0xbb]),
  reinterpretI64: unary('i64', 'f64', [0xbf]),
};

// 128-bit vectors

const vectorUnary = (opcode: number) => unary('v128', 'v128', simd(opcode));
const vectorBinary = (opcode: number) => binary('v128', 'v128', simd(opcode));
const vectorTest = (opcode: number) => unary('v128', 'i32', simd(opcode));

function vectorUnaries<const N extends readonly string[]>(first: number, names: N) {
  return family(names, (i) => vectorUnary(first + i));
}

function vectorBinaries<const N extends readonly string[]>(first: number, names: N) {
  return family(names, (i) => vectorBinary(first + i));
}

function vectorShifts(first: number) {
  return family(['shl', 'shrS', 'shrU'], (i) => {
    return (x: Expr<'v128'>, bits: Operand<'i32'>): Expr<'v128'> =>
      instruction('v128', simd(first + i), [x, expr('i32', bits)]);
  });
}

/** The instructions that move one lane of `type` in or out of a vector. */
function lanes<T extends ValueType>(type: T, splat: number, extract: number, replace: number) {
  return {
    splat: (x: Operand<T>): Expr<'v128'> => instruction('v128', simd(splat), [expr(type, x)]),
    extractLane: (x: Expr<'v128'>, lane: number): Expr<T> => instruction(type, simd(extract), [x], [lane]),
    replaceLane: (x: Expr<'v128'>, lane: number, value: Operand<T>): Expr<'v128'> =>
      instruction('v128', simd(replace), [x, expr(type, value)], [lane]),
  };
}

/** x y + z, rounded once or twice as the machine likes. */
function relaxedMadd(opcode: number) {
  return (x: Expr<'v128'>, y: Expr<'v128'>, z: Expr<'v128'>): Expr<'v128'> =>
    instruction('v128', simd(opcode), [x, y, z]);
}

function loadLane(opcode: number, alignment: number) {
  return (address: Operand<'i32'>, x: Expr<'v128'>, lane: number, offset = 0): Expr<'v128'> =>
    instruction('v128', simd(opcode), [expr('i32', address), x], [...unsigned(alignment), ...unsigned(offset), lane]);
}

function storeLane(opcode: number, alignment: number) {
  return (address: Operand<'i32'>, x: Expr<'v128'>, lane: number, offset = 0): Statement =>
    instruction('void', simd(opcode), [expr('i32', address), x], [...unsigned(alignment), ...unsigned(offset), lane]);
}

export const v128 = {
  const: (bytes: readonly number[]): Expr<'v128'> => {
    if (bytes.length !== 16) throw internalError(`assembler: v128.const takes 16 bytes, got ${bytes.length}`);
    return instruction('v128', simd(12), [], bytes);
  },
  load: load('v128', simd(0), 4),
  load32Splat: load('v128', simd(9), 2),
  load64Splat: load('v128', simd(10), 3),
  load32Zero: load('v128', simd(92), 2),
  load64Zero: load('v128', simd(93), 3),
  load32Lane: loadLane(86, 2),
  load64Lane: loadLane(87, 3),
  store: store('v128', simd(11), 4),
  store32Lane: storeLane(90, 2),
  store64Lane: storeLane(91, 3),
  not: vectorUnary(77),
  /** andnot(x, y) = x & ~y */
  ...vectorBinaries(78, ['and', 'andnot', 'or', 'xor']),
  /** The bits of `ones` where the mask has ones, of `zeros` elsewhere. */
  bitselect: (ones: Expr<'v128'>, zeros: Expr<'v128'>, mask: Expr<'v128'>): Expr<'v128'> =>
    instruction('v128', simd(82), [ones, zeros, mask]),
  anyTrue: vectorTest(83),
};

export const i8x16 = {
  ...lanes('i32', 15, 21, 23),
  /** The 16 bytes of the result, numbered in the 32 bytes of x, y. */
  shuffle: (x: Expr<'v128'>, y: Expr<'v128'>, bytes: readonly number[]): Expr<'v128'> => {
    if (bytes.length !== 16) throw internalError(`assembler: i8x16.shuffle takes 16 bytes, got ${bytes.length}`);
    return instruction('v128', simd(13), [x, y], bytes);
  },
  swizzle: vectorBinary(14),
  ...vectorBinaries(35, integerComparisons),
  ...vectorUnaries(96, ['abs', 'neg', 'popcnt']),
  allTrue: vectorTest(99),
  bitmask: vectorTest(100),
  ...vectorShifts(107),
  add: vectorBinary(110),
  sub: vectorBinary(113),
  ...vectorBinaries(118, ['minS', 'minU', 'maxS', 'maxU']),
};

export const i16x8 = {
  ...vectorUnaries(135, ['extendLowI8x16S', 'extendHighI8x16S', 'extendLowI8x16U', 'extendHighI8x16U']),
};

export const i32x4 = {
  ...lanes('i32', 17, 27, 28),
  const: (...values: [number, number, number, number]): Expr<'v128'> =>
    v128.const([...new Uint8Array(Int32Array.from(values).buffer)]),
  ...vectorBinaries(55, integerComparisons),
  ...vectorUnaries(160, ['abs', 'neg']),
  allTrue: vectorTest(163),
  bitmask: vectorTest(164),
  ...vectorUnaries(167, ['extendLowI16x8S', 'extendHighI16x8S', 'extendLowI16x8U', 'extendHighI16x8U']),
  ...vectorShifts(171),
  add: vectorBinary(174),
  sub: vectorBinary(177),
  ...vectorBinaries(181, ['mul', 'minS', 'minU', 'maxS', 'maxU']),
  ...vectorUnaries(248, ['truncSatF32x4S', 'truncSatF32x4U']),
  ...vectorUnaries(252, ['truncSatF64x2SZero', 'truncSatF64x2UZero']),
};

export const i64x2 = {
  ...lanes('i64', 18, 29, 30),
  ...vectorUnaries(192, ['abs', 'neg']),
  allTrue: vectorTest(195),
  bitmask: vectorTest(196),
  ...vectorUnaries(199, ['extendLowI32x4S', 'extendHighI32x4S', 'extendLowI32x4U', 'extendHighI32x4U']),
  ...vectorShifts(203),
  add: vectorBinary(206),
  sub: vectorBinary(209),
  ...vectorBinaries(213, ['mul', 'eq', 'ne', 'ltS', 'gtS', 'leS', 'geS']),
  ...vectorBinaries(220, ['extmulLowI32x4S', 'extmulHighI32x4S', 'extmulLowI32x4U', 'extmulHighI32x4U']),
};

export const f32x4 = {
  ...lanes('f32', 19, 31, 32),
  const: (...values: [number, number, number, number]): Expr<'v128'> =>
    v128.const([...new Uint8Array(Float32Array.from(values).buffer)]),
  ...vectorBinaries(65, floatComparisons),
  ...vectorUnaries(103, ['ceil', 'floor', 'trunc', 'nearest']),
  ...vectorUnaries(224, ['abs', 'neg']),
  sqrt: vectorUnary(227),
  ...vectorBinaries(228, ['add', 'sub', 'mul', 'div', 'min', 'max', 'pmin', 'pmax']),
  ...vectorUnaries(250, ['convertI32x4S', 'convertI32x4U']),
  demoteF64x2Zero: vectorUnary(94),
  relaxedMadd: relaxedMadd(0x105),
};

export const f64x2 = {
  ...lanes('f64', 20, 33, 34),
  const: (...values: [number, number]): Expr<'v128'> =>
    v128.const([...new Uint8Array(Float64Array.from(values).buffer)]),
  ...vectorBinaries(71, floatComparisons),
  ...vectorUnaries(116, ['ceil', 'floor']),
  trunc: vectorUnary(122),
  nearest: vectorUnary(148),
  ...vectorUnaries(236, ['abs', 'neg']),
  sqrt: vectorUnary(239),
  ...vectorBinaries(240, ['add', 'sub', 'mul', 'div', 'min', 'max', 'pmin', 'pmax']),
  ...vectorUnaries(254, ['convertLowI32x4S', 'convertLowI32x4U']),
  promoteLowF32x4: vectorUnary(95),
  relaxedMadd: relaxedMadd(0x107),
};

/** Writes the statements of one function. */
export class FunctionBuilder<R extends ResultType> {
  readonly #bytes: number[] = [];
  readonly #locals: ValueType[] = [];
  readonly #result: R;
  readonly #parameterCount: number;
  #depth = 0;

  constructor(signature: Signature<readonly ValueType[], R>) {
    this.#result = signature.result;
    this.#parameterCount = signature.params.length;
  }

  /** A new variable; it starts at zero, or at the given value. */
  local<T extends ValueType>(type: T, value?: Operand<T>): Local<T> {
    const local = makeLocal(type, this.#parameterCount + this.#locals.length);
    this.#locals.push(type);
    if (value !== undefined) this.set(local, value);
    return local;
  }

  emit(statement: Statement): void {
    append(this.#bytes, statement.bytes);
  }

  set<T extends ValueType>(local: Local<T>, value: Operand<T>): void {
    this.emit(instruction('void', [0x21], [expr(local.type, value)], unsigned(local.index)));
  }

  /** local += value */
  increment(local: Local<'i32'>, value: Operand<'i32'>): void {
    this.set(local, i32.add(local, value));
  }

  /** Branching to the label leaves the block. */
  block(body: (end: Label) => void): void {
    this.#nest([0x02, typeCodes.void], body);
  }

  /** Branching to the label starts the next round; a round that ends leaves the loop. */
  loop(body: (again: Label) => void): void {
    this.#nest([0x03, typeCodes.void], body);
  }

  if(condition: Operand<'i32'>, ifTrue: () => void, ifFalse?: () => void): void {
    append(this.#bytes, expr('i32', condition).bytes);
    this.#nest([0x04, typeCodes.void], () => {
      ifTrue();
      if (ifFalse === undefined) return;
      this.#bytes.push(0x05);
      ifFalse();
    });
  }

  while(condition: Operand<'i32'>, body: () => void): void {
    this.if(condition, () => {
      this.loop((again) => {
        body();
        this.branchIf(again, condition);
      });
    });
  }

  /** for (counter = from; counter < to; counter += step), compared as signed numbers. */
  for(counter: Local<'i32'>, from: Operand<'i32'>, to: Operand<'i32'>, step: Operand<'i32'>, body: () => void): void {
    this.set(counter, from);
    this.while(i32.ltS(counter, to), () => {
      body();
      this.increment(counter, step);
    });
  }

  branch(label: Label): void {
    append(this.#bytes, [0x0c], unsigned(this.#depth - label.depth));
  }

  branchIf(label: Label, condition: Operand<'i32'>): void {
    append(this.#bytes, expr('i32', condition).bytes, [0x0d], unsigned(this.#depth - label.depth));
  }

  return(...value: R extends ValueType ? [Operand<R>] : []): void {
    const operand = value[0] as Operand<ValueType> | undefined;
    if (operand !== undefined) append(this.#bytes, expr(this.#result as ValueType, operand).bytes);
    this.#bytes.push(0x0f);
  }

  unreachable(): void {
    this.#bytes.push(0x00);
  }

  /** The entry of the code section. */
  encode(): number[] {
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last?.type === type) last.count++;
      else groups.push({ type, count: 1 });
    }
    const locals = vector(groups.map(({ type, count }) => [...unsigned(count), typeCodes[type]]));
    // A function with a result leaves through return; what is behind it is unreachable.
    const end = this.#result === 'void' ? [0x0b] : [0x00, 0x0b];
    const body = append(locals, this.#bytes, end);
    return append(unsigned(body.length), body);
  }

  #nest(opening: readonly number[], body: (label: Label) => void): void {
    append(this.#bytes, opening);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.#bytes.push(0x0b);
  }
}

function makeLocal<T extends ValueType>(type: T, index: number): Local<T> {
  return { type, index, bytes: [0x20, ...unsigned(index)] };
}

export interface MemoryLimits {
  /** Pages of 64 KiB. */
  readonly initial: number;
  readonly maximum?: number;
  /** Threads may share it; it needs a maximum then. */
  readonly shared?: boolean;
}

export class ModuleBuilder {
  readonly #types: number[][] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports: number[][] = [];
  readonly #exports: number[][] = [];
  readonly #memories: number[][] = [];
  /** Type and body of each function that is defined here. */
  readonly #functions: { type: number; body: number[] }[] = [];
  #importedFunctions = 0;

  /** Must come before the first function that is defined here. */
  importFunction<const P extends readonly ValueType[], R extends ResultType>(
    module: string,
    name: string,
    signature: Signature<P, R>,
  ): FunctionRef<P, R> {
    if (this.#functions.length > 0)
      throw internalError(`assembler: import ${module}.${name} before defining functions`);
    this.#imports.push([...text(module), ...text(name), 0x00, ...unsigned(this.#typeIndex(signature))]);
    return { ...signature, index: this.#importedFunctions++ };
  }

  importMemory(module: string, name: string, limits: MemoryLimits): void {
    this.#imports.push([...text(module), ...text(name), 0x02, ...encodeLimits(limits)]);
  }

  /** Defines the module's own memory. */
  memory(limits: MemoryLimits): void {
    this.#memories.push(encodeLimits(limits));
  }

  function<const P extends readonly ValueType[], R extends ResultType>(
    signature: Signature<P, R>,
    body: (builder: FunctionBuilder<R>, ...params: Locals<P>) => void,
  ): FunctionRef<P, R> {
    // The place is taken first: a body may define further functions.
    const ref = { ...signature, index: this.#importedFunctions + this.#functions.length };
    const entry = { type: this.#typeIndex(signature), body: [] as number[] };
    this.#functions.push(entry);
    const builder = new FunctionBuilder(signature);
    body(builder, ...(signature.params.map(makeLocal) as unknown as Locals<P>));
    entry.body = builder.encode();
    return ref;
  }

  export(name: string, target: FunctionRef<readonly ValueType[], ResultType>): void {
    this.#exports.push([...text(name), 0x00, ...unsigned(target.index)]);
  }

  exportMemory(name: string): void {
    this.#exports.push([...text(name), 0x02, 0]);
  }

  encode(): Uint8Array<ArrayBuffer> {
    const section = (id: number, items: readonly (readonly number[])[]): number[] => {
      if (items.length === 0) return [];
      const content = vector(items);
      return append([id], unsigned(content.length), content);
    };
    return Uint8Array.from(
      append(
        [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
        section(1, this.#types),
        section(2, this.#imports),
        section(
          3,
          this.#functions.map(({ type }) => unsigned(type)),
        ),
        section(5, this.#memories),
        section(7, this.#exports),
        section(
          10,
          this.#functions.map(({ body }) => body),
        ),
      ),
    );
  }

  #typeIndex({ params, result }: Signature<readonly ValueType[], ResultType>): number {
    const results = result === 'void' ? [] : [[typeCodes[result]]];
    const encoded = [0x60, ...vector(params.map((type) => [typeCodes[type]])), ...vector(results)];
    const key = encoded.join();
    const known = this.#typeIndices.get(key);
    if (known !== undefined) return known;
    this.#typeIndices.set(key, this.#types.length);
    this.#types.push(encoded);
    return this.#types.length - 1;
  }
}

function encodeLimits({ initial, maximum, shared }: MemoryLimits): number[] {
  if (maximum === undefined) return [0x00, ...unsigned(initial)];
  return [shared ? 0x03 : 0x01, ...unsigned(initial), ...unsigned(maximum)];
}
