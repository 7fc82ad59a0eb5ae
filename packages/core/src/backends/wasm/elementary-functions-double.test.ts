import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array, init, type NDArray, np } from '../../index';
import { rem } from '../../primitives/arithmetic';
import { erf, erfc, erfInv } from '../reference/kernels/special';

beforeAll(() => init({ backend: 'wasm' }));
afterAll(() => init());

/** The distance between neighbouring float32 numbers at x. */
function ulp(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -126))) - 23);
}

const special = [0, -0, 1, -1, 0.5, -2, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

/** Numbers of every exponent and sign, dense ones between −20 and 20, and the ones nearest to multiples of π/2. */
function samples(): Float32Array {
  const values = [...special];
  for (let e = -149; e < 128; e++) {
    for (let i = 0; i < 60; i++) values.push((i % 2 === 0 ? 1 : -1) * 2 ** e * (1 + ((i * 7919) % 1009) / 1009));
  }
  for (let i = 0; i < 80_000; i++) values.push(-20 + i / 2000);
  for (let i = 1; i < 4000; i++) values.push(1 - i * 2 ** -24, -1 + i / 2000, i / 4000);
  for (let k = 1; k < 2 ** 20 / Math.PI; k += 29) values.push((k * Math.PI) / 2, -k * Math.PI);
  return Float32Array.from(values);
}

const inputs = samples();
/** The same numbers in another order, so that pairs are of all kinds. */
const others = inputs.map((_, i) => inputs[(i * 7919) % inputs.length] as number);
/** Exponents for which many powers are in range. */
const exponents = inputs.map((_, i) =>
  i % 3 === 0 ? (i % 21) - 10 : i % 3 === 1 ? ((i % 2000) - 1000) / 300 : (others[i] as number),
);

function expectRounded(actual: ArrayLike<number>, exact: (i: number) => number, bound: number): void {
  let worst = { error: 0, i: 0 };
  const odd: unknown[] = [];
  for (let i = 0; i < actual.length; i++) {
    const wanted = exact(i);
    const rounded = Math.fround(wanted);
    const got = actual[i] as number;
    if (Object.is(got, rounded)) continue;
    const error = Math.abs(got - wanted) / ulp(wanted);
    if (Number.isFinite(error) && Number.isFinite(rounded)) worst = error > worst.error ? { error, i } : worst;
    else odd.push([inputs[i], got, rounded]);
  }
  expect(odd).toEqual([]);
  expect(worst.error, `at ${inputs[worst.i]}`).toBeLessThanOrEqual(bound);
}

describe('in float32, at most 0.501 ulp off for all finite numbers, and special values as JavaScript has them', () => {
  test.each([
    ['sin', np.sin, Math.sin],
    ['cos', np.cos, Math.cos],
    ['tan', np.tan, Math.tan],
    ['sinh', np.sinh, Math.sinh],
    ['cosh', np.cosh, Math.cosh],
    ['erf', np.erf, erf],
    ['erfc', np.erfc, erfc],
    ['erfInv', np.erfInv, erfInv],
  ] as const)('%s', (_name, fn, exact) => {
    expectRounded(fn(array(inputs)).dataSync(), (i) => exact(inputs[i] as number), 0.501);
  });

  test.each([
    ['any exponents', others],
    ['small exponents', exponents],
  ])('power with %s', (_name, ys) => {
    const powers = np.power(array(inputs), array(ys)).dataSync();
    expectRounded(powers, (i) => (inputs[i] as number) ** (ys[i] as number), 0.501);
  });

  test('the remainder is exact', () => {
    const remainders = rem(array(inputs), array(others)).dataSync();
    expectRounded(remainders, (i) => (inputs[i] as number) % (others[i] as number), 0);
  });
});

describe('Math itself', () => {
  const finite = inputs.map((x) => (Math.abs(x) < 2 ** 60 ? x : 1));
  test.each([
    ['sin', np.sin],
    ['cos', np.cos],
    ['tan', np.tan],
    ['arcsin', np.arcsin],
    ['arccos', np.arccos],
    ['arctan', np.arctan],
    ['arcsinh', np.arcsinh],
    ['arccosh', np.arccosh],
    ['arctanh', np.arctanh],
    ['power', (x: NDArray) => np.power(x, np.flip(x))],
    ['arctan2', (x: NDArray) => np.arctan2(x, np.flip(x))],
  ] as const)('%s of float64 has its bits', (_name, fn) => {
    const run = (backend: 'wasm' | 'reference') => {
      init({ backend });
      return fn(
        array(
          Float64Array.from(finite, (x) => x * 1.1),
          { dtype: 'float64' },
        ),
      ).dataSync();
    };
    const [wasm, reference] = [run('wasm'), run('reference')];
    expect(wasm.findIndex((y, i) => !Object.is(y, reference[i]))).toBe(-1);
    init({ backend: 'wasm' });
  });
});
