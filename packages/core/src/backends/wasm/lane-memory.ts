// How a loop moves along its operands, four elements at a time. The last elements of a run may be fewer than four.

import { bytesPerElement, type DType } from '../../array/dtype';
import { type Expr, type FunctionBuilder, i8x16, i16x8, i32, i32x4, type Local, select, v128 } from './assembler';
import type { Access } from './iteration';
import type { Lanes, VectorCode } from './vector-code';

type Builder = FunctionBuilder<'void'>;
type Pointer = Local<'i32'>;

/** An operand that is read. Make it before the loop. */
export class LaneSource {
  readonly #constant: Lanes | null;
  /** Bytes between elements, where they are read one by one. */
  readonly #step: Local<'i32'> | null;
  /** Bytes from the first element to the others that are read by themselves. */
  readonly #reaches: readonly { readonly lane: number; readonly bytes: Local<'i32'> }[];

  /** `step`: bytes from one element to the next. */
  constructor(
    private readonly f: Builder,
    private readonly code: VectorCode,
    private readonly dtype: DType,
    private readonly access: Access,
    private readonly pointer: Pointer,
    step: Expr<'i32'>,
  ) {
    this.#constant = access === 'uniform' ? this.#loadUniform() : null;
    const gathers = access === 'gather' ? f.local('i32', step) : null;
    this.#step = gathers;
    const alone = gathers ? [1, 2, 3] : access === 'stream' && dtype === 'float64' ? [2] : [];
    this.#reaches = alone.map((lane) => ({ lane, bytes: f.local('i32', gathers ? i32.mul(gathers, lane) : 8 * lane) }));
  }

  /** Whether `limit` has to be called. */
  get limited(): boolean {
    return this.#reaches.length > 0;
  }

  /** For the last round, when fewer than four elements are left: what follows them may lie outside the memory. */
  limit(left: Local<'i32'>): void {
    for (const { lane, bytes } of this.#reaches) {
      const last = i32.sub(left, 1);
      const step = this.#step;
      const reach = step
        ? i32.mul(step, select(i32.gtS(left, lane), i32.const(lane), last))
        : i32.shl(i32.gtS(left, lane), 4);
      this.f.set(bytes, reach);
    }
  }

  read(): Lanes {
    if (this.#constant) return this.#constant;
    const { code, dtype, pointer } = this;
    const at = this.#reaches.map(({ bytes }) => i32.add(pointer, bytes));
    if (this.access === 'stream') {
      if (dtype === 'float64') return code.keep(dtype, v128.load(pointer), v128.load(at[0] as Expr<'i32'>));
      return code.keep(dtype, dtype === 'bool' ? loadMask(pointer) : v128.load(pointer));
    }
    const [second, third, fourth] = at as [Expr<'i32'>, Expr<'i32'>, Expr<'i32'>];
    if (dtype === 'float64') {
      return code.keep(
        dtype,
        v128.load64Lane(second, v128.load64Zero(pointer), 1),
        v128.load64Lane(fourth, v128.load64Zero(third), 1),
      );
    }
    if (dtype === 'bool') {
      const bits = at.reduce(
        (vector, address, i) => i32x4.replaceLane(vector, i + 1, i32.load8U(address)),
        i32x4.splat(i32.load8U(pointer)),
      );
      return code.keep(dtype, i32x4.neg(bits));
    }
    return code.keep(
      dtype,
      at.reduce((vector, address, i) => v128.load32Lane(address, vector, i + 1), v128.load32Zero(pointer)),
    );
  }

  /** To the next four elements. */
  advance(): void {
    if (this.access === 'stream') this.f.increment(this.pointer, 4 * bytesPerElement(this.dtype));
    else if (this.#step) this.f.increment(this.pointer, i32.mul(this.#step, 4));
  }

  #loadUniform(): Lanes {
    const { code, dtype, pointer } = this;
    if (dtype === 'float64') return code.splat(dtype, v128.load64Splat(pointer));
    if (dtype === 'bool') return code.splat(dtype, i32x4.splat(i32.sub(0, i32.load8U(pointer))));
    return code.splat(dtype, v128.load32Splat(pointer));
  }
}

/** A result that is written; its elements follow one another in memory. */
export class LaneTarget {
  constructor(
    private readonly f: Builder,
    private readonly dtype: DType,
    private readonly pointer: Pointer,
  ) {}

  write({ value, high }: Lanes): void {
    const { f, dtype, pointer } = this;
    f.emit(dtype === 'bool' ? v128.store32Lane(pointer, bytesOf(value), 0) : v128.store(pointer, value));
    if (high) f.emit(v128.store(pointer, high, 16));
  }

  /** Writes one of the four elements. */
  writeLane({ value, high }: Lanes, lane: number): void {
    const { f, dtype, pointer } = this;
    if (dtype === 'bool') f.emit(i32.store8(pointer, i32.and(i32x4.extractLane(value, lane), 1), lane));
    else if (high) f.emit(v128.store64Lane(pointer, lane < 2 ? value : high, lane % 2, 8 * lane));
    else f.emit(v128.store32Lane(pointer, value, lane, 4 * lane));
  }

  /** To the next four elements. */
  advance(): void {
    this.f.increment(this.pointer, 4 * bytesPerElement(this.dtype));
  }
}

/** Four bytes 0 or 1 to four masks. */
function loadMask(address: Expr<'i32'>): Expr<'v128'> {
  const bytes = v128.load32Zero(address);
  return i32x4.neg(i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(bytes)));
}

/** Four masks to four bytes 0 or 1, in front. */
function bytesOf(mask: Lanes['value']): Expr<'v128'> {
  const firstBytes = i8x16.shuffle(mask, mask, [0, 4, 8, 12, ...Array.from({ length: 12 }, () => 0)]);
  return v128.and(firstBytes, i8x16.splat(1));
}
