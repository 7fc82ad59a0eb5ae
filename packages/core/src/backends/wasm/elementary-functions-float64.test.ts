import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array, init, type NDArray, nn, np } from '../../index';
import { erf, erfc } from '../reference/kernels/special';
import * as exact from './exact-functions';

beforeAll(() => init({ backend: 'wasm' }));
afterAll(() => init());

type Range = readonly [from: number, to: number];

/** Numbers of every exponent and sign, and dense ones in some ranges, in an order without a pattern. */
function samples(ranges: readonly Range[]): number[] {
  const fraction = (i: number) => ((i * 7919) % 10007) / 10007 + i * 1e-9;
  const values: number[] = [];
  for (let e = -1074; e < 1024; e++) {
    for (let i = 0; i < 2; i++) values.push((1 + fraction(e + 1074 + 3000 * i)) * 2 ** e * (-1) ** (e + i));
  }
  for (const [from, to] of ranges) {
    for (let i = 0; i < 3000; i++)
      values.push(from + fraction(i) * (to - from), to - (fraction(i) * (to - from)) / 1000);
  }
  return values;
}

const special = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
/** Beyond this all results are 0, 1 or infinite, and exact ones would be very long. */
const limited = (fn: (x: number) => exact.Exact) => (x: number) => fn(Math.max(-2000, Math.min(x, 2000)));
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

const functions: readonly [
  name: string,
  fn: (x: NDArray) => NDArray,
  scalar: (x: number) => number,
  exact: (x: number) => exact.Exact,
  bound: number,
  domain: (x: number) => boolean,
  ranges: readonly Range[],
][] = [
  [
    'exp',
    np.exp,
    Math.exp,
    limited(exact.exp),
    1,
    () => true,
    [
      [-1, 1],
      [-700, 709.8],
      [-746, -707],
      [709, 710],
    ],
  ],
  [
    'expm1',
    np.expm1,
    Math.expm1,
    limited(exact.expm1),
    1.5,
    () => true,
    [
      [-1.1, 1.1],
      [0.3, 0.4],
      [-40, 40],
      [709, 710],
    ],
  ],
  [
    'log',
    np.log,
    Math.log,
    exact.log,
    1,
    (x) => x > 0,
    [
      [0.5, 2],
      [0.99, 1.01],
      [0, 2 ** -1021],
    ],
  ],
  [
    'log1p',
    np.log1p,
    Math.log1p,
    exact.log1p,
    1,
    (x) => x > -1,
    [
      [-0.3, 0.45],
      [-1, -0.2],
      [0.4, 3],
      [-0.01, 0.01],
    ],
  ],
  [
    'tanh',
    np.tanh,
    Math.tanh,
    exact.tanh,
    1.5,
    () => true,
    [
      [-1, 1],
      [0.5, 0.6],
      [0.5, 3],
      [-22, 22],
    ],
  ],
  [
    'sigmoid',
    nn.sigmoid,
    logistic,
    limited(exact.logistic),
    2.5,
    () => true,
    [
      [-2, 2],
      [-40, 40],
      [-746, -707],
    ],
  ],
  [
    'sinh',
    np.sinh,
    Math.sinh,
    limited(exact.sinh),
    2,
    () => true,
    [
      [-1, 1],
      [1, 2],
      [0, 40],
      [709, 711],
    ],
  ],
  [
    'cosh',
    np.cosh,
    Math.cosh,
    limited(exact.cosh),
    1.5,
    () => true,
    [
      [-1, 1],
      [1, 2],
      [0, 40],
      [709, 711],
    ],
  ],
  [
    'erf',
    np.erf,
    erf,
    limited(exact.erf),
    2,
    () => true,
    [
      [-1, 1],
      [0.9, 1.1],
      [-7, 7],
    ],
  ],
  [
    'erfc',
    np.erfc,
    erfc,
    limited(exact.erfc),
    9,
    () => true,
    [
      [-1, 0.5],
      [0.5, 1.5],
      [1, 26],
      [26, 27.5],
    ],
  ],
];

describe.each(functions)('%s of float64', (_name, fn, scalar, wanted, bound, domain, ranges) => {
  test(`is at most ${bound} ulp off`, () => {
    const inputs = samples(ranges).filter(domain);
    const results = fn(array(inputs, { dtype: 'float64' })).dataSync();
    let worst = { error: 0, x: 0 };
    inputs.forEach((x, i) => {
      const error = exact.errorInUlp(results[i] as number, wanted(x));
      if (!(error <= worst.error)) worst = { error, x };
    });
    expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(bound);
  }, 20_000);

  test('is that of JavaScript at special values, which leave their neighbours alone', () => {
    const ordinary = 0.7;
    const inputs = Array.from({ length: 1000 }, (_, i) => {
      const x = special[Math.floor(i / 4) % special.length] as number;
      return [x, ordinary, ordinary, x][i % 4] as number;
    });
    const results = fn(array(inputs, { dtype: 'float64' })).dataSync();
    const at = (x: number) => results[inputs.findIndex((y) => Object.is(x, y))] as number;
    for (const x of special) {
      const value = scalar(x);
      if (Number.isFinite(value) && value !== 0)
        expect(exact.errorInUlp(at(x), exact.exactly(value)), `at ${x}`).toBeLessThanOrEqual(bound + 1);
      else expect(at(x), `at ${x}`).toBe(value);
    }
    expect(inputs.findIndex((x, i) => !Object.is(results[i], at(x)))).toBe(-1);
  });
});

// What measures is tested too: constants to 30 places.
test.each([
  ['e', exact.exp(1), '2718281828459045235360287471353'],
  ['1 / e', exact.exp(-1), '367879441171442321595523770161'],
  ['e - 1', exact.expm1(1), '1718281828459045235360287471353'],
  ['log 10', exact.log(10), '2302585092994045684017991454684'],
  ['log 2', exact.log1p(1), '693147180559945309417232121458'],
  ['tanh 1', exact.tanh(1), '761594155955764888119458282605'],
  ['sinh 1', exact.sinh(1), '1175201193643801456882381850596'],
  ['cosh 1', exact.cosh(1), '1543080634815243778477905620757'],
  ['erf 1/2', exact.erf(0.5), '520499877813046537682746653892'],
  ['erfc 2', exact.erfc(2), '4677734981047265837930743633'],
])('%s', (_name, { mantissa, exponent }, digits) => {
  const scaled = mantissa * 10n ** 30n;
  const rounded = ((scaled >> BigInt(-exponent - 1)) + 1n) >> 1n;
  expect(String(rounded)).toBe(digits);
});

test('the unit in the last place', () => {
  expect(exact.errorInUlp(1, exact.exactly(1 + 2 ** -52))).toBe(1);
  expect(exact.errorInUlp(1 - 2 ** -53, exact.exactly(1))).toBe(0.5);
  expect(exact.errorInUlp(0, exact.exactly(3 * 2 ** -1074))).toBe(3);
  expect(exact.errorInUlp(Number.POSITIVE_INFINITY, exact.exp(709.7))).toBe(Number.POSITIVE_INFINITY);
  expect(exact.errorInUlp(Number.POSITIVE_INFINITY, exact.exp(709.8))).toBe(0);
  expect(exact.errorInUlp(Number.NaN, exact.exp(1))).toBe(Number.POSITIVE_INFINITY);
});
