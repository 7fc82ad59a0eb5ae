import { type DType, isFloating } from '../array/dtype';
import type { ArrayLike, NDArray } from '../array/ndarray';
import { broadcastShapes } from '../array/shape';
import { DTypeError } from '../errors';
import * as arithmetic from '../primitives/arithmetic';
import * as bitwise from '../primitives/bitwise';
import { broadcastTo, fillLike } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import * as compare from '../primitives/compare';
import * as elementary from '../primitives/elementary';
import { select } from '../primitives/select';
import { asArray, asFloat, promote, promoteFloats, resultDType } from './operands';

type Pair = [NDArray, NDArray];

/** x + y; logical or for two bool operands. */
export function add(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promote('add', [x, y]) as Pair;
  return a.dtype === 'bool' ? bitwise.or(a, b) : arithmetic.add(a, b);
}

/** x − y. */
export function subtract(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promote('subtract', [x, y]) as Pair;
  return arithmetic.sub(a, b);
}

/** x · y; logical and for two bool operands. */
export function multiply(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promote('multiply', [x, y]) as Pair;
  return a.dtype === 'bool' ? bitwise.and(a, b) : arithmetic.mul(a, b);
}

/** x / y as a float, also for whole numbers. */
export function divide(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promoteFloats('divide', [x, y]) as Pair;
  return arithmetic.div(a, b);
}

/** The largest whole number not above x / y, in the operands' dtype. Whole numbers divided by 0 give 0. */
export function floorDivide(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promote('floorDivide', [x, y]) as Pair;
  const quotient = arithmetic.div(a, b);
  if (a.dtype === 'uint32') return quotient;
  const remainder = arithmetic.rem(a, b);
  const upwards = cast(roundedUp(remainder, b), a.dtype);
  // Division of whole numbers rounds towards zero; one less where that was upwards.
  if (!isFloating(a.dtype)) return arithmetic.sub(quotient, upwards);
  // The quotient of floats may have been rounded up to a whole number, the remainder is exact.
  const exact = arithmetic.sub(arithmetic.round(arithmetic.div(arithmetic.sub(a, remainder), b)), upwards);
  return select(compare.equal(b, fillLike(b, 0)), quotient, exact);
}

/** Where division towards zero gave more than x / y: the remainder is not 0 and has another sign than y. */
function roundedUp(remainder: NDArray, y: NDArray): NDArray {
  const zero = fillLike(y, 0);
  return bitwise.and(
    compare.notEqual(remainder, zero),
    compare.notEqual(compare.less(remainder, zero), compare.less(y, zero)),
  );
}

/** x − y · floor(x / y): the remainder with the sign of y, as in NumPy. */
export function mod(x: ArrayLike, y: ArrayLike): NDArray {
  const [a, b] = promote('mod', [x, y]) as Pair;
  const remainder = arithmetic.rem(a, b);
  return select(roundedUp(remainder, b), arithmetic.add(remainder, b), remainder);
}

/** xʸ. A small whole exponent given as a number is computed by multiplications, which is exact for whole numbers. */
export function power(x: ArrayLike, y: ArrayLike): NDArray {
  if (typeof y === 'number' && Number.isInteger(y) && Math.abs(y) <= 8) {
    const base = asArray('power', x);
    if (base.dtype !== 'bool' && (y >= 0 || isFloating(base.dtype))) return integerPower(base, y);
  }
  const [a, b] = promote('power', [x, y]) as Pair;
  return arithmetic.pow(a, b);
}

function integerPower(x: NDArray, exponent: number): NDArray {
  if (exponent < 0) return arithmetic.div(fillLike(x, 1), integerPower(x, -exponent));
  if (exponent === 0) return fillLike(x, 1);
  if (exponent === 1) return x;
  const half = integerPower(x, Math.floor(exponent / 2));
  const squared = arithmetic.mul(half, half);
  return exponent % 2 === 1 ? arithmetic.mul(squared, x) : squared;
}

/** The larger of two; NaN if either is NaN. */
export function maximum(x: ArrayLike, y: ArrayLike): NDArray {
  return arithmetic.maximum(...(promote('maximum', [x, y]) as Pair));
}

/** The smaller of two; NaN if either is NaN. */
export function minimum(x: ArrayLike, y: ArrayLike): NDArray {
  return arithmetic.minimum(...(promote('minimum', [x, y]) as Pair));
}

/** x limited to [low, high]; null leaves a side open. */
export function clip(x: ArrayLike, low: ArrayLike | null, high: ArrayLike | null): NDArray {
  const raised = low === null ? asArray('clip', x) : maximum(x, low);
  return high === null ? raised : minimum(raised, high);
}

function comparison(name: string, op: (a: NDArray, b: NDArray) => NDArray, x: ArrayLike, y: ArrayLike): NDArray {
  return op(...(promote(name, [x, y]) as Pair));
}

