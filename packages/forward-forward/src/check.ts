import { ArgumentError, DTypeError, type NDArray, ShapeError } from '@forback/core';

/** Refuses what is not a float batch [n, ...]. */
export function checkInput(where: string, input: NDArray): void {
  if (input.ndim >= 2 && (input.dtype === 'float32' || input.dtype === 'float64')) return;
  throw new ShapeError(
    `${where}: expected input to be a float batch [n, ...], got ${input.dtype}[${input.shape.join(', ')}]; ` +
      "np.expandDims(x, 0) makes a batch of one example, x.astype('float32') makes floats",
  );
}

/** Refuses a batch that is not float [n, ...] with int32 labels [n] from 0 to classes − 1. */
export function checkBatch(where: string, classes: number, input: NDArray, labels: NDArray): void {
  checkInput(where, input);
  if (labels.dtype !== 'int32' || labels.ndim !== 1 || labels.shape[0] !== input.shape[0]) {
    throw new DTypeError(
      `${where}: expected labels to be int32[${input.shape[0]}], got ${labels.dtype}[${labels.shape.join(', ')}]`,
    );
  }
  if (labels.trace === null) checkLabels(where, classes, labels);
}

/** Refuses labels outside 0 ... classes − 1. */
export function checkLabels(where: string, classes: number, labels: NDArray): void {
  const bad = labels.dataSync().find((label) => label < 0 || label >= classes);
  if (bad !== undefined) throw new ArgumentError(`${where}: expected labels from 0 to ${classes - 1}, got ${bad}`);
}

/** Refuses indices that do not name a layer. */
export function checkLayers(where: string, name: string, chosen: readonly number[], layers: number): void {
  if (chosen.length > 0 && chosen.every((i) => Number.isInteger(i) && i >= 0 && i < layers)) return;
  throw new ArgumentError(
    `${where}: expected ${name} to be indices from 0 to ${layers - 1}, got [${chosen.join(', ')}]`,
  );
}

/** Refuses a number of classes that leaves nothing to tell apart. */
export function checkClasses(where: string, classes: number): void {
  if (Number.isInteger(classes) && classes >= 2) return;
  throw new ArgumentError(
    `${where}: expected classes to be 2 or more, got ${classes}; with one class there are no negatives`,
  );
}

/** Refuses a setting that has to be a number above 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new ArgumentError(`${where}: expected ${name} to be a number above 0, got ${value}`);
}

/** Refuses a setting that has to be a whole number of at least `least`. */
export function checkWhole(where: string, name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ArgumentError(`${where}: expected ${name} to be a whole number of ${least} or more, got ${value}`);
}

/** Refuses a setting that is none of the names it may have. */
export function checkName<T extends string>(where: string, name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ArgumentError(
    `${where}: expected ${name} to be ${allowed.map((a) => `'${a}'`).join(' or ')}, got '${value}'`,
  );
}

/** Refuses a choice of layers where all of them learn at every step. */
export function checkAllLearn(where: string, active: readonly number[] | undefined, layers: number): void {
  if (active === undefined || new Set(active).size === layers) return;
  throw new ArgumentError(
    `${where}: all ${layers} layers learn together, got active [${active.join(', ')}]; leave it out`,
  );
}
