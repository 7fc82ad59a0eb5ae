import type { NDArray, Shape } from '@forback/core';
import type { ParameterProduct } from './parameter-products';

/** How a parameter is read as a matrix of inputs and outputs. */
export interface LayerMatrix {
  readonly inputs: number;
  readonly outputs: number;
  /** Which axis of the matrix numbers the inputs. */
  readonly inputAxis: 0 | 1;
  /** The parameter's axes in the order of the matrix; null where they are in that order already. */
  readonly order: readonly number[] | null;
  readonly shape: Shape;
}

/** In which order the inputs of a convolution stand, and so what lies in one group. */
export type ConvolutionGroups = 'kernel' | 'channels';

/**
 * The matrix of a product of a parameter. Where the input axes come first or last, as in dense layers of either
 * orientation and in convolutions, the parameter is read as it lies.
 */
export function layerMatrix(
  { inputAxes, outputAxes, kind }: ParameterProduct,
  shape: Shape,
  groups: ConvolutionGroups,
): LayerMatrix {
  const size = (axes: readonly number[]) => axes.reduce((product, axis) => product * (shape[axis] as number), 1);
  const [inputs, outputs] = [size(inputAxes), size(outputAxes)];
  const [channel, ...taps] = inputAxes;
  const ordered = kind === 'conv' && groups === 'channels' && channel !== undefined ? [...taps, channel] : inputAxes;
  const inputsFirst = [...ordered, ...outputAxes];
  if (isOrdered(inputsFirst)) return { inputs, outputs, inputAxis: 0, order: null, shape };
  const inputsLast = [...outputAxes, ...ordered];
  return { inputs, outputs, inputAxis: 1, order: isOrdered(inputsLast) ? null : inputsLast, shape };
}

/** The parameter as a matrix. */
export function toMatrix(parameter: NDArray, { inputs, outputs, inputAxis, order }: LayerMatrix): NDArray {
  const ordered = order ? parameter.transpose(order) : parameter;
  return ordered.reshape(inputAxis === 1 ? [outputs, inputs] : [inputs, outputs]);
}

/** A matrix in the shape of the parameter. */
export function fromMatrix(matrix: NDArray, { order, shape }: LayerMatrix): NDArray {
  if (!order) return matrix.reshape(shape);
  const ordered = matrix.reshape(order.map((axis) => shape[axis] as number));
  return ordered.transpose(order.map((_, axis) => order.indexOf(axis)));
}

function isOrdered(axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === i);
}