/** x = y, as bool. */
export function equal(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('equal', compare.equal, x, y);
}
/** x ≠ y, as bool. */
export function notEqual(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('notEqual', compare.notEqual, x, y);
}
/** x < y, as bool. */
export function less(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('less', compare.less, x, y);
}
/** x ≤ y, as bool. */
export function lessEqual(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('lessEqual', compare.lessEqual, x, y);
}
/** x > y, as bool. */
export function greater(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('greater', compare.greater, x, y);
}
/** x ≥ y, as bool. */
export function greaterEqual(x: ArrayLike, y: ArrayLike): NDArray {
  return comparison('greaterEqual', compare.greaterEqual, x, y);
}

/** x where the condition holds, y elsewhere; all three broadcast. Derivatives flow only through the chosen side. */
export function where(condition: ArrayLike, x: ArrayLike, y: ArrayLike): NDArray {
  const dtype = resultDType('where', [x, y]);
  const test = asBool('where', condition);
  const [a, b] = promote('where', [x, y], dtype) as Pair;
  const shape = broadcastShapes('where', test.shape, a.shape);
  return select(broadcastTo(test, shape), broadcastTo(a, shape), broadcastTo(b, shape));
}

function asBool(name: string, x: ArrayLike): NDArray {
  const array = asArray(name, x);
  if (array.dtype === 'bool') return array;
  return compare.notEqual(array, fillLike(array, 0));
}

/** True where both are true (not 0). */
export function logicalAnd(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.and(...(promote('logicalAnd', [asBool('logicalAnd', x), asBool('logicalAnd', y)]) as Pair));
}
/** True where at least one is true (not 0). */
export function logicalOr(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.or(...(promote('logicalOr', [asBool('logicalOr', x), asBool('logicalOr', y)]) as Pair));
}
/** True where exactly one is true (not 0). */
export function logicalXor(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.xor(...(promote('logicalXor', [asBool('logicalXor', x), asBool('logicalXor', y)]) as Pair));
}
/** True where x is false (0). */
export function logicalNot(x: ArrayLike): NDArray {
  return bitwise.not(asBool('logicalNot', x));
}

/** The bits that both whole numbers have. */
export function bitwiseAnd(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.and(...(promote('bitwiseAnd', [x, y]) as Pair));
}
/** The bits that either whole number has. */
export function bitwiseOr(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.or(...(promote('bitwiseOr', [x, y]) as Pair));
}
/** The bits that exactly one of two whole numbers has. */
export function bitwiseXor(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.xor(...(promote('bitwiseXor', [x, y]) as Pair));
}
/** Every bit of a whole number flipped. */
export function bitwiseNot(x: ArrayLike): NDArray {
  return bitwise.not(asArray('bitwiseNot', x));
}
/** x · 2ʸ without the bits that leave the word. */
export function leftShift(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.shiftLeft(...(promote('leftShift', [x, y]) as Pair));
}
/** Shifts down: uint32 fills with zeros, int32 with the sign. */
export function rightShift(x: ArrayLike, y: ArrayLike): NDArray {
  return bitwise.shiftRight(...(promote('rightShift', [x, y]) as Pair));
}

/** The angle of the point (x, y) in radians, −π to π. */
export function arctan2(y: ArrayLike, x: ArrayLike): NDArray {
  return elementary.atan2(...(promoteFloats('arctan2', [y, x]) as Pair));
}

/** −x. */
export function negative(x: ArrayLike): NDArray {
  return arithmetic.neg(asArray('negative', x));
}
/** |x|. */
export function abs(x: ArrayLike): NDArray {
  return arithmetic.abs(asArray('abs', x));
}
/** −1, 0 or 1. */
export function sign(x: ArrayLike): NDArray {
  return elementary.sign(asArray('sign', x));
}
/** x². */
export function square(x: ArrayLike): NDArray {
  const a = asArray('square', x);
  return arithmetic.mul(a, a);
}
/** 1 / x. */
export function reciprocal(x: ArrayLike): NDArray {
  const a = asFloat('reciprocal', x);
  return arithmetic.div(fillLike(a, 1), a);
}

/** True where x is NaN. */
export function isNaN(x: ArrayLike): NDArray {
  const a = asArray('isNaN', x);
  return compare.notEqual(a, a);
}
/** True where x is neither NaN nor infinite. */
export function isFinite(x: ArrayLike): NDArray {
  const a = asFloat('isFinite', x);
  return compare.less(arithmetic.abs(a), fillLike(a, Number.POSITIVE_INFINITY));
}
/** True where x is infinite. */
export function isInf(x: ArrayLike): NDArray {
  const a = asFloat('isInf', x);
  return compare.equal(arithmetic.abs(a), fillLike(a, Number.POSITIVE_INFINITY));
}

