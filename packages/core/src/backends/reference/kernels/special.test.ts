import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erf, erfc, erfInv, lgamma, polygamma } from './special';

// Tables: arguments, then the value to the nearest double, computed with 40 decimal digits (mpmath 1.3).

const ERF = [
  [1e-310, 1.1283791670955e-310],
  [1e-8, 1.1283791670955126e-8],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [0.999, 0.8422852702064969],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [3.5, 0.9999992569016276],
  [5.9, 0.9999999999999999],
] as const;

const ERFC = [
  [-2, 1.9953222650189528],
  [-0.3, 1.3286267594591274],
  [1e-20, 1],
  [0.4, 0.5716076449533315],
  [0.5, 0.4795001221869535],
  [0.75, 0.28884436634648486],
  [1, 0.15729920705028513],
  [2, 0.004677734981047266],
  [3.7, 1.6715105790914599e-7],
  [5.99, 2.4300455127321346e-17],
  [6.01, 1.905345579029651e-17],
  [10, 2.088487583762545e-45],
  [20, 5.395865611607901e-176],
  [26.5, 2.2109076642637343e-307],
  [27.2, 1e-323],
] as const;

const ERF_INV = [
  [1e-300, 8.86226925452758e-301],
  [1e-5, 8.862269254759594e-6],
  [0.1, 0.08885599049425769],
  [0.3, 0.2724627147267543],
  [0.4999999, 0.4769361649459939],
  [0.5, 0.4769362762044699],
  [0.7, 0.7328690779592167],
  [0.9, 1.1630871536766743],
  [0.99, 1.8213863677184494],
  [0.9999, 2.75106390571208],
  [0.99999999, 4.052237243268763],
  [0.9999999999999999, 5.8635847487551676],
] as const;

const LGAMMA = [
  [1e-300, 690.7755278982137],
  [1e-9, 20.723265836369194],
  [0.1, 2.252712651734206],
  [0.4999, 0.5725613186041184],
  [0.5, 0.5723649429247001],
  [0.9999999, 5.772157468444193e-8],
  [1.0000001, -5.772155829918507e-8],
  [1.4616, -0.12148629003589732],
  [1.5, -0.12078223763524522],
  [1.9999999, -4.2278430309861296e-8],
  [2.0000001, 4.227843666532498e-8],
  [2.5, 0.2846828704729192],
  [3.25, 0.9358019311087253],
  [7, 6.579251212010101],
  [11.9, 17.25847745059552],
  [12.1, 17.74700727079874],
  [100, 359.1342053695754],
  [100000, 1051287.7089736569],
  [1e20, 4.505170185988091e21],
  [1e305, 7.012884533631839e307],
  [-1e-9, 20.723265837523627],
  [-0.25, 1.589575312551186],
  [-0.5, 1.2655121234846454],
  [-0.75, 1.5757045971498584],
  [-1.5, 0.860047015376481],
  [-3.7, -1.3797399049658245],
  [-10.1, -13.0209732710115],
  [-100.5, -364.90096830942736],
  [-12345.25, -103963.81743923068],
] as const;

