import { ArgumentError, DTypeError, type NDArray, ShapeError, tree } from '@forback/core';

/** @throws ArgumentError for anything but a function. */
export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ArgumentError(`${where}: expected ${name} to be a function, got ${typeof value}`);
}

/** @throws ArgumentError unless the value is a scalar. */
export function checkScalar(where: string, value: NDArray): void {
  if (value.ndim === 0) return;
  throw new ArgumentError(
    `${where}: expected the loss to return a scalar, got shape [${value.shape.join(', ')}]; reduce it with mean() or sum()`,
  );
}

/** @throws ArgumentError, DTypeError unless there are arrays, all of floats. */
export function checkParameters(where: string, argnums: number, params: unknown): void {
  const found = tree.paths(params);
  if (found.length === 0) {
    throw new ArgumentError(`${where}: argument ${argnums} has no arrays to differentiate; check argnums`);
  }
  for (const { path, leaf } of found) {
    if (leaf.dtype === 'float32' || leaf.dtype === 'float64') continue;
    throw new DTypeError(
      `${where}: argument ${argnums} has ${leaf.dtype} numbers${path && ` at ${path}`}; only float arrays have a ` +
        'gradient. Convert them with astype, or keep them out of the parameters.',
    );
  }
}

/** @throws ShapeError unless the trees have the same paths, shapes and dtypes. */
export function checkGuess(where: string, guess: unknown, params: unknown): void {
  const [got, expected] = [guess, params].map((found) =>
    tree.paths(found).map(({ path, leaf }) => `${path || 'array'} ${leaf.dtype}[${leaf.shape.join(', ')}]`),
  ) as [string[], string[]];
  const at = Math.max(got.length, expected.length);
  for (let i = 0; i < at; i++) {
    if (got[i] === expected[i]) continue;
    throw new ShapeError(
      `${where}: expected the guess to be like the parameters, with ${expected[i] ?? 'no further array'}, ` +
        `got ${got[i] ?? 'no further array'}`,
    );
  }
}
