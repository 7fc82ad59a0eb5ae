import { ArgumentError, array, type NDArray, nn, np, ShapeError } from '@forback/core';
import type { LocalLayer } from './dense-stack';

/** Settings of `localFields`. */
export interface LocalFieldOptions {
  /** Channels, height and width of the input. */
  in: readonly [number, number, number];
  /** Units at each position. */
  out: number;
  /** Height and width of a field. */
  field: number;
  /** Distance between fields. Default: 1. */
  stride?: number;
}

/** Parameters of `localFields`: weight [positions, inputs of a field, out], bias [positions, out]. */
export interface LocalFieldParams {
  weight: NDArray;
  bias: NDArray;
}

/**
 * Local receptive fields without weight sharing: like a convolution with weights of its own at every position (Hinton 2022,
 * sections 3.2 and 4). Images [n, c, h, w] to pre-activations [n, out, rows, columns]; weights N(0, 1 / inputs of a field).
 */
export function localFields(options: LocalFieldOptions): LocalLayer<LocalFieldParams> {
  const { out, field, stride = 1 } = options;
  const [channels, height, width] = options.in;
  if (![channels, height, width, out, field, stride].every((v) => Number.isInteger(v) && v >= 1)) {
    throw new ArgumentError('localFields: expected whole numbers of 1 or more for in, out, field and stride');
  }
  if (field > height || field > width) {
    throw new ArgumentError(`localFields: a field of ${field} does not fit into ${height} × ${width}`);
  }
  const [rows, columns] = [height, width].map((size) => Math.floor((size - field) / stride) + 1) as [number, number];
  const positions = rows * columns;
  const inputs = channels * field * field;
  const places = Int32Array.from({ length: positions * inputs }, (_, at) => {
    const [position, input] = [Math.floor(at / inputs), at % inputs];
    const [channel, dy, dx] = [Math.floor(input / field ** 2), Math.floor(input / field) % field, input % field];
    const y = Math.floor(position / columns) * stride + dy;
    const x = (position % columns) * stride + dx;
    return (channel * height + y) * width + x;
  });
  return {
    init: (key) => ({
      weight: nn.initializers.normal(key, [positions, inputs, out], { std: 1 / Math.sqrt(inputs) }),
      bias: np.zeros([positions, out]),
    }),
    apply({ weight, bias }, input) {
      const n = input.shape[0] as number;
      if (input.ndim !== 4 || input.size !== n * channels * height * width) {
        throw new ShapeError(
          `localFields: expected images [n, ${channels}, ${height}, ${width}], got [${input.shape.join(', ')}]`,
        );
      }
      const patches = np.take(input.reshape([n, -1]), array(places), 1).reshape([n, positions, inputs]);
      const values = np.moveaxis(patches, 1, 0).matmul(weight).add(np.expandDims(bias, 1));
      return values.transpose([1, 2, 0]).reshape([n, out, rows, columns]);
    },
  };
}
