import type { TypedArray } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { type ShapedType, sameShape, showType } from '../array/shape';
import { planRuns } from '../backends/strided';
import { DTypeError, ShapeError } from '../errors';
import { bind1 } from '../trace/bind';
import { fillLike } from './broadcast';
import { batchElementwise } from './elementwise';
import { definePrimitive, isLinearOperand, type Primitive } from './primitive';

const selectPrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'select',
  strided: true,
  elementwise: true,
  outputs(inputs) {
    const [condition, x, y] = inputs as [ShapedType, ShapedType, ShapedType];
    if (condition.dtype !== 'bool' || x.dtype !== y.dtype) {
      throw new DTypeError(
        `select: expected a bool and two operands of one dtype, got ${inputs.map(showType).join(', ')}`,
      );
    }
    if (!sameShape(condition.shape, x.shape) || !sameShape(x.shape, y.shape)) {
      throw new ShapeError(`select: expected operands of one shape, got ${inputs.map(showType).join(', ')}`);
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  jvp([condition, x, y], [, tx, ty]) {
    const [c, a, b] = [condition, x, y] as [NDArray, NDArray, NDArray];
    const tangent = tx || ty ? select(c, tx ?? fillLike(a, 0), ty ?? fillLike(b, 0)) : null;
    return { outputs: [select(c, a, b)], tangents: [tangent] };
  },
  transpose([ct], operands) {
    const [condition, x, y] = operands as [NDArray, NDArray, NDArray];
    if (!ct) return [null, null, null];
    const zero = fillLike(ct, 0);
    return [
      null,
      isLinearOperand(x) ? select(condition, ct, zero) : null,
      isLinearOperand(y) ? select(condition, zero, ct) : null,
    ];
  },
  batch: (size, inputs, batched, params) => batchElementwise(selectPrimitive, size, inputs, batched, params),
  lower: {
    scalar: (code, [c, x, y]) =>
      code.select(c as NonNullable<typeof c>, x as NonNullable<typeof x>, y as NonNullable<typeof y>),
    reference({ inputs, outputs }) {
      const { length, count, steps, starts } = planRuns(outputs[0]?.shape ?? [], inputs);
      const [dc, dx, dy] = steps as [number, number, number];
      const [startC, startX, startY] = starts as [Int32Array, Int32Array, Int32Array];
      return (operands, results) => {
        const [c, x, y] = operands as [TypedArray, TypedArray, TypedArray];
        const [o] = results as [TypedArray];
        let k = 0;
        for (let r = 0; r < count; r++) {
          let h = startC[r] as number;
          let i = startX[r] as number;
          let j = startY[r] as number;
          for (let n = length; n > 0; n--, h += dc, i += dx, j += dy)
            o[k++] = c[h] !== 0 ? (x[i] as number) : (y[j] as number);
        }
      };
    },
  },
});

/** x where the condition holds, y elsewhere. */
export function select(condition: NDArray, x: NDArray, y: NDArray): NDArray {
  return bind1(selectPrimitive, [condition, x, y], {});
}
