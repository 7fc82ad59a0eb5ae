import type { DType } from '../../array/dtype';
import { internalError } from '../../errors';
import type { ScalarCode } from '../../primitives/scalar-code';
import { type Expr, type FunctionBuilder, f32x4, i32x4, type Local, v128 } from './assembler';
import { exp, expm1, log, log1p, tanh } from './elementary-functions';

/** Four elements in a vector register: floats, whole numbers, or for bool a mask of all ones or all zeros. */
export interface Lanes {
  readonly dtype: DType;
  readonly value: Local<'v128'>;
}

export type LaneType = 'float32' | 'int32' | 'uint32' | 'bool';

export function isLaneType(dtype: DType): dtype is LaneType {
  return dtype !== 'float64';
}

type Vector = Expr<'v128'>;
type VectorBinary = (x: Vector, y: Vector) => Vector;

/** Turns the description of an elementwise operation into 128-bit instructions. */
export class VectorCode implements ScalarCode<Lanes> {
  constructor(private readonly f: FunctionBuilder<'void'>) {}

  keep(dtype: DType, value: Vector): Lanes {
    return { dtype, value: this.f.local('v128', value) };
  }

  constant(value: number, dtype: DType): Lanes {
    if (dtype === 'float32') return this.keep(dtype, f32x4.const(value, value, value, value));
    const bits = dtype === 'bool' ? -Number(value !== 0) : value | 0;
    return this.keep(dtype, i32x4.const(bits, bits, bits, bits));
  }

  add(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.add, i32x4.add);
  }
  sub(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.sub, i32x4.sub);
  }
  mul(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.mul, i32x4.mul);
  }
  div(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.div);
  }
  neg(x: Lanes): Lanes {
    return this.keep(x.dtype, x.dtype === 'float32' ? f32x4.neg(x.value) : i32x4.neg(x.value));
  }
  abs(x: Lanes): Lanes {
    if (x.dtype === 'uint32') return x;
    return this.keep(x.dtype, x.dtype === 'float32' ? f32x4.abs(x.value) : i32x4.abs(x.value));
  }
  min(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.min, i32x4.minS, i32x4.minU, v128.and);
  }
  max(x: Lanes, y: Lanes): Lanes {
    return this.binary(x, y, f32x4.max, i32x4.maxS, i32x4.maxU, v128.or);
  }
  sqrt(x: Lanes): Lanes {
    return this.keep(x.dtype, f32x4.sqrt(x.value));
  }
  floor(x: Lanes): Lanes {
    return this.keep(x.dtype, f32x4.floor(x.value));
  }
  ceil(x: Lanes): Lanes {
    return this.keep(x.dtype, f32x4.ceil(x.value));
  }
  round(x: Lanes): Lanes {
    return this.keep(x.dtype, f32x4.nearest(x.value));
  }
  exp(x: Lanes): Lanes {
    return this.keep(x.dtype, exp(this.f, x.value));
  }
  expm1(x: Lanes): Lanes {
    return this.keep(x.dtype, expm1(this.f, x.value));
  }
  log(x: Lanes): Lanes {
    return this.keep(x.dtype, log(this.f, x.value));
  }
  log1p(x: Lanes): Lanes {
    return this.keep(x.dtype, log1p(this.f, x.value));
  }
  tanh(x: Lanes): Lanes {
    return this.keep(x.dtype, tanh(this.f, x.value));
  }
  equal(x: Lanes, y: Lanes): Lanes {
    return this.compare(x, y, f32x4.eq, i32x4.eq, i32x4.eq);
  }
  less(x: Lanes, y: Lanes): Lanes {
    // A true mask is −1, so it is the smaller one as a signed number.
    return this.compare(x, y, f32x4.lt, i32x4.ltS, i32x4.ltU, i32x4.gtS);
  }
  lessEqual(x: Lanes, y: Lanes): Lanes {
    return this.compare(x, y, f32x4.le, i32x4.leS, i32x4.leU, i32x4.geS);
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
  select(condition: Lanes, x: Lanes, y: Lanes): Lanes {
    return this.keep(x.dtype, v128.bitselect(x.value, y.value, condition.value));
  }

  cast(x: Lanes, dtype: DType): Lanes {
    const from = x.dtype;
    if (from === dtype) return x;
    if (dtype === 'bool') return this.compareTo(x);
    if (from === 'bool') return this.keep(dtype, v128.and(x.value, this.constant(1, dtype).value));
    if (dtype === 'float32') {
      return this.keep(dtype, from === 'uint32' ? f32x4.convertI32x4U(x.value) : f32x4.convertI32x4S(x.value));
    }
    if (from !== 'float32') return this.keep(dtype, x.value);
    return this.keep(dtype, dtype === 'uint32' ? i32x4.truncSatF32x4U(x.value) : i32x4.truncSatF32x4S(x.value));
  }

  private compareTo(x: Lanes): Lanes {
    const zero = this.constant(0, x.dtype).value;
    return this.keep('bool', x.dtype === 'float32' ? f32x4.ne(x.value, zero) : i32x4.ne(x.value, zero));
  }

  private binary(
    x: Lanes,
    y: Lanes,
    float: VectorBinary,
    int?: VectorBinary,
    unsigned = int,
    mask?: VectorBinary,
  ): Lanes {
    return this.keep(x.dtype, this.pick(x.dtype, float, int, unsigned, mask)(x.value, y.value));
  }

  private compare(x: Lanes, y: Lanes, float: VectorBinary, int: VectorBinary, unsigned = int, mask = int): Lanes {
    return this.keep('bool', this.pick(x.dtype, float, int, unsigned, mask)(x.value, y.value));
  }

  private pick(
    dtype: DType,
    float: VectorBinary,
    int?: VectorBinary,
    unsigned?: VectorBinary,
    mask?: VectorBinary,
  ): VectorBinary {
    const chosen = { float32: float, int32: int, uint32: unsigned, bool: mask, float64: undefined }[dtype];
    if (chosen === undefined) throw internalError(`wasm: no vector instruction for ${dtype}`);
    return chosen;
  }
}
