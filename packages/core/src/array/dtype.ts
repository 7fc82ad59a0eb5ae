import { DTypeError } from '../errors';

/** Element types. bool is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'uint32' | 'bool';

export interface StorageOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  bool: Uint8Array;
}

/** The buffer behind an array. */
export type TypedArray = StorageOf[DType];

export const dtypes: readonly DType[] = ['bool', 'uint32', 'int32', 'float32', 'float64'];

export const floats: readonly DType[] = ['float32', 'float64'];
export const integers: readonly DType[] = ['int32', 'uint32'];
/** Dtypes with an arithmetic. */
export const numbers: readonly DType[] = [...floats, ...integers];

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

export function allocate<D extends DType>(dtype: D, length: number): StorageOf[D] {
  return new constructors[dtype](length) as StorageOf[D];
}

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

export function isInteger(dtype: DType): boolean {
  return dtype === 'int32' || dtype === 'uint32';
}

/** The least and the greatest value; infinities for floats. */
export function limitsOf(dtype: DType): readonly [number, number] {
  if (dtype === 'bool') return [0, 1];
  if (dtype === 'int32') return [-2147483648, 2147483647];
  return dtype === 'uint32' ? [0, 4294967295] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

function isDType(value: unknown): value is DType {
  return typeof value === 'string' && (dtypes as readonly string[]).includes(value);
}

export function checkDType(where: string, value: unknown): DType {
  if (isDType(value)) return value;
  throw new DTypeError(`${where}: expected a dtype (${dtypes.join(', ')}), got ${String(value)}`);
}

/** The dtype that a typed array holds; undefined for arrays without one (bytes, 16 bits, 64-bit integers). */
export function dtypeOfStorage(data: unknown): DType | undefined {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  return undefined;
}

/**
 * The common dtype of two arrays: the later one in bool, uint32, int32, float32, float64.
 *
 * | | bool | uint32 | int32 | float32 | float64 |
 * |---|---|---|---|---|---|
 * | **bool** | bool | uint32 | int32 | float32 | float64 |
 * | **uint32** | uint32 | uint32 | int32 | float32 | float64 |
 * | **int32** | int32 | int32 | int32 | float32 | float64 |
 * | **float32** | float32 | float32 | float32 | float32 | float64 |
 * | **float64** | float64 | float64 | float64 | float64 | float64 |
 *
 * This is NumPy's table where NumPy's answer exists here. It differs in two places, so that float64 and int64 never
 * appear unasked: an integer with float32 stays float32 (NumPy: float64), and uint32 with int32 is int32 (NumPy: int64).
 */
export function promoteDTypes(a: DType, b: DType): DType {
  return dtypes.indexOf(a) >= dtypes.indexOf(b) ? a : b;
}

/**
 * The dtype of an operation between an array and a JavaScript number or boolean, which adapt to the array:
 * a whole number keeps any numeric dtype, a fraction (or NaN, Infinity) makes integers float32, bool becomes int32 or float32.
 */
export function promoteWithScalar(dtype: DType, value: number | boolean): DType {
  if (typeof value === 'boolean' || isFloating(dtype)) return dtype;
  if (!Number.isInteger(value)) return 'float32';
  return dtype === 'bool' ? 'int32' : dtype;
}
