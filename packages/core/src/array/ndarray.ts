import { ArgumentError, ConcretizationError, DonatedArrayError, internalError } from '../errors';
import * as np from '../numpy/fluent';
import { assertLive, type Trace } from '../trace/trace';
import { allocate, type DType, type TypedArray } from './dtype';
import { formatArray } from './format';
import { type Shape, type ShapedType, showType, sizeOf } from './shape';
import { Storage } from './storage';

/** What functions of arrays accept: an array, or a number or boolean that adapts to the other operand's dtype. */
export type ArrayLike = NDArray | number | boolean;

/** Nested JavaScript arrays of numbers or booleans, as deep as the array has axes. */
export type NestedArray = number | boolean | readonly NestedArray[];

/**
 * An n-dimensional array: a value with a shape and a dtype. It never changes, and nobody has to free it.
 *
 * Inside a transformed function (`grad`, `vmap`, `jit`, ...) an array may be a tracer: it has a shape and a dtype like any
 * other, but its numbers belong to the transform.
 */
export class NDArray implements ShapedType, Iterable<NDArray> {
  /** @internal */
  readonly trace: Trace | null;
  /** @internal */
  readonly payload: unknown;
  /** @internal A scalar made from a JavaScript number: programs contain it as a constant. */
  readonly literal: boolean;

