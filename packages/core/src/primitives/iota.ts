import type { DType, TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type Shape, type ShapedType, sizeOf } from '../array/shape';
import { bind1 } from '../trace/bind';
import { notLinear } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

interface IotaParams {
  shape: readonly number[];
  axis: number;
  dtype: DType;
}

const iotaPrimitive: Primitive<IotaParams> = /* @__PURE__ */ definePrimitive<IotaParams>({
  name: 'iota',
  outputs: (_inputs, { shape, dtype }) => [{ shape, dtype }],
  jvp: (_primals, _tangents, params) => ({ outputs: [bind1(iotaPrimitive, [], params)], tangents: [null] }),
  transpose: notLinear('iota'),
  batch: (_size, _inputs, _batched, params) => ({ outputs: [bind1(iotaPrimitive, [], params)], batched: [false] }),
  lower: {
    reference({ outputs, params }) {
      const { shape } = outputs[0] as ShapedType;
      const n = shape[params.axis] as number;
      const inner = sizeOf(shape.slice(params.axis + 1));
      return (_inputs, [o]) => {
        const out = o as TypedArray;
        for (let k = 0; k < out.length; k++) out[k] = Math.floor(k / inner) % n;
      };
    },
  },
});

/** 0, 1, 2, ... along an axis, repeated along the others. */
export function iota(shape: Shape, axis: number, dtype: DType): NDArray {
  return bind1(iotaPrimitive, [], { shape: [...shape], axis, dtype });
}
