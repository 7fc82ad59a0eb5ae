import type { TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';

/** The numbers of an array where they exist: null for a tracer of vmap or jit, whose arguments cannot be checked. */
export function knownValues(where: string, x: NDArray): TypedArray | null {
  let value: NDArray | null = x;
  while (value !== null && value.trace !== null) value = value.trace.lower(value);
  return value === null ? null : value.elements(where);
}
