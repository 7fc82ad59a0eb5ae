import { array, type NDArray } from '@forback/core';
import type { Tensor } from './participant';

export function toArray({ data, shape }: Tensor): NDArray {
  return array(data, { shape, dtype: data instanceof Int32Array ? 'int32' : 'float32' });
}

function toTensor(x: NDArray): Tensor {
  return { shape: x.shape, data: x.dataSync() as Float32Array };
}

export function toTensors(arrays: Record<string, NDArray>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, toTensor(x)]));
}
