import { type DType, isFloating, isInteger, limitsOf, type TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import type { ShapedType } from '../array/shape';
import { bind1 } from '../trace/bind';
import { batchElementwise, notLinear, unaryKernel } from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

interface CastParams {
  dtype: DType;
}

const castPrimitive: Primitive<CastParams> = /* @__PURE__ */ definePrimitive<CastParams>({
  name: 'cast',
  relayout: true,
  strided: true,
  elementwise: true,
  outputs([x], { dtype }) {
    return [{ shape: (x as ShapedType).shape, dtype }];
  },
  jvp([x], [t], { dtype }) {
    return { outputs: [cast(x as NDArray, dtype)], tangents: [t && isFloating(dtype) ? cast(t, dtype) : null] };
  },
  transpose([ct], [x]) {
    return [ct && x ? cast(ct, x.dtype) : null];
  },
  batch: (size, inputs, batched, params) => batchElementwise(castPrimitive as Primitive, size, inputs, batched, params),
  lower: {
    scalar: (code, [x], { dtype }) => code.cast(x as NonNullable<typeof x>, dtype),
    reference(context) {
      const from = context.inputs[0]?.dtype as DType;
      const { dtype } = context.params;
      const toBool = dtype === 'bool';
      const clamp = isFloating(from) && isInteger(dtype);
      const [low, high] = limitsOf(dtype);
      return unaryKernel((n, x, i, di, o, k) => {
        if (toBool) for (; n > 0; n--, i += di) o[k++] = x[i] !== 0 ? 1 : 0;
        else if (clamp)
          for (; n > 0; n--, i += di) o[k++] = Math.min(high, Math.max(low, Math.trunc(x[i] as number) || 0));
        else copyRun(n, x, i, di, o, k);
      })(context as never);
    },
  },
});

function copyRun(n: number, x: TypedArray, i: number, di: number, o: TypedArray, k: number): void {
  for (; n > 0; n--, i += di) o[k++] = x[i] as number;
}

/**
 * The same numbers in another dtype. A fraction loses its fractional part; a value outside the integer's range becomes
 * the nearest end of it, NaN becomes 0; everything but 0 is true.
 */
export function cast(x: NDArray, dtype: DType): NDArray {
  return x.dtype === dtype ? x : bind1(castPrimitive, [x], { dtype });
}

const stopPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'stopGradient',
  strided: true,
  elementwise: true,
  outputs: ([x]) => [{ shape: (x as ShapedType).shape, dtype: (x as ShapedType).dtype }],
  jvp: ([x]) => ({ outputs: [stopGradient(x as NDArray)], tangents: [null] }),
  transpose: notLinear('stopGradient'),
  batch: (_size, [x], batched) => ({ outputs: [stopGradient(x as NDArray)], batched }),
  view: (input) => input,
  lower: { reference: (context) => unaryKernel(copyRun)(context) },
});

/** The value of x with a derivative of zero. */
export function stopGradient(x: NDArray): NDArray {
  return bind1(stopPrimitive, [x], {});
}
