import { ArgumentError, ConcretizationError, DTypeError, NDArray, ShapeError } from '@forback/core';

/**
 * Checks that an array is a permutation of 0 ... n − 1, as far as its numbers are known.
 *
 * @throws DTypeError, ShapeError, ArgumentError where it is not.
 */
export function checkPermutation(name: string, permutation: NDArray, n: number): void {
  if (!(permutation instanceof NDArray) || permutation.dtype !== 'int32') {
    throw new DTypeError(
      `${name}: expected permutation to be an int32 array, got ${permutation?.dtype ?? typeof permutation}`,
    );
  }
  if (permutation.ndim !== 1 || permutation.shape[0] !== n) {
    throw new ShapeError(
      `${name}: expected a permutation of the ${n} outputs, int32[${n}], got int32[${permutation.shape.join(', ')}]`,
    );
  }
  const known = numbersOf(permutation);
  if (known === null) return;
  const seen = new Set(known);
  if (seen.size === n && known.every((i) => i >= 0 && i < n)) return;
  throw new ArgumentError(`${name}: expected each of 0 to ${n - 1} once in the permutation, got [${show(known)}]`);
}

function show(values: readonly number[]): string {
  return values.length > 12 ? `${values.slice(0, 12).join(', ')}, ...` : values.join(', ');
}

/** The numbers of an array, or null where they are not known yet (inside `jit` and other transforms). */
function numbersOf(x: NDArray): number[] | null {
  try {
    return [...x.dataSync()];
  } catch (error) {
    if (error instanceof ConcretizationError) return null;
    throw error;
  }
}
