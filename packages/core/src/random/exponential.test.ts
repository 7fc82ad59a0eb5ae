import { expect, test } from 'vitest';
import { log, negative } from '../numpy';
import { exponential, gumbel, key } from '.';
import { kolmogorovSmirnov, meanScore, numbersOf } from './test-support';

const n = 20000;

test.each(['float32', 'float64'] as const)('exponential numbers: %s', (dtype) => {
  const drawn = numbersOf(exponential(key(1), { shape: [n], dtype }));
  expect(Math.min(...drawn)).toBeGreaterThan(0);
  expect(kolmogorovSmirnov(drawn, (x) => -Math.expm1(-x))).toBeLessThan(2.23);
  expect(Math.abs(meanScore(drawn, 1, 1))).toBeLessThan(3.89);
  // x² has mean 2 and variance 20.
  expect(
    Math.abs(
      meanScore(
        drawn.map((x) => x * x),
        2,
        20,
      ),
    ),
  ).toBeLessThan(3.89);
});

test.each(['float32', 'float64'] as const)('Gumbel numbers: %s', (dtype) => {
  const drawn = numbersOf(gumbel(key(2), { shape: [n], dtype }));
  expect(drawn.every(Number.isFinite)).toBe(true);
  expect(kolmogorovSmirnov(drawn, (x) => Math.exp(-Math.exp(-x)))).toBeLessThan(2.23);
  expect(Math.abs(meanScore(drawn, 0.5772156649, Math.PI ** 2 / 6))).toBeLessThan(3.89);
});

test('a Gumbel number is minus the logarithm of the exponential number of the same key', () => {
  const e = exponential(key(3), { shape: [100] });
  expect(gumbel(key(3), { shape: [100] }).toJS()).toEqual(negative(log(e)).toJS());
});

test('float32 and float64 come from the same bits', () => {
  const [a, b] = (['float32', 'float64'] as const).map((dtype) => numbersOf(gumbel(key(4), { shape: [500], dtype })));
  a?.forEach((v, i) => {
    expect(Math.abs(v - (b?.[i] as number))).toBeLessThan(1e-4);
  });
});

test('errors name the function', () => {
  expect(() => exponential(key(0), { dtype: 'bool' })).toThrow('random.exponential: expected dtype float32 or float64');
  expect(() => gumbel(0 as never)).toThrow('random.gumbel: expected a key, got number');
});
