import type { DType } from '../../array/dtype';
import { internalError } from '../../errors';
import type { MathFunction, ScalarCode } from '../../primitives/scalar-code';
import {
  call,
  type Expr,
  type FunctionBuilder,
  type FunctionRef,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i32,
  i32x4,
  i64x2,
  type Local,
  type ModuleBuilder,
  v128,
} from './assembler';
import * as single from './elementary-functions';
import * as double from './elementary-functions-double';
import * as float64 from './elementary-functions-float64';

/** Four elements in vector registers: floats, whole numbers, or for bool a mask of all ones or all zeros. */
export interface Lanes {
  readonly dtype: DType;
  readonly value: Local<'v128'>;
  /** The last two elements of float64, which fills two registers. */
  readonly high?: Local<'v128'>;
  /** All elements are known to be the same. */
  readonly uniform?: boolean;
}

type Vector = Expr<'v128'>;
type VectorUnary = (x: Vector) => Vector;
type VectorBinary = (x: Vector, y: Vector) => Vector;
type Register = Local<'v128'>;
type VectorFunction = (f: FunctionBuilder<'void'>, x: Register) => Vector;

type MathRef = FunctionRef<readonly 'f64'[], 'f64'>;
export type MathFunctions = (name: MathFunction) => MathRef;

/**
 * Imports the functions of `Math` that some code calls. Imports come before the functions of a module, so the code is
 * written twice: here into a function that is thrown away.
 */
export function importMath(module: ModuleBuilder, trial: (math: MathFunctions) => void): MathFunctions {
  const known = new Map<MathFunction, MathRef>();
  const math: MathFunctions = (name) => {
    let ref = known.get(name);
    if (ref === undefined) {
      const params = name === 'pow' || name === 'atan2' ? (['f64', 'f64'] as const) : (['f64'] as const);
      ref = module.importFunction('math', name, { params, result: 'f64' });
      known.set(name, ref);
    }
    return ref;
  };
  trial(math);
  return math;
}

