import { describe, expect, test } from 'vitest';
import { broadcastIndex, byIndex, element } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll } from '../../test/support/sampler';
import { between, extreme, values } from '../../test/support/values';
import { type DType, isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { broadcastShapes } from '../array/shape';
import { grad } from '../transforms/grad';
import * as np from '.';

const { array } = np;

type Binary = (x: NDArray, y: NDArray) => NDArray;

/** What the typed array makes of a number. */
const stored: Record<DType, (x: number) => number> = {
  float32: Math.fround,
  float64: (x) => x,
  int32: (x) => x | 0,
  uint32: (x) => x >>> 0,
  bool: Number,
};

/** Checks a function of two arrays against its definition for two numbers, over broadcast shapes and dtypes. */
function definedBy(
  op: Binary,
  dtypes: readonly DType[],
  result: (dtype: DType) => DType,
  f: (a: number, b: number, dtype: DType) => number,
): void {
  forAll(60, (s) => {
    const full = s.shape();
    const part = () => full.slice(s.int(0, full.length)).map((n) => (s.bool() ? n : 1));
    const dtype = s.pick(dtypes);
    const odd = s.bool() ? extreme : [];
    const [x, y] = [values(part(), dtype, s.seed(), { odd }), values(part(), dtype, s.seed(), { odd })];
    const shape = broadcastShapes('test', x.shape, y.shape);
    const out = result(dtype);
    const expected = byIndex(shape, out, (index) =>
      f(element(x, broadcastIndex(index, x.shape)), element(y, broadcastIndex(index, y.shape)), dtype),
    );
    expect(op(x, y)).toHaveSameBits(expected);
  });
}

const same = (dtype: DType) => dtype;
const bool = () => 'bool' as const;
const whole: DType[] = ['int32', 'uint32'];
const numbers: DType[] = ['float32', 'float64', ...whole];
const all: DType[] = [...numbers, 'bool'];
const isWhole = (dtype: DType) => !isFloating(dtype);

describe('two operands, by their definitions for numbers', () => {
  const round = (x: number, dtype: DType) => stored[dtype](x);

  test('add, logical or for bool', () =>
    definedBy(np.add, all, same, (a, b, d) => (d === 'bool' ? a | b : round(a + b, d))));
  test('subtract', () => definedBy(np.subtract, numbers, same, (a, b, d) => round(a - b, d)));
  test('multiply, logical and for bool', () =>
    definedBy(np.multiply, all, same, (a, b, d) => (isWhole(d) ? round(Math.imul(a, b), d) : round(a * b, d))));
  test('divide', () =>
    definedBy(
      np.divide,
      all,
      (d) => (d === 'float64' ? d : 'float32'),
      (a, b, d) =>
        round(
          round(a, d === 'float64' ? d : 'float32') / round(b, d === 'float64' ? d : 'float32'),
          d === 'float64' ? d : 'float32',
        ),
    ));
  test('maximum and minimum, NaN wins', () => {
    definedBy(np.maximum, all, same, (a, b) => Math.max(a, b));
    definedBy(np.minimum, all, same, (a, b) => Math.min(a, b));
  });
  test('comparisons; NaN is not equal to itself', () => {
    definedBy(np.equal, all, bool, (a, b) => Number(a === b));
    definedBy(np.notEqual, all, bool, (a, b) => Number(a !== b));
    definedBy(np.less, all, bool, (a, b) => Number(a < b));
    definedBy(np.lessEqual, all, bool, (a, b) => Number(a <= b));
    definedBy(np.greater, all, bool, (a, b) => Number(a > b));
    definedBy(np.greaterEqual, all, bool, (a, b) => Number(a >= b));
  });
  test('logic takes everything but 0 for true', () => {
    definedBy(np.logicalAnd, all, bool, (a, b) => Number(a !== 0 && b !== 0));
    definedBy(np.logicalOr, all, bool, (a, b) => Number(a !== 0 || b !== 0));
    definedBy(np.logicalXor, all, bool, (a, b) => Number((a !== 0) !== (b !== 0)));
  });
  test('bits', () => {
    const bits: DType[] = [...whole, 'bool'];
    definedBy(np.bitwiseAnd, bits, same, (a, b, d) => round(a & b, d));
    definedBy(np.bitwiseOr, bits, same, (a, b, d) => round(a | b, d));
    definedBy(np.bitwiseXor, bits, same, (a, b, d) => round(a ^ b, d));
    const shift = (x: number, by: number, f: () => bigint, d: DType) =>
      by >>> 0 >= 32 ? (d === 'int32' && x < 0 ? -1 : 0) : Number(f());
    definedBy(np.leftShift, whole, same, (a, b, d) =>
      b >>> 0 >= 32 ? 0 : Number((d === 'int32' ? BigInt.asIntN : BigInt.asUintN)(32, BigInt(a) << BigInt(b))),
    );
    definedBy(np.rightShift, whole, same, (a, b, d) => shift(a, b, () => BigInt(a) >> BigInt(b), d));
  });
  test('arctan2', () => definedBy(np.arctan2, ['float64'], same, Math.atan2));
  test('where', () =>
    definedBy(
      (x, y) => np.where(x.less(y), x, y),
      numbers,
      same,
      (a, b) => {
        if (a < b) return a;
        return b;
      },
    ));
});

describe('quotient and remainder', () => {
  // Python's divmod, of which NumPy's functions are the elementwise form.
  const floorDivide = (a: number, b: number) => {
    if (b === 0) return a / b;
    const remainder = a % b;
    return Math.round((a - remainder) / b) - Number(remainder !== 0 && remainder < 0 !== b < 0);
  };
  const mod = (a: number, b: number) => {
    const remainder = a % b;
    return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  };

  test('of whole numbers round down; a division by 0 gives 0', () => {
    definedBy(np.floorDivide, whole, same, (a, b, d) => (b === 0 ? 0 : stored[d](Math.floor(a / b))));
    definedBy(np.mod, whole, same, (a, b, d) => (b === 0 ? 0 : stored[d](a - b * Math.floor(a / b))));
  });

  test('of floats', () => {
    expect(np.floorDivide(array([7, -7, 7, -7, 1, 0]), array([2, 2, -2, -2, 0, 5]))).toHaveSameBits([
      3,
      -4,
      -4,
      3,
      Number.POSITIVE_INFINITY,
      0,
    ]);
    expect(np.mod(array([7, -7, 7, -7]), array([2, 2, -2, -2]))).toHaveSameBits([1, 1, -1, -1]);
    definedBy(np.mod, ['float64'], same, mod);
  });

  test('a quotient that is rounded to a whole number is still rounded down: 1 // 0.1 is 9', () => {
    const [one, tenth] = [array(1, { dtype: 'float64' }), array(0.1, { dtype: 'float64' })];
    expect(np.floorDivide(one, tenth).item()).toBe(9);
    forAll(200, (s) => {
      const [a, b] = [values([], 'float64', s.seed()), values([], 'float64', s.seed(), { domain: between(0.01, 1) })];
      const q = np.floorDivide(a, b).item();
      expect(q).toBe(floorDivide(a.item(), b.item()));
      expect(q * b.item() + np.mod(a, b).item()).toBeCloseTo(a.item(), 12);
    });
  });

  test('derivatives: the remainder moves with x, and against y in steps', () => {
    const [x, y] = [array(7.5, { dtype: 'float64' }), array(-2, { dtype: 'float64' })];
    expect(grad((a: NDArray, b: NDArray) => np.mod(a, b), { argnums: [0, 1] })(x, y)).toBeAllclose([
      array(1, { dtype: 'float64' }),
      array(4, { dtype: 'float64' }),
    ]);
    expect(grad(np.floorDivide)(x, y)).toBeAllclose(0);
  });
});

describe('power', () => {
  test('of whole numbers is exact and wraps; negative exponents give the whole part', () => {
    const powers = (base: number, exponent: number) =>
      np
        .power(array([base], { dtype: 'int32' }), array([exponent], { dtype: 'int32' }))
        .at(0)
        .item();
    for (let base = -4; base <= 4; base++) {
      for (let exponent = 0; exponent < 40; exponent++) {
        expect(powers(base, exponent)).toBe(Number(BigInt.asIntN(32, BigInt(base) ** BigInt(exponent))));
      }
    }
    expect([powers(1, -3), powers(-1, -3), powers(-1, -2), powers(2, -1)]).toEqual([1, -1, 1, 0]);
    expect(
      np
        .power(array([3], { dtype: 'uint32' }), array([40], { dtype: 'uint32' }))
        .at(0)
        .item(),
    ).toBe(Number(BigInt.asUintN(32, 3n ** 40n)));
  });

  test('of floats is Math.pow; small whole exponents agree up to rounding', () => {
    definedBy(np.power, ['float64'], same, (a, b) => a ** b);
    const x = values([20], 'float64', 1);
    for (let n = -8; n <= 8; n++) {
      expect(np.power(x, n)).toBeAllclose(np.power(x, np.fullLike(x, n)), { rtol: 1e-14 });
    }
    expect(np.power(array([-2, 0]), 0)).toHaveSameBits([1, 1]);
  });

  test('a fractional exponent of whole numbers gives floats', () => {
    expect(np.power(array([4], { dtype: 'int32' }), 0.5)).toHaveSameBits(array([2]));
  });

  test('derivatives at zero', () => {
    const d = (x: number, y: number) =>
      (
        grad((a: NDArray, b: NDArray) => np.power(a, b), { argnums: [0, 1] })(
          array(x, { dtype: 'float64' }),
          array(y, { dtype: 'float64' }),
        ) as [NDArray, NDArray]
      ).map((g) => g.item());
    expect(d(0, 2)).toEqual([0, 0]);
    expect(d(0, 1)).toEqual([1, 0]);
    expect(d(2, 0)[0]).toBe(0);
    expect(d(0, 0)).toEqual([0, 0]);
    expect(grad((x: NDArray) => np.power(x, 3))(array(0))).toHaveSameBits(array(0));
  });
});

describe('one operand, by its definition for numbers', () => {
  const cases: [string, (x: NDArray) => NDArray, (x: number) => number][] = [
    ['negative', np.negative, (x) => -x],
    ['abs', np.abs, Math.abs],
    ['sign', np.sign, Math.sign],
    ['square', np.square, (x) => x * x],
    ['reciprocal', np.reciprocal, (x) => 1 / x],
    ['floor', np.floor, Math.floor],
    ['ceil', np.ceil, Math.ceil],
    ['sqrt', np.sqrt, Math.sqrt],
    ['rsqrt', np.rsqrt, (x) => 1 / Math.sqrt(x)],
    ['exp', np.exp, Math.exp],
    ['expm1', np.expm1, Math.expm1],
    ['log', np.log, Math.log],
    ['log1p', np.log1p, Math.log1p],
    ['sin', np.sin, Math.sin],
    ['cos', np.cos, Math.cos],
    ['tan', np.tan, Math.tan],
    ['arcsin', np.arcsin, Math.asin],
    ['arccos', np.arccos, Math.acos],
    ['arctan', np.arctan, Math.atan],
    ['sinh', np.sinh, Math.sinh],
    ['cosh', np.cosh, Math.cosh],
    ['tanh', np.tanh, Math.tanh],
    ['arcsinh', np.arcsinh, Math.asinh],
    ['arccosh', np.arccosh, Math.acosh],
    ['arctanh', np.arctanh, Math.atanh],
  ];
  test.each(cases)('%s', (_name, op, f) => {
    forAll(20, (s) => {
      const x = values(s.shape(), 'float64', s.seed(), { odd: extreme });
      expect(op(x)).toHaveSameBits(byIndex(x.shape, 'float64', (index) => f(element(x, index))));
    });
  });

  test('round takes halves to the even neighbour', () => {
    expect(
      np.round(array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 1e10, Number.NaN, Number.NEGATIVE_INFINITY])),
    ).toHaveSameBits([0, 2, 2, -0, -2, 0, 1e10, Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  test('rounding leaves whole numbers alone', () => {
    const i = array([1, -2], { dtype: 'int32' });
    for (const op of [np.floor, np.ceil, np.round]) expect(op(i)).toBe(i);
  });

  test('wrap-around: the smallest int32, and uint32 below 0', () => {
    const smallest = array([-(2 ** 31)], { dtype: 'int32' });
    expect(np.abs(smallest)).toHaveSameBits(smallest);
    expect(np.negative(array([1], { dtype: 'uint32' }))).toHaveSameBits(array([2 ** 32 - 1], { dtype: 'uint32' }));
  });

  test('what is finite', () => {
    const x = array([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(np.isNaN(x).toJS()).toEqual([false, true, false, false]);
    expect(np.isFinite(x).toJS()).toEqual([true, false, false, false]);
    expect(np.isInf(x).toJS()).toEqual([false, false, true, true]);
    expect(np.isFinite(array([1], { dtype: 'int32' })).toJS()).toEqual([true]);
  });

  test('logicalNot and bitwiseNot', () => {
    expect(np.logicalNot(array([0, 2, -0, Number.NaN])).toJS()).toEqual([true, false, true, false]);
    expect(np.bitwiseNot(array([0, 5], { dtype: 'int32' }))).toHaveSameBits(array([-1, -6], { dtype: 'int32' }));
    expect(np.bitwiseNot(array([0], { dtype: 'uint32' }))).toHaveSameBits(array([2 ** 32 - 1], { dtype: 'uint32' }));
  });

  test('special functions at published values', () => {
    const at = (f: (x: number) => NDArray, x: number) => f(x).astype('float64').item();
    // Abramowitz and Stegun, tables 7.1, 6.1 and 6.3.
    expect(at(np.erf, 0.5)).toBeCloseTo(0.5204998778, 6);
    expect(at(np.erfc, 2)).toBeCloseTo(0.0046777349810473, 8);
    expect(at(np.erfInv, 0.5204998778)).toBeCloseTo(0.5, 5);
    expect(at(np.lgamma, 1.5)).toBeCloseTo(-0.1207822376, 6);
    expect(at(np.digamma, 1)).toBeCloseTo(-0.5772156649, 6);
    expect(np.polygamma(1, 1).item()).toBeCloseTo(Math.PI ** 2 / 6, 5);
  });
});

describe('clip, where and casts', () => {
  test('clip limits one side or both, also by arrays', () => {
    const x = array([-2, 0, 5]);
    expect(np.clip(x, -1, 1)).toHaveSameBits([-1, 0, 1]);
    expect(np.clip(x, null, 1)).toHaveSameBits([-2, 0, 1]);
    expect(np.clip(x, 0, null)).toHaveSameBits([0, 0, 5]);
    expect(np.clip(x, array([-3, 1, 6]), array([[9], [2]]))).toHaveSameBits([
      [-2, 1, 6],
      [-2, 1, 2],
    ]);
    expect(grad((v: NDArray) => np.sum(np.clip(v, -1, 1)))(x)).toHaveSameBits([0, 1, 0]);
  });

  test('where broadcasts all three and promotes two', () => {
    const result = np.where(array([[true], [false]]), array([1, 2], { dtype: 'int32' }), 0.5);
    expect(result).toHaveSameBits(
      array([
        [1, 2],
        [0.5, 0.5],
      ]),
    );
    expect(np.where(array([0, 2, Number.NaN]), 1, 0)).toHaveSameBits([0, 1, 1]);
    expect(np.where(array([true, false, true]), 1, array(2, { dtype: 'int32' }))).toHaveSameBits(
      array([1, 2, 1], { dtype: 'int32' }),
    );
  });

  test('where hides what it does not choose, in values and in derivatives', () => {
    const safe = (v: NDArray) => np.sum(np.where(v.greater(0), np.log(np.where(v.greater(0), v, 1)), 0));
    expect(grad(safe)(array([-1, 0, 2]))).toBeAllclose([0, 0, 0.5]);
  });

  test('casts cut fractions, stop at the ends of the range, and make 0 of NaN', () => {
    const x = array([1.9, -1.9, 3e9, -3e9, Number.NaN, Number.POSITIVE_INFINITY], { dtype: 'float64' });
    expect(x.astype('int32')).toHaveSameBits(
      array([1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 2 ** 31 - 1], { dtype: 'float64' }).astype('int32'),
    );
    expect([...x.astype('int32').dataSync()]).toEqual([1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 2 ** 31 - 1]);
    expect([...x.astype('uint32').dataSync()]).toEqual([1, 0, 3e9, 0, 0, 2 ** 32 - 1]);
    expect([...array([-1], { dtype: 'int32' }).astype('uint32').dataSync()]).toEqual([2 ** 32 - 1]);
    expect([...array([-0.5, 0, Number.NaN]).astype('bool').dataSync()]).toEqual([1, 0, 1]);
  });
});