const POLYGAMMA = [
  [0, 1e-300, -9.999999999999999e299],
  [0, 1e-5, -100000.57719921567],
  [0, 0.25, -4.2274535333762655],
  [0, 1, -0.5772156649015329],
  [0, 1.46, -0.0015805619870834522],
  [0, 1.4616321449683622, -9.241265521729427e-17],
  [0, 1.47, 0.008066489011364869],
  [0, 2.5, 0.7031566406452432],
  [0, 7, 1.8727843350984672],
  [0, 11.99, 2.441792283668335],
  [0, 12.01, 2.443530321562468],
  [0, 100, 4.600161852738087],
  [0, 10000000000, 23.025850929890456],
  [0, -1e-7, 9999999.42278417],
  [0, -0.4, 0.9593807861068093],
  [0, -0.6, -0.8947178779184493],
  [0, -3.25, 4.46627587235028],
  [0, -20.75, -0.08514352173418716],
  [0, -1000.125, 14.492855717113763],
  [1, 1e-100, 1e200],
  [1, 1e-5, 10000000001.644909],
  [1, 0.25, 17.19732915450711],
  [1, 1, 1.6449340668482264],
  [1, 2.5, 0.49035775610023485],
  [1, 7, 0.15354517795933756],
  [1, 12.99, 0.08002137748478459],
  [1, 13.01, 0.07989358144406623],
  [1, 100, 0.010050166663333571],
  [1, 10000000000, 1.00000000005e-10],
  [1, 1e200, 1e-200],
  [1, -1e-7, 100000000000001.66],
  [1, -0.4, 9.886209670902357],
  [1, -0.6, 10.053134368307374],
  [1, -3.25, 19.474085068082154],
  [1, -20.75, 19.6921586563725],
  [1, -1000.125, 67.39287502760575],
  [2, 1e-5, -2000000000000002],
  [2, 0.25, -129.32773993753693],
  [2, 1, -2.4041138063191885],
  [2, 2.5, -0.2362040516417274],
  [2, 14.01, -0.0054713680254712274],
  [2, 100, -0.00010100499983335],
  [2, 10000000000, -1.0000000001e-20],
  [2, -0.4, 21.287168462856535],
  [2, -3.25, 123.95521103942203],
  [2, -20.75, -124.02732002961224],
  [3, 1e-5, 5.999999999999999e20],
  [3, 0.25, 1538.7821440091884],
  [3, 1, 6.493939402266829],
  [3, 2.5, 0.22390584881725206],
  [3, 100, 2.030199990001333e-6],
  [3, -0.4, 281.78204104534575],
  [3, -3.25, 1558.508802818279],
  [3, -20.75, 1558.5452483477538],
  [10, 0.01, -3.628799999999999e28],
  [10, 1, -3630593.311606629],
  [10, 2.5, -156.229596593233],
  [10, 30, -7.232051034585708e-10],
  [10, 1000, -3.646977263913514e-25],
  [10, -0.4, 85517084631.51274],
  [10, -3.25, 15220204740667.846],
  [120, 20, -2.523204569149622e41],
  [120, 1000, -5.9158044692867355e-164],
  [120, 3000, -3.1646045256179558e-221],
  [170, 5, -2.172257239974668e187],
  [170, 170, -4.501303181975324e-75],
] as const;

/** Fails unless the value is within the given number of units of 2^-52 of the expected one. */
function expectClose(actual: number, expected: number, units: number): void {
  if (actual === expected) return;
  const bound = Math.max(units * Number.EPSILON * Math.abs(expected), Number.MIN_VALUE);
  expect(Math.abs(actual - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(bound);
}

const DIGITS = 2400n;
const ONE = 1n << DIGITS;

/** arctan(1 / n) in binary fixed point. */
function arctanOfInverse(n: bigint): bigint {
  let sum = 0n;
  let power = ONE / n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += (k % 4n === 1n ? power : -power) / k;
    power /= n * n;
  }
  return sum;
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt(value.toString(2).length);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const ROOT_PI = squareRoot((16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n)) << DIGITS);

/** erf(x / 2^20) in binary fixed point, from its power series; far more digits than cancel up to an argument of 26. */
function exactErf(x: number): bigint {
  const argument = BigInt(x) << (DIGITS - 20n);
  const square = (argument * argument) >> DIGITS;
  let sum = 0n;
  let power = argument;
  for (let k = 0n; power !== 0n; k++) {
    sum += power / (2n * k + 1n);
    power = -((power * square) >> DIGITS) / (k + 1n);
  }
  return (2n * sum * ONE) / ROOT_PI;
}

/** The nearest double of a fixed-point number in [2^-1000, 2]. */
function toNumber(fixed: bigint): number {
  return Number(fixed >> (DIGITS - 1060n)) * 2 ** -530 * 2 ** -530;
}

describe('erf and erfc', () => {
  test('tabulated values', () => {
    for (const [x, value] of ERF) expectClose(erf(x), value, 2);
    for (const [x, value] of ERFC) expectClose(erfc(x), value, 5);
  });

  test('the power series in exact arithmetic, erf to 2 units and erfc to 5', () => {
    const erfProperty = fc.property(fc.integer({ min: 1, max: 6 * 2 ** 20 }), (x) => {
      expectClose(erf(x / 2 ** 20), toNumber(exactErf(x)), 2);
    });
    const erfcProperty = fc.property(fc.integer({ min: 1, max: 26 * 2 ** 20 }), (x) => {
      expectClose(erfc(x / 2 ** 20), toNumber(ONE - exactErf(x)), 5);
    });
    fc.assert(erfProperty, { seed: 1, numRuns: 200 });
    fc.assert(erfcProperty, { seed: 2, numRuns: 100 });
  });

  test('symmetry and ends', () => {
    for (const [x] of ERF) {
      expect(erf(-x)).toBe(-erf(x));
      expect(erfc(-x)).toBe(1 + erf(x));
    }
    expect([erf(0), erf(-0), erf(7), erf(-7)]).toEqual([0, -0, 1, -1]);
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(erf)).toEqual([1, -1, Number.NaN]);
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(erfc)).toEqual([0, 2, Number.NaN]);
    expect([erfc(0), erfc(28), erfc(28.1), erfc(1e200)]).toEqual([1, 0, 0, 0]);
  });
});