/** The low halves of two registers. */
function lowHalves(x: Vector, y: Vector): Vector {
  return i8x16.shuffle(x, y, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
}

/** The low words of the four 64-bit lanes of two registers. */
function lowWords(x: Vector, y: Vector): Vector {
  return i8x16.shuffle(x, y, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
}

/** The high half in front. */
function highHalf(x: Register): Vector {
  return i8x16.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
}

const lanes = [0, 1, 2, 3] as const;

/** Turns the description of an elementwise operation into 128-bit instructions. */
export class VectorCode implements ScalarCode<Lanes> {
  constructor(
    private readonly f: FunctionBuilder<'void'>,
    private readonly math: MathFunctions,
  ) {}

  keep(dtype: DType, value: Vector, high?: Vector): Lanes {
    const low = this.f.local('v128', value);
    return high ? { dtype, value: low, high: this.f.local('v128', high) } : { dtype, value: low };
  }

  constant(value: number, dtype: DType): Lanes {
    if (dtype === 'float64') return this.splat(dtype, f64x2.const(value, value));
    if (dtype === 'float32') return this.splat(dtype, f32x4.const(value, value, value, value));
    const bits = dtype === 'bool' ? -Number(value !== 0) : value | 0;
    return this.splat(dtype, i32x4.const(bits, bits, bits, bits));
  }

  /** All elements are those of one register. */
  splat(dtype: DType, register: Vector): Lanes {
    const value = this.f.local('v128', register);
    return { dtype, value, uniform: true, ...(dtype === 'float64' && { high: value }) };
  }

  add(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.add, f64x2.add, i32x4.add);
  }
  sub(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.sub, f64x2.sub, i32x4.sub);
  }
  mul(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.mul, f64x2.mul, i32x4.mul);
  }
  div(x: Lanes, y: Lanes): Lanes {
    if (x.dtype === 'float32' || x.dtype === 'float64') return this.binary(x, y, f32x4.div, f64x2.div);
    const quotient = this.div(this.cast(x, 'float64'), this.cast(y, 'float64'));
    // After this sum the last 32 bits are those of the whole number, modulo 2³², and zeros for ∞ and NaN.
    const shift = f64x2.const(1.5 * 2 ** 52, 1.5 * 2 ** 52);
    const [low, high] = registers(quotient).map((q) => f64x2.add(f64x2.trunc(q), shift)) as [Vector, Vector];
    return this.keep(x.dtype, lowWords(low, high));
  }
  neg(x: Lanes): Lanes {
    return this.unary(x, f32x4.neg, f64x2.neg, i32x4.neg);
  }
  abs(x: Lanes): Lanes {
    return x.dtype === 'uint32' ? x : this.unary(x, f32x4.abs, f64x2.abs, i32x4.abs);
  }
  min(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.min, f64x2.min, i32x4.minS, i32x4.minU, v128.and);
  }
  max(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.max, f64x2.max, i32x4.maxS, i32x4.maxU, v128.or);
  }
  sqrt(x: Lanes): Lanes {
    return this.unary(x, f32x4.sqrt, f64x2.sqrt);
  }
  floor(x: Lanes): Lanes {
    return this.unary(x, f32x4.floor, f64x2.floor);
  }
  ceil(x: Lanes): Lanes {
    return this.unary(x, f32x4.ceil, f64x2.ceil);
  }
  round(x: Lanes): Lanes {
    return this.unary(x, f32x4.nearest, f64x2.nearest);
  }
  exp(x: Lanes): Lanes {
    return this.inLanes(x.dtype === 'float64' ? float64.exp : single.exp, x);
  }
  expm1(x: Lanes): Lanes {
    return this.inLanes(x.dtype === 'float64' ? float64.expm1 : single.expm1, x);
  }
  log(x: Lanes): Lanes {
    return this.inLanes(x.dtype === 'float64' ? float64.log : single.log, x);
  }
  log1p(x: Lanes): Lanes {
    return this.inLanes(x.dtype === 'float64' ? float64.log1p : single.log1p, x);
  }
  tanh(x: Lanes): Lanes {
    return this.inLanes(x.dtype === 'float64' ? float64.tanh : single.tanh, x);
  }
  sin(x: Lanes): Lanes {
    return this.angle('sin', double.sin, x);
  }
  cos(x: Lanes): Lanes {
    return this.angle('cos', double.cos, x);
  }
  tan(x: Lanes): Lanes {
    return this.angle('tan', double.tan, x);
  }
  sinh(x: Lanes): Lanes {
    return this.inDouble(float64.sinh, x);
  }
  cosh(x: Lanes): Lanes {
    return this.inDouble(float64.cosh, x);
  }
  erf(x: Lanes): Lanes {
    return this.inDouble((f, lanes) => float64.erf(f, lanes, x.dtype), x);
  }
  erfc(x: Lanes): Lanes {
    return this.inDouble((f, lanes) => float64.erfc(f, lanes, x.dtype), x);
  }
  erfInv(x: Lanes): Lanes {
    return this.inDouble(double.erfInv, x);
  }
  rem(x: Lanes, y: Lanes): Lanes {
    return this.inDouble(double.rem, x, y);
  }
  pow(x: Lanes, y: Lanes): Lanes {
    if (x.dtype === 'float64') return this.call('pow', x, y);
    const ordinary = v128.and(this.isBelow(x, Number.POSITIVE_INFINITY), this.isBelow(y, Number.POSITIVE_INFINITY));
    const notZero = f32x4.ne(x.value, f32x4.splat(0));
    return this.orCall('pow', this.inDouble(double.pow, x, y), v128.and(ordinary, notZero), x, y);
  }
  equal(x: Lanes, y: Lanes): Lanes {
    return this.compare(x, y, f32x4.eq, f64x2.eq, i32x4.eq, i32x4.eq);
  }
  less(x: Lanes, y: Lanes): Lanes {
    // A true mask is −1, so it is the smaller one as a signed number.
    return this.compare(x, y, f32x4.lt, f64x2.lt, i32x4.ltS, i32x4.ltU, i32x4.gtS);
  }
  lessEqual(x: Lanes, y: Lanes): Lanes {
    return this.compare(x, y, f32x4.le, f64x2.le, i32x4.leS, i32x4.leU, i32x4.geS);
  }
  and(x: Lanes, y: Lanes): Lanes {
    return this.keep(x.dtype, v128.and(x.value, y.value));
  }
  or(x: Lanes, y: Lanes): Lanes {
    return this.keep(x.dtype, v128.or(x.value, y.value));
  }
  xor(x: Lanes, y: Lanes): Lanes {
    return this.keep(x.dtype, v128.xor(x.value, y.value));
  }
  not(x: Lanes): Lanes {
    return this.keep(x.dtype, v128.not(x.value));
  }

  shiftLeft(x: Lanes, y: Lanes): Lanes {
    const shifted = this.shift(x, y, i32x4.shl, i32.shl);
    return this.keep(x.dtype, v128.and(shifted, i32x4.ltU(y.value, i32x4.splat(32))));
  }

  shiftRight(x: Lanes, y: Lanes): Lanes {
    if (x.dtype === 'int32') {
      const most = this.f.local('v128', i32x4.minU(y.value, i32x4.splat(31)));
      return this.keep(x.dtype, this.shift(x, { ...y, value: most }, i32x4.shrS, i32.shrS));
    }
    const shifted = this.shift(x, y, i32x4.shrU, i32.shrU);
    return this.keep(x.dtype, v128.and(shifted, i32x4.ltU(y.value, i32x4.splat(32))));
  }

  rotateLeft(x: Lanes, bits: number): Lanes {
    return this.keep(x.dtype, v128.or(i32x4.shl(x.value, bits), i32x4.shrU(x.value, 32 - bits)));
  }

  select(condition: Lanes, x: Lanes, y: Lanes): Lanes {
    const mask = condition.value;
    if (!x.high || !y.high) return this.keep(x.dtype, v128.bitselect(x.value, y.value, mask));
    return this.keep(
      x.dtype,
      v128.bitselect(x.value, y.value, i64x2.extendLowI32x4S(mask)),
      v128.bitselect(x.high, y.high, i64x2.extendHighI32x4S(mask)),
    );
  }

  cast(x: Lanes, dtype: DType): Lanes {
    const from = x.dtype;
    if (from === dtype) return x;
    if (dtype === 'bool') return this.not(this.equal(x, this.constant(0, from)));
    if (from === 'bool') return this.select(x, this.constant(1, dtype), this.constant(0, dtype));
    if (dtype === 'float64') {
      const convert =
        from === 'float32'
          ? f64x2.promoteLowF32x4
          : from === 'uint32'
            ? f64x2.convertLowI32x4U
            : f64x2.convertLowI32x4S;
      return this.keep(dtype, convert(x.value), convert(highHalf(x.value)));
    }
    if (x.high) {
      const convert =
        dtype === 'float32'
          ? f32x4.demoteF64x2Zero
          : dtype === 'uint32'
            ? i32x4.truncSatF64x2UZero
            : i32x4.truncSatF64x2SZero;
      return this.keep(dtype, lowHalves(convert(x.value), convert(x.high)));
    }
    if (dtype === 'float32') {
      return this.keep(dtype, from === 'uint32' ? f32x4.convertI32x4U(x.value) : f32x4.convertI32x4S(x.value));
    }
    if (from !== 'float32') return { ...x, dtype };
    return this.keep(dtype, dtype === 'uint32' ? i32x4.truncSatF32x4U(x.value) : i32x4.truncSatF32x4S(x.value));
  }

  call(name: MathFunction, ...operands: Lanes[]): Lanes {
    const target = this.math(name);
    const dtype = (operands[0] as Lanes).dtype;
    if (dtype === 'float32') {
      const [first, ...rest] = lanes.map((lane) => {
        const args = operands.map((x) => f64.promoteF32(f32x4.extractLane(x.value, lane)));
        return f32.demoteF64(call(target, ...args));
      }) as [Expr<'f32'>, ...Expr<'f32'>[]];
      return this.keep(
        dtype,
        rest.reduce((vector, y, i) => f32x4.replaceLane(vector, i + 1, y), f32x4.splat(first)),
      );
    }
    return this.each(dtype, operands, (...xs) => {
      const [first, second] = [0, 1].map((lane) => call(target, ...xs.map((x) => f64x2.extractLane(x, lane))));
      return f64x2.replaceLane(f64x2.splat(first as Expr<'f64'>), 1, second as Expr<'f64'>);
    });
  }

  /** A function of angles; large ones are for Math. */
  private angle(
    name: 'sin' | 'cos' | 'tan',
    near: (f: FunctionBuilder<'void'>, x: Register) => Vector,
    x: Lanes,
  ): Lanes {
    if (x.dtype === 'float64') return this.call(name, x);
    return this.orCall(name, this.inDouble(near, x), this.isBelow(x, 2 ** 20), x);
  }

  private isBelow(x: Lanes, limit: number): Vector {
    return f32x4.lt(f32x4.abs(x.value), f32x4.splat(limit));
  }

  /** The result where `valid`, elsewhere what Math says. */
  private orCall(name: MathFunction, result: Lanes, valid: Vector, ...operands: Lanes[]): Lanes {
    const { f } = this;
    const mask = f.local('v128', valid);
    f.if(i32.eqz(i32x4.allTrue(mask)), () => {
      f.set(result.value, v128.bitselect(result.value, this.call(name, ...operands).value, mask));
    });
    return result;
  }

  /** A function of the elements' own precision. */
  private inLanes(fn: VectorFunction, x: Lanes): Lanes {
    return this.each(x.dtype, [x], (lanes) => fn(this.f, lanes));
  }

  /** A function of double precision. */
  private inDouble(fn: (f: FunctionBuilder<'void'>, ...xs: Register[]) => Vector, ...operands: Lanes[]): Lanes {
    const wide = operands.map((x) => this.cast(x, 'float64'));
    return this.cast(
      this.each('float64', wide, (...xs) => fn(this.f, ...xs)),
      (operands[0] as Lanes).dtype,
    );
  }

  /** By one number of bits where that is known to be the same, else lane by lane. */
  private shift(
    x: Lanes,
    y: Lanes,
    all: (x: Vector, bits: Expr<'i32'>) => Vector,
    one: (x: Expr<'i32'>, bits: Expr<'i32'>) => Expr<'i32'>,
  ): Vector {
    const bits = (lane: number) => i32x4.extractLane(y.value, lane);
    if (y.uniform) return all(x.value, bits(0));
    return lanes.reduce<Vector>(
      (vector, lane) => i32x4.replaceLane(vector, lane, one(i32x4.extractLane(x.value, lane), bits(lane))),
      x.value,
    );
  }

  private each(dtype: DType, operands: readonly Lanes[], op: (...xs: Register[]) => Vector): Lanes {
    // Kept before the other register's code is written: an expression may read locals that this changes.
    const value = this.f.local('v128', op(...operands.map((x) => x.value)));
    if (dtype !== 'float64') return { dtype, value };
    return { dtype, value, high: this.f.local('v128', op(...operands.map((x) => x.high as Register))) };
  }

  private unary(x: Lanes, float: VectorUnary, double: VectorUnary, int?: VectorUnary): Lanes {
    return this.each(x.dtype, [x], pick(x.dtype, float, double, int, int));
  }

  private binary(
    x: Lanes,
    y: Lanes,
    float: VectorBinary,
    double: VectorBinary,
    int?: VectorBinary,
    unsigned = int,
    mask?: VectorBinary,
  ): Lanes {
    return this.each(x.dtype, [x, y], pick(x.dtype, float, double, int, unsigned, mask));
  }

  private compare(
    x: Lanes,
    y: Lanes,
    float: VectorBinary,
    double: VectorBinary,
    int: VectorBinary,
    unsigned: VectorBinary,
    mask = int,
  ): Lanes {
    if (!x.high || !y.high)
      return this.keep('bool', pick(x.dtype, float, double, int, unsigned, mask)(x.value, y.value));
    return this.keep('bool', lowWords(double(x.value, y.value), double(x.high, y.high)));
  }
}

function registers({ value, high }: Lanes): Register[] {
  return high ? [value, high] : [value];
}

function pick<F>(dtype: DType, float: F, double: F, int?: F, unsigned?: F, mask?: F): F {
  const chosen = { float32: float, float64: double, int32: int, uint32: unsigned, bool: mask }[dtype];
  if (chosen === undefined) throw internalError(`wasm: no vector instruction for ${dtype}`);
  return chosen;
}