/** The same numbers in another dtype: fractions are cut, values beyond the range become its end, NaN becomes 0. */
export function astype(x: ArrayLike, dtype: DType): NDArray {
  return cast(asArray('astype', x), dtype);
}

/** The derivative of order `order + 1` of `lgamma`, for whole orders from 0 on. */
export function polygamma(order: number, x: ArrayLike): NDArray {
  if (!Number.isInteger(order) || order < 0) {
    throw new DTypeError(`polygamma: expected order to be a whole number of 0 or more, got ${order}`);
  }
  return elementary.polygamma(asFloat('polygamma', x), order);
}

/** eˣ. */
export function exp(x: ArrayLike): NDArray {
  return elementary.exp(asFloat('exp', x));
}

/** eˣ − 1, exact near 0. */
export function expm1(x: ArrayLike): NDArray {
  return elementary.expm1(asFloat('expm1', x));
}

/** Natural logarithm. */
export function log(x: ArrayLike): NDArray {
  return elementary.log(asFloat('log', x));
}

/** log(1 + x), exact near 0. */
export function log1p(x: ArrayLike): NDArray {
  return elementary.log1p(asFloat('log1p', x));
}

/** √x. */
export function sqrt(x: ArrayLike): NDArray {
  return elementary.sqrt(asFloat('sqrt', x));
}

/** 1 / √x. */
export function rsqrt(x: ArrayLike): NDArray {
  return elementary.rsqrt(asFloat('rsqrt', x));
}

/** Sine; x in radians. */
export function sin(x: ArrayLike): NDArray {
  return elementary.sin(asFloat('sin', x));
}

/** Cosine; x in radians. */
export function cos(x: ArrayLike): NDArray {
  return elementary.cos(asFloat('cos', x));
}

/** Tangent; x in radians. */
export function tan(x: ArrayLike): NDArray {
  return elementary.tan(asFloat('tan', x));
}

/** Arc sine in radians. */
export function arcsin(x: ArrayLike): NDArray {
  return elementary.asin(asFloat('arcsin', x));
}

/** Arc cosine in radians. */
export function arccos(x: ArrayLike): NDArray {
  return elementary.acos(asFloat('arccos', x));
}

/** Arc tangent in radians. */
export function arctan(x: ArrayLike): NDArray {
  return elementary.atan(asFloat('arctan', x));
}

/** Hyperbolic sine. */
export function sinh(x: ArrayLike): NDArray {
  return elementary.sinh(asFloat('sinh', x));
}

/** Hyperbolic cosine. */
export function cosh(x: ArrayLike): NDArray {
  return elementary.cosh(asFloat('cosh', x));
}

/** Hyperbolic tangent. */
export function tanh(x: ArrayLike): NDArray {
  return elementary.tanh(asFloat('tanh', x));
}

/** Inverse hyperbolic sine. */
export function arcsinh(x: ArrayLike): NDArray {
  return elementary.asinh(asFloat('arcsinh', x));
}

/** Inverse hyperbolic cosine. */
export function arccosh(x: ArrayLike): NDArray {
  return elementary.acosh(asFloat('arccosh', x));
}

/** Inverse hyperbolic tangent. */
export function arctanh(x: ArrayLike): NDArray {
  return elementary.atanh(asFloat('arctanh', x));
}

/** 2/√π ∫₀ˣ exp(−u²) du. */
export function erf(x: ArrayLike): NDArray {
  return elementary.erf(asFloat('erf', x));
}

/** 1 − erf(x). */
export function erfc(x: ArrayLike): NDArray {
  return elementary.erfc(asFloat('erfc', x));
}

/** The inverse of erf. */
export function erfInv(x: ArrayLike): NDArray {
  return elementary.erfInv(asFloat('erfInv', x));
}

/** log |Γ(x)|. */
export function lgamma(x: ArrayLike): NDArray {
  return elementary.lgamma(asFloat('lgamma', x));
}

/** d/dx log Γ(x). */
export function digamma(x: ArrayLike): NDArray {
  return elementary.polygamma(asFloat('digamma', x), 0);
}

/** The largest whole number not above x. */
export function floor(x: ArrayLike): NDArray {
  const a = asArray('floor', x);
  return isFloating(a.dtype) ? arithmetic.floor(a) : a;
}

/** The smallest whole number not below x. */
export function ceil(x: ArrayLike): NDArray {
  const a = asArray('ceil', x);
  return isFloating(a.dtype) ? arithmetic.ceil(a) : a;
}

/** The nearest whole number; halves to the even one. */
export function round(x: ArrayLike): NDArray {
  const a = asArray('round', x);
  return isFloating(a.dtype) ? arithmetic.round(a) : a;
}