describe('erfInv', () => {
  test('tabulated values', () => {
    for (const [y, x] of ERF_INV) {
      expectClose(erfInv(y), x, 4);
      expect(erfInv(-y)).toBe(-erfInv(y));
    }
  });

  test('erf undoes it', () => {
    const property = fc.property(
      fc.double({ min: -1, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
      (y) => {
        expectClose(erf(erfInv(y)), y, 4);
      },
    );
    fc.assert(property, { seed: 3, numRuns: 1000 });
  });

  test('erfc undoes it in the tail, as far as its condition number allows', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 2 ** 52 }),
      fc.integer({ min: 0, max: 52 }),
      (high, shift) => {
        const rest = Math.max(1, Math.floor(high / 2 ** shift)) * 2 ** -53;
        const x = erfInv(1 - rest);
        expectClose(erfc(x), rest, 6 + 4 * x * x);
      },
    );
    fc.assert(property, { seed: 4, numRuns: 1000 });
  });

  test('ends', () => {
    expect([erfInv(0), erfInv(-0)]).toEqual([0, -0]);
    expect([erfInv(1), erfInv(-1)]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect([1.0001, -2, Number.NaN, Number.POSITIVE_INFINITY].map(erfInv)).toEqual([NaN, NaN, NaN, NaN]);
  });
});

describe('lgamma', () => {
  test('tabulated values', () => {
    for (const [x, value] of LGAMMA) expectClose(lgamma(x), value, 6);
  });

  test('factorials', () => {
    let factorial = 1n;
    for (let n = 1; n <= 170; n++) {
      factorial *= BigInt(n);
      expectClose(lgamma(n + 1), Math.log(Number(factorial)), 6);
    }
    expect([lgamma(1), lgamma(2)]).toEqual([0, 0]);
  });

  test('gamma(x + 1) = x gamma(x), on both sides of 0', () => {
    const property = fc.property(fc.integer({ min: -40 * 2 ** 20, max: 40 * 2 ** 20 }), (k) => {
      const x = (k + 0.5) / 2 ** 20;
      const terms = [lgamma(x + 1), -lgamma(x), -Math.log(Math.abs(x))];
      const size = terms.reduce((sum, term) => sum + Math.abs(term), 1);
      expect(Math.abs(terms.reduce((sum, term) => sum + term))).toBeLessThan(8 * Number.EPSILON * size);
    });
    fc.assert(property, { seed: 5, numRuns: 2000 });
  });

  test('the duplication formula', () => {
    const property = fc.property(fc.double({ min: 0.01, max: 50, noNaN: true }), (x) => {
      const [left, right] = [
        lgamma(x) + lgamma(x + 0.5),
        lgamma(2 * x) + (1 - 2 * x) * Math.LN2 + Math.log(Math.PI) / 2,
      ];
      expect(Math.abs(left - right)).toBeLessThan(8 * Number.EPSILON * (1 + x * Math.log(x + 2)));
    });
    fc.assert(property, { seed: 6, numRuns: 1000 });
  });

  test('poles and ends', () => {
    const infinite = [0, -0, -1, -2, -1000, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e307];
    for (const x of infinite) expect(lgamma(x)).toBe(Number.POSITIVE_INFINITY);
    expect(lgamma(Number.NaN)).toBeNaN();
  });
});

