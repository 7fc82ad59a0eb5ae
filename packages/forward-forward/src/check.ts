import { ArgumentError, DTypeError, type NDArray, ShapeError } from '@forback/core';

/** Refuses a batch that is not float [n, ...] with int32 labels [n] from 0 to classes − 1. */
export function checkBatch(where: string, classes: number, input: NDArray, labels: NDArray): void {
  if (input.ndim < 2 || (input.dtype !== 'float32' && input.dtype !== 'float64')) {
    throw new ShapeError(
      `${where}: expected input to be a float batch [n, ...], got ${input.dtype}[${input.shape.join(', ')}]`,
    );
  }
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
