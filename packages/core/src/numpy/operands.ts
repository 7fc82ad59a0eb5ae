import { type DType, isFloating, promoteDTypes, promoteWithScalar } from '../array/dtype';
import { type ArrayLike, NDArray } from '../array/ndarray';
import { broadcastShapes } from '../array/shape';
import { ArgumentError } from '../errors';
import { broadcastTo } from '../primitives/broadcast';
import { cast } from '../primitives/cast';

/** An array from an operand; a number becomes a float32 scalar, a boolean a bool scalar. */
export function asArray(where: string, x: ArrayLike): NDArray {
  if (x instanceof NDArray) return x;
  if (typeof x === 'number') return NDArray.scalar(x, 'float32');
  if (typeof x === 'boolean') return NDArray.scalar(x, 'bool');
  throw new ArgumentError(
    `${where}: expected an array, a number or a boolean, got ${describe(x)}; make arrays with array(...)`,
  );
}

function describe(x: unknown): string {
  if (Array.isArray(x)) return 'a list';
  return x === null ? 'null' : typeof x;
}

/** The common dtype of operands; JavaScript numbers adapt to the arrays. */
export function resultDType(where: string, operands: readonly ArrayLike[]): DType {
  const arrays = operands.filter((x) => x instanceof NDArray);
  const scalars = operands.filter((x) => typeof x === 'number' || typeof x === 'boolean');
  if (arrays.length === 0) {
    return operands.map((x) => asArray(where, x).dtype).reduce(promoteDTypes);
  }
  const dtype = arrays.map((x) => x.dtype).reduce(promoteDTypes);
  return scalars.reduce<DType>((d, value) => promoteDTypes(d, promoteWithScalar(d, value)), dtype);
}

function convert(where: string, x: ArrayLike, dtype: DType): NDArray {
  if (typeof x === 'number' || typeof x === 'boolean') return NDArray.scalar(x, dtype);
  return cast(asArray(where, x), dtype);
}

/** Operands of one dtype and one shape. */
export function promote(
  where: string,
  operands: readonly ArrayLike[],
  dtype = resultDType(where, operands),
): NDArray[] {
  const arrays = operands.map((x) => convert(where, x, dtype));
  const shape = broadcastShapes(where, ...arrays.map((x) => x.shape));
  return arrays.map((x) => broadcastTo(x, shape));
}

/** Operands of one float dtype and one shape; whole numbers become float32. */
export function promoteFloats(where: string, operands: readonly ArrayLike[]): NDArray[] {
  const dtype = resultDType(where, operands);
  return promote(where, operands, isFloating(dtype) ? dtype : 'float32');
}

/** One operand as a float array. */
export function asFloat(where: string, x: ArrayLike): NDArray {
  const array = asArray(where, x);
  return isFloating(array.dtype) ? array : cast(array, 'float32');
}
