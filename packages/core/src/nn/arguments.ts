import { isInteger } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import { ArgumentError, DTypeError } from '../errors';
import { knownValues } from '../random/known-values';

/** Refuses a number that is not what the argument takes. */
export function checkNumber(where: string, name: string, value: number, fine: boolean, expected: string): void {
  if (typeof value === 'number' && fine) return;
  throw new ArgumentError(`${where}: expected ${name} to be ${expected}, got ${String(value)}`);
}

export function checkPositiveInteger(where: string, name: string, value: number): void {
  checkNumber(where, name, value, Number.isInteger(value) && value > 0, 'a whole number of 1 or more');
}

/** Checks integer class labels. Inside vmap and jit their values are not known. */
export function checkLabels(where: string, name: string, labels: NDArray, classes: number): void {
  if (!isInteger(labels.dtype)) {
    throw new DTypeError(
      `${where}: expected ${name} to be integers, got ${showType(labels)}; convert with astype('int32')`,
    );
  }
  const bad = knownValues(where, labels)?.find((label) => label < 0 || label >= classes);
  if (bad === undefined) return;
  throw new ArgumentError(`${where}: expected ${name} from 0 to ${classes - 1}, got ${bad}`);
}
