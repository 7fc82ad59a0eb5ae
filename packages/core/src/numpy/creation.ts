import { allocate, checkDType, type DType, dtypeOfStorage, isFloating, type TypedArray } from '../array/dtype';
import { type ArrayLike, NDArray, type NestedArray } from '../array/ndarray';
import { checkAxis, checkShape, type Shape, showShape, sizeOf } from '../array/shape';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { add } from '../primitives/arithmetic';
import { fill, fillLike } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import { equal, greaterEqual, lessEqual } from '../primitives/compare';
import { iota } from '../primitives/iota';
import { select } from '../primitives/select';
import { findTrace } from '../trace/trace';
import { asArray } from './operands';

export interface ArrayOptions {
  /** The shape of flat data; the number of elements must agree. Default: the nesting of the data. */
  shape?: Shape;
  /** Default: float32 for numbers, bool for booleans, a typed array's own dtype. */
  dtype?: DType;
}

/**
 * An array from numbers or booleans, nested lists of them, a typed array, or another array. The data are copied.
 *
 * @throws ShapeError for ragged lists or a shape that does not fit; DTypeError for typed arrays whose dtype is not
 * obvious (bytes, 16 bits, 64-bit integers) unless `dtype` is given.
 */
export function array(
  data: ArrayLike | NestedArray | TypedArray | ArrayBufferView,
  options: ArrayOptions = {},
): NDArray {
  if (data instanceof NDArray) {
    const cast = options.dtype === undefined ? data : data.astype(checkDType('array', options.dtype));
    return options.shape === undefined ? cast : cast.reshape(options.shape);
  }
  if (ArrayBuffer.isView(data)) return fromTypedArray(data as unknown as Indexed<number | bigint>, options);
  return fromNested(data, options);
}

/** What typed arrays have in common. */
type Indexed<T> = { readonly length: number; readonly [index: number]: T };

function fromTypedArray(data: Indexed<number | bigint>, options: ArrayOptions): NDArray {
  const dtype = options.dtype === undefined ? dtypeOfStorage(data) : checkDType('array', options.dtype);
  const kind = (data as object).constructor.name;
  if (dtype === undefined) {
    throw new DTypeError(
      `array: a ${kind} has no dtype of its own here; say which you want: { dtype: 'float32' }, ...`,
    );
  }
  if (typeof data.length !== 'number') throw new ArgumentError(`array: expected numbers, got a ${kind}`);
  return wrap(convert(data, dtype), dtype, options.shape ?? [data.length]);
}

function convert(data: Indexed<number | bigint>, dtype: DType): TypedArray {
  const out = allocate(dtype, data.length);
  for (let i = 0; i < data.length; i++) out[i] = dtype === 'bool' ? Number(Boolean(data[i])) : Number(data[i]);
  return out;
}

function wrap(data: TypedArray, dtype: DType, shape: Shape): NDArray {
  const checked = checkShape('array', shape);
  if (sizeOf(checked) !== data.length) {
    throw new ShapeError(`array: shape ${showShape(checked)} takes ${sizeOf(checked)} elements, got ${data.length}`);
  }
  return NDArray.fromStorage(data, { shape: checked, dtype });
}

function fromNested(data: NestedArray, options: ArrayOptions): NDArray {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: (number | boolean)[] = [];
  const visit = (value: unknown, depth: number, path: string): void => {
    if (Array.isArray(value)) {
      if (depth >= shape.length || value.length !== shape[depth]) {
        throw new ShapeError(
          `array: ragged list: expected ${shape[depth] ?? 'a number'} at data${path}, got ${value.length} elements`,
        );
      }
      value.forEach((item, i) => {
        visit(item, depth + 1, `${path}[${i}]`);
      });
    } else if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ArgumentError(
        `array: expected numbers or booleans, got ${value === null ? 'null' : typeof value} at data${path}`,
      );
    } else if (depth !== shape.length) {
      throw new ShapeError(
        `array: ragged list: expected a list of ${shape[depth]} at data${path}, got ${String(value)}`,
      );
    } else {
      flat.push(value);
    }
  };
  visit(data, 0, '');
  const allBooleans = flat.length > 0 && flat.every((v) => typeof v === 'boolean');
  const dtype = options.dtype === undefined ? (allBooleans ? 'bool' : 'float32') : checkDType('array', options.dtype);
  return wrap(convert(flat.map(Number), dtype), dtype, options.shape ?? shape);
}

export interface DTypeOption {
  /** Default: float32. */
  dtype?: DType;
}

