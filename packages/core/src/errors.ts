const marker = Symbol.for('@forback/core/error');

/** Base of every error that forback throws on purpose. `isInstance` also recognises errors of a second copy of the package. */
export class ForbackError extends Error {
  readonly [marker] = true;
  override readonly name: string = 'ForbackError';

  static isInstance(value: unknown): value is ForbackError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}

/** Shapes, axes or sizes that do not fit. */
export class ShapeError extends ForbackError {
  override readonly name = 'ShapeError';
}

/** A dtype that the operation does not take. */
export class DTypeError extends ForbackError {
  override readonly name = 'DTypeError';
}

/** An argument whose value is outside what the function accepts. */
export class ArgumentError extends ForbackError {
  override readonly name = 'ArgumentError';
}

/** A tree whose structure or leaves are not what the function accepts. */
export class TreeError extends ForbackError {
  override readonly name = 'TreeError';
}

/** An array whose buffer was given away with `jit(f, { donate })` is read again. */
export class DonatedArrayError extends ForbackError {
  override readonly name = 'DonatedArrayError';
}

/** A value from inside a transformed function is used after that function has returned. */
export class LeakedTracerError extends ForbackError {
  override readonly name = 'LeakedTracerError';
}

/** The numbers of an abstract array are asked for while a function is being traced. */
export class ConcretizationError extends ForbackError {
  override readonly name = 'ConcretizationError';
}

/** A function is differentiated or transposed where no derivative exists. */
export class DifferentiationError extends ForbackError {
  override readonly name = 'DifferentiationError';
}

/** The engine cannot do what was asked for (no WebAssembly SIMD, out of memory). */
export class BackendError extends ForbackError {
  override readonly name = 'BackendError';
}

/** Bytes that are not a file of the expected format. */
export class FormatError extends ForbackError {
  override readonly name = 'FormatError';
}

/** A state that correct library code cannot reach. */
export function internalError(message: string): ForbackError {
  return new ForbackError(`internal error: ${message}; please report this`);
}
