import { type DType, integers } from '../array/dtype';
import { type BinaryOp, binary, type UnaryOp, unary } from './elementwise';

const bits: readonly DType[] = [...integers, 'bool'];

/** Bitwise (or logical) and. */
export const and: BinaryOp = /* @__PURE__ */ binary({
  name: 'and',
  scalar: (c, x, y) => c.and(x, y),
  accepts: bits,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) & (y[j] as number);
  },
  jvp: 'nonDifferentiable',
});

/** Bitwise (or logical) or. */
export const or: BinaryOp = /* @__PURE__ */ binary({
  name: 'or',
  scalar: (c, x, y) => c.or(x, y),
  accepts: bits,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) | (y[j] as number);
  },
  jvp: 'nonDifferentiable',
});

/** Bitwise (or logical) exclusive or. */
export const xor: BinaryOp = /* @__PURE__ */ binary({
  name: 'xor',
  scalar: (c, x, y) => c.xor(x, y),
  accepts: bits,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) ^ (y[j] as number);
  },
  jvp: 'nonDifferentiable',
});

/** Flips every bit; logical not for bool. */
export const not: UnaryOp = /* @__PURE__ */ unary({
  name: 'not',
  scalar: (c, x) => c.not(x),
  accepts: bits,
  loop: (n, x, i, di, o, k) => {
    const mask = x instanceof Uint8Array ? 1 : -1;
    for (; n > 0; n--, i += di) o[k++] = (x[i] as number) ^ mask;
  },
  jvp: 'nonDifferentiable',
});

/** x · 2ʸ without the bits that leave the word; 0 for y ≥ 32. */
export const shiftLeft: BinaryOp = /* @__PURE__ */ binary({
  name: 'shiftLeft',
  scalar: (c, x, y) => c.shiftLeft(x, y),
  accepts: integers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) {
      const by = y[j] as number;
      o[k++] = by >>> 0 < 32 ? (x[i] as number) << by : 0;
    }
  },
  jvp: 'nonDifferentiable',
});

/** Shifts down: uint32 fills with zeros, int32 with the sign. */
export const shiftRight: BinaryOp = /* @__PURE__ */ binary({
  name: 'shiftRight',
  scalar: (c, x, y) => c.shiftRight(x, y),
  accepts: integers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    const signed = x instanceof Int32Array;
    for (; n > 0; n--, i += di, j += dj) {
      const by = y[j] as number;
      const a = x[i] as number;
      if (by >>> 0 < 32) o[k++] = signed ? a >> by : a >>> by;
      else o[k++] = signed && a < 0 ? -1 : 0;
    }
  },
  jvp: 'nonDifferentiable',
});