/** A constant of its own: outside of traces, scalars too have a buffer that can be donated. */
function constant(value: number | boolean, shape: Shape, dtype: DType): NDArray {
  const x = fill(value, shape, dtype);
  return x.literal && findTrace('full', []) === null
    ? NDArray.fromStorage(x.elements('full').slice(), { shape, dtype })
    : x;
}

/** An array of one value. Without `dtype`: float32 for a number, bool for a boolean. */
export function full(shape: Shape, value: number | boolean, options: DTypeOption = {}): NDArray {
  const dtype =
    options.dtype === undefined ? (typeof value === 'boolean' ? 'bool' : 'float32') : checkDType('full', options.dtype);
  return constant(value, checkShape('full', shape), dtype);
}

/** Zeros. */
export function zeros(shape: Shape, options: DTypeOption = {}): NDArray {
  return constant(0, checkShape('zeros', shape), checkDType('zeros', options.dtype ?? 'float32'));
}

/** Ones. */
export function ones(shape: Shape, options: DTypeOption = {}): NDArray {
  return constant(1, checkShape('ones', shape), checkDType('ones', options.dtype ?? 'float32'));
}

/** Zeros of the shape and dtype of x. */
export function zerosLike(x: ArrayLike): NDArray {
  const { shape, dtype } = asArray('zerosLike', x);
  return constant(0, shape, dtype);
}

/** Ones of the shape and dtype of x. */
export function onesLike(x: ArrayLike): NDArray {
  const { shape, dtype } = asArray('onesLike', x);
  return constant(1, shape, dtype);
}

/** The value everywhere, in the shape and dtype of x. */
export function fullLike(x: ArrayLike, value: number): NDArray {
  const { shape, dtype } = asArray('fullLike', x);
  return constant(value, shape, dtype);
}

/** The n × m matrix with ones on the main diagonal (m defaults to n). */
export function eye(n: number, m: number = n, options: DTypeOption = {}): NDArray {
  const shape = checkShape('eye', [n, m]);
  return cast(equal(iota(shape, 0, 'int32'), iota(shape, 1, 'int32')), checkDType('eye', options.dtype ?? 'float32'));
}

/** Numbers from `start` to `stop` (excluded) in steps. One argument counts from 0. Default dtype: int32 if all are whole, else float32. */
export function arange(start: number, stop?: number, step = 1, options: DTypeOption = {}): NDArray {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (![from, to, step].every(Number.isFinite) || step === 0) {
    throw new ArgumentError(`arange: expected finite numbers and a step other than 0, got ${from}, ${to}, ${step}`);
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const dtype = checkDType('arange', options.dtype ?? (whole ? 'int32' : 'float32'));
  return listed(n, (i) => from + i * step, dtype);
}

function listed(n: number, element: (i: number) => number, dtype: DType): NDArray {
  return NDArray.fromStorage(
    convert(
      Array.from({ length: n }, (_, i) => element(i)),
      dtype,
    ),
    { shape: [n], dtype },
  );
}

/** n numbers from `start` to `stop`, both included, at equal distances. */
export function linspace(start: number, stop: number, n = 50, options: DTypeOption = {}): NDArray {
  checkShape('linspace', [n]);
  const dtype = checkDType('linspace', options.dtype ?? 'float32');
  const step = (stop - start) / (n - 1);
  // Whole numbers are those below, as in NumPy.
  const round = isFloating(dtype) ? (x: number) => x : Math.floor;
  return listed(n, (i) => round(i === 0 ? start : i === n - 1 ? stop : start + i * step), dtype);
}

/** int32 positions along an axis: 0, 1, 2, ..., the same along the other axes. */
export function indices(shape: Shape, axis: number): NDArray {
  const checked = checkShape('indices', shape);
  return iota(checked, checkAxis('indices', axis, checked.length), 'int32');
}

function triangle(name: string, x: ArrayLike, k: number, lower: boolean): NDArray {
  const a = asArray(name, x);
  if (a.ndim < 2) throw new ShapeError(`${name}: expected a matrix, got shape ${showShape(a.shape)}`);
  const rows = iota(a.shape, a.ndim - 2, 'int32');
  const columns = iota(a.shape, a.ndim - 1, 'int32');
  const edge = add(rows, fillLike(rows, k));
  return select(lower ? lessEqual(columns, edge) : greaterEqual(columns, edge), a, fillLike(a, 0));
}

/** The lower triangle up to diagonal k, zeros above; for the last two axes. */
export function tril(x: ArrayLike, k = 0): NDArray {
  return triangle('tril', x, k, true);
}

/** The upper triangle from diagonal k on, zeros below; for the last two axes. */
export function triu(x: ArrayLike, k = 0): NDArray {
  return triangle('triu', x, k, false);
}
