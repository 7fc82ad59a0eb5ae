import { ArgumentError, DTypeError, NDArray, type Shape, ShapeError } from '@forback/core';

/** Which axis of a matrix of weights numbers the inputs; the other one numbers the outputs. */
export interface MatrixOptions {
  /** 1 for [outputs, inputs] as in the papers, 0 for [inputs, outputs] as in `nn.dense`. Default: 1. */
  inputAxis?: 0 | 1;
}

/** @throws unless `weight` is a matrix of floats and `inputAxis` is 0 or 1. */
export function checkMatrix(name: string, weight: NDArray, inputAxis: number): void {
  if (!(weight instanceof NDArray))
    throw new ArgumentError(`${name}: expected an array of weights, got ${typeof weight}`);
  if (weight.dtype !== 'float32' && weight.dtype !== 'float64') {
    throw new DTypeError(`${name}: expected weights of a float dtype, got ${weight.dtype}`);
  }
  if (weight.ndim !== 2) {
    throw new ShapeError(
      `${name}: expected a matrix of weights, got shape [${weight.shape.join(', ')}]; ` +
        'reshape a convolution to [out, in · kernel]',
    );
  }
  checkInputAxis(name, inputAxis);
}

/** @throws ArgumentError unless it is 0 or 1. */
export function checkInputAxis(name: string, inputAxis: number): void {
  if (inputAxis === 0 || inputAxis === 1) return;
  throw new ArgumentError(`${name}: expected inputAxis 0 or 1, got ${String(inputAxis)}`);
}

/** @throws ShapeError, DTypeError unless the mask is a bool array of the shape of the weights. */
export function checkMask(name: string, what: string, mask: NDArray, shape: Shape): void {
  if (!(mask instanceof NDArray) || mask.dtype !== 'bool') {
    throw new DTypeError(`${name}: expected ${what} to be a bool array, got ${mask?.dtype ?? typeof mask}`);
  }
  if (mask.shape.join() === shape.join()) return;
  throw new ShapeError(`${name}: expected ${what} of shape [${shape.join(', ')}], got [${mask.shape.join(', ')}]`);
}