describe('polygamma', () => {
  test('tabulated values', () => {
    for (const [n, x, value] of POLYGAMMA) {
      // Next to a zero of the function the error is that of terms of about this size.
      const terms = n === 0 ? 5 : n === 2 && x < 0 ? 200 : 0;
      const error = Math.abs(polygamma(n, x) - value);
      expect(error, `order ${n} at ${x}`).toBeLessThanOrEqual(
        Number.EPSILON * Math.max((5 + n / 8) * Math.abs(value), terms),
      );
    }
  });

  test('constants', () => {
    expectClose(polygamma(0, 0.5), -0.5772156649015329 - 2 * Math.LN2, 4);
    expectClose(polygamma(1, 0.5), Math.PI ** 2 / 2, 4);
    expectClose(polygamma(1, 1), Math.PI ** 2 / 6, 4);
    expectClose(polygamma(3, 1), Math.PI ** 4 / 15, 4);
    expectClose(polygamma(3, 0.5), Math.PI ** 4, 4);
  });

  test('psi_n(x + 1) - psi_n(x) = (-1)^n n! / x^(n + 1), on both sides of 0', () => {
    const property = fc.property(fc.integer({ min: 0, max: 8 }), fc.integer({ min: -200, max: 300 }), (n, k) => {
      const x = (k + 0.5) / 16;
      let [step, factorial] = [(-1) ** n / x, 1];
      for (let i = 1; i <= n; i++) {
        step *= i / x;
        factorial *= i;
      }
      const [above, below] = [polygamma(n, x + 1), polygamma(n, x)];
      // For negative x, sums of this size cancel halfway between two poles.
      const cancelling = x < 0 ? factorial * 2 ** (n + 2) : 1;
      const size = Math.abs(above) + Math.abs(below) + Math.abs(step) + cancelling;
      expect(Math.abs(above - below - step)).toBeLessThan(12 * Number.EPSILON * size);
    });
    fc.assert(property, { seed: 7, numRuns: 2000 });
  });

  test('each order is the derivative of the one before', () => {
    const property = fc.property(fc.nat(5), fc.double({ min: 1, max: 30, noNaN: true }), (n, x) => {
      // The fourth-order central difference; its error is far below the tolerance.
      const h = x * 1e-3;
      const f = (k: number) => polygamma(n, x + k * h);
      const slope = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h);
      expect(slope / polygamma(n + 1, x)).toBeCloseTo(1, 7);
    });
    fc.assert(property, { seed: 8, numRuns: 200 });
  });

  test('poles and ends', () => {
    const at = (x: number) => [0, 1, 2, 3].map((n) => polygamma(n, x));
    const [up, down] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(at(0)).toEqual([down, up, down, up]);
    expect(at(-0)).toEqual([up, up, up, up]);
    expect(at(-1)).toEqual([NaN, up, NaN, up]);
    expect(at(-1e300)).toEqual([NaN, up, NaN, up]);
    expect(at(up)).toEqual([up, 0, -0, 0]);
    expect(at(down)).toEqual([NaN, NaN, NaN, NaN]);
    expect(at(Number.NaN)).toEqual([NaN, NaN, NaN, NaN]);
    // The signs at 0 are those of the limits.
    expect([1e-200, -1e-200].map((x) => Math.sign(polygamma(2, x)))).toEqual([-1, 1]);
  });

  test('an order that is not an integer from 0 to 170 is refused', () => {
    for (const n of [-1, 0.5, 171, Number.NaN]) {
      expect(() => polygamma(n, 1)).toThrow(
        new RangeError(`polygamma: the order n must be an integer from 0 to 170, got ${n}.`),
      );
    }
  });
});
