import { type DType, dtypes } from '../array/dtype';
import { type BinaryOp, binary } from './elementwise';

const shared = { accepts: dtypes, result: 'bool' as DType, jvp: 'nonDifferentiable' as const };

/** x = y. */
export const equal: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'equal',
  scalar: (c, x, y) => c.equal(x, y),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) === (y[j] as number) ? 1 : 0;
  },
});

/** x ≠ y. */
export const notEqual: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'notEqual',
  scalar: (c, x, y) => c.not(c.equal(x, y)),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) !== (y[j] as number) ? 1 : 0;
  },
});

/** x < y. */
export const less: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'less',
  scalar: (c, x, y) => c.less(x, y),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) < (y[j] as number) ? 1 : 0;
  },
});

/** x <= y. */
export const lessEqual: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'lessEqual',
  scalar: (c, x, y) => c.lessEqual(x, y),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) <= (y[j] as number) ? 1 : 0;
  },
});

/** x > y. */
export const greater: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'greater',
  scalar: (c, x, y) => c.less(y, x),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) > (y[j] as number) ? 1 : 0;
  },
});

/** x >= y. */
export const greaterEqual: BinaryOp = /* @__PURE__ */ binary({
  ...shared,
  name: 'greaterEqual',
  scalar: (c, x, y) => c.lessEqual(y, x),
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) >= (y[j] as number) ? 1 : 0;
  },
});