  private constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    trace: Trace | null,
    payload: unknown,
    literal = false,
  ) {
    this.trace = trace;
    this.payload = payload;
    this.literal = literal;
  }

  /** @internal Takes ownership of the buffer. */
  static fromStorage(data: TypedArray, type: ShapedType): NDArray {
    return new NDArray(type.shape, type.dtype, null, new Storage(data));
  }

  /** @internal */
  static stored(storage: Storage, type: ShapedType): NDArray {
    return new NDArray(type.shape, type.dtype, null, storage);
  }

  /** @internal */
  static scalar(value: number | boolean, dtype: DType): NDArray {
    const data = allocate(dtype, 1);
    data[0] = Number(dtype === 'bool' ? Boolean(value) : value);
    return new NDArray([], dtype, null, new Storage(data), true);
  }

  /** @internal */
  static traced(type: ShapedType, trace: Trace, payload: unknown): NDArray {
    return new NDArray(type.shape, type.dtype, trace, payload);
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** @internal The same array as another object. */
  alias(): NDArray {
    return new NDArray(this.shape, this.dtype, this.trace, this.payload, this.literal);
  }

  /** @internal The elements themselves; callers must not write to them. */
  elements(where: string): TypedArray {
    return this.storage(where).local;
  }

  /** @internal */
  storage(where: string): Storage {
    if (this.trace !== null) {
      assertLive(this.trace, where);
      const value = this.trace.lower(this);
      if (value !== null) return value.storage(where);
      throw new ConcretizationError(
        `${where}: the numbers of this ${showType(this)} are not known while ${this.trace.name} traces the function. ` +
          'Use np.where instead of if, shapes instead of values, or pass the value as a static argument (staticArgnums).',
      );
    }
    const storage = this.payload as Storage;
    if (storage.takenBy === 'dispose')
      throw new DonatedArrayError(
        `${where}: this ${showType(this)} was disposed of; dispose of arrays after their last use`,
      );
    if (storage.takenBy !== null) {
      throw new DonatedArrayError(
        `${where}: this ${showType(this)} was donated to ${storage.takenBy} and its buffer has been reused. ` +
          "Use that call's result instead, or do not donate this argument.",
      );
    }
    return storage;
  }

  /** @internal */
  giveAway(to: string): void {
    if (this.trace !== null) throw internalError('a tracer cannot be donated');
    (this.payload as Storage).giveAway(to);
  }

  /**
   * Gives the memory back at once. Nobody has to: arrays that are no longer used are found, only later. It pays in loops that make
   * large arrays without ever waiting. Reading the array afterwards is an error; inside a transform nothing happens.
   */
  dispose(): void {
    if (this.trace === null) (this.payload as Storage).giveAway('dispose');
  }

  /** A copy of the elements in row-major order. Works on every backend. */
  async data(): Promise<TypedArray> {
    return this.dataSync();
  }

  /** A copy of the elements in row-major order; bool as 0 and 1. */
  dataSync(): TypedArray {
    return this.elements('dataSync').slice();
  }

  /** The only element. Throws for arrays of any other size. */
  item(): number {
    if (this.size !== 1) {
      throw new ArgumentError(
        `item: expected an array with one element, got ${showType(this)}; reduce or index it first`,
      );
    }
    return this.elements('item')[0] as number;
  }

  /** Nested JavaScript arrays; a number (or boolean) for a scalar. */
  toJS(): NestedArray {
    const data = this.elements('toJS');
    let at = 0;
    const build = (axis: number): NestedArray => {
      if (axis === this.shape.length) {
        const value = data[at++] as number;
        return this.dtype === 'bool' ? value !== 0 : value;
      }
      return Array.from({ length: this.shape[axis] as number }, () => build(axis + 1));
    };
    return build(0);
  }

  toString(): string {
    if (this.trace === null) return formatArray(this, this.elements('toString'));
    const value = this.trace.lower(this);
    return value?.toString() ?? `${showType(this)} traced by ${this.trace.name}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const donated = this.trace === null && (this.payload as Storage).takenBy !== null;
    return donated ? `${showType(this)} donated` : this.toString();
  }

  /** The sub-arrays along the first axis. */
  *[Symbol.iterator](): Iterator<NDArray> {
    const n = np.iterableLength(this);
    for (let i = 0; i < n; i++) yield this.at(i);
  }

  // Arithmetic, with broadcasting and promotion as in `np`.
  add(other: ArrayLike): NDArray {
    return np.add(this, other);
  }
  sub(other: ArrayLike): NDArray {
    return np.subtract(this, other);
  }
  mul(other: ArrayLike): NDArray {
    return np.multiply(this, other);
  }
  div(other: ArrayLike): NDArray {
    return np.divide(this, other);
  }
  pow(exponent: ArrayLike): NDArray {
    return np.power(this, exponent);
  }
  neg(): NDArray {
    return np.negative(this);
  }

  // Comparisons give bool arrays.
  less(other: ArrayLike): NDArray {
    return np.less(this, other);
  }
  lessEqual(other: ArrayLike): NDArray {
    return np.lessEqual(this, other);
  }
  greater(other: ArrayLike): NDArray {
    return np.greater(this, other);
  }
  greaterEqual(other: ArrayLike): NDArray {
    return np.greaterEqual(this, other);
  }
  equal(other: ArrayLike): NDArray {
    return np.equal(this, other);
  }
  notEqual(other: ArrayLike): NDArray {
    return np.notEqual(this, other);
  }

  // Reductions over the given axes (default: all).
  sum(axis?: np.Axes, options?: np.ReduceOptions): NDArray {
    return np.sum(this, axis, options);
  }
  mean(axis?: np.Axes, options?: np.ReduceOptions): NDArray {
    return np.mean(this, axis, options);
  }
  max(axis?: np.Axes, options?: np.ReduceOptions): NDArray {
    return np.max(this, axis, options);
  }
  min(axis?: np.Axes, options?: np.ReduceOptions): NDArray {
    return np.min(this, axis, options);
  }

  /** Matrix product, as `np.matmul`. */
  matmul(other: NDArray): NDArray {
    return np.matmul(this, other);
  }

  /** Reverses the axes, or permutes them: axis i of the result is axis `permutation[i]` of this array. */
  transpose(permutation?: readonly number[]): NDArray {
    return np.transpose(this, permutation);
  }
  /** All axes reversed. */
  get T(): NDArray {
    return np.transpose(this);
  }
  /** The same elements in another shape; one size may be -1. */
  reshape(shape: readonly number[]): NDArray {
    return np.reshape(this, shape);
  }
  ravel(): NDArray {
    return np.reshape(this, [-1]);
  }
  /** The sub-array at an index of the first axis (and of the following ones); negative counts from the end. */
  at(...indices: number[]): NDArray {
    return np.at(this, ...indices);
  }
  /** The part from `start` to `stop` (excluded) along each given axis; negative counts from the end. */
  slice(...ranges: np.SliceRange[]): NDArray {
    return np.slice(this, ...ranges);
  }
  astype(dtype: DType): NDArray {
    return np.astype(this, dtype);
  }
}
