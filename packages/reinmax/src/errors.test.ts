import { array, jit, type NDArray, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { decoupledStraightThrough, type Estimator, gst, gumbelRao, reinmax, reinmaxCV, reinmaxRao } from './index';
import { cases } from './test-support';

const key = random.key(0);
const fine = np.zeros([2, 3]);

describe.each(cases)('$name refuses', ({ estimator }) => {
  test('logits that make no distribution', () => {
    const nan = array([
      [0, 0],
      [1, Number.NaN],
    ]);
    expect(() => estimator(nan, key)).toThrow(
      /: expected logits that are finite or -Infinity, got NaN in distribution 1/,
    );
    expect(() => estimator(array([Number.POSITIVE_INFINITY, 0]), key)).toThrow(/got Infinity in distribution 0/);
    expect(() => estimator(array([-1 / 0, -1 / 0]), key)).toThrow(/all 2 categories of distribution 0 are forbidden/);
    expect(() => estimator(np.zeros([2, 0]), key)).toThrow(/at least one category/);
    expect(() => estimator(array([1, 2], { dtype: 'int32' }), key)).toThrow(
      /expected logits to be floats, got int32\[2\]/,
    );
    expect(() => estimator([1, 2] as unknown as NDArray, key)).toThrow(/expected logits to be an array/);
    expect(() => estimator(array(1), key)).toThrow(/got a scalar; use bernoulliEstimator/);
  });

  test('masks, axes, samples and keys that do not fit', () => {
    const mask = array([
      [true, false, true],
      [false, false, false],
    ]);
    expect(() => estimator(fine, key, { mask })).toThrow(/all 3 categories of distribution 1 are forbidden/);
    expect(() => estimator(fine, key, { mask: array([true, true]) })).toThrow(/mask bool\[2\] does not broadcast/);
    expect(() => estimator(fine, key, { mask: fine })).toThrow(
      /expected mask to be a bool array .* got float32\[2, 3\]/,
    );
    expect(() => estimator(fine, key, { axis: 2 })).toThrow(/expected axis to be a whole number from -2 to 1, got 2/);
    expect(() => estimator(fine, key, { axis: 0.5 })).toThrow(/got 0.5/);
    expect(() => estimator(fine, key, { sample: array([1, 0, 0]) })).toThrow(/expected sample to be one-hot vectors/);
    const halves = array([
      [1, 0, 0],
      [0.5, 0.5, 0],
    ]);
    expect(() => estimator(fine, key, { sample: halves })).toThrow(
      /expected sample to be one-hot vectors, .* got \[0.5, 0.5, 0\] at 1/,
    );
    const second = array([
      [0, 1, 0],
      [0, 1, 0],
    ]);
    const firstAndLast = array([true, false, true]);
    expect(() => estimator(fine, key, { sample: second, mask: firstAndLast })).toThrow(
      /sample chooses category 1 of distribution 0, which is forbidden/,
    );
    expect(() => estimator(fine, array([1, 2]))).toThrow(/key/);
  });
});

describe.each(cases.filter(({ name }) => name !== 'reinforce'))('$name refuses', ({ estimator }) => {
  test('temperatures that are not above 0', () => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, array(0)]) {
      expect(() => estimator(fine, key, { temperature })).toThrow(/expected temperature to be a finite number above 0/);
    }
    expect(() => estimator(fine, key, { temperature: array([1, 2]) })).toThrow(/scalar array, got float32\[2\]/);
    expect(() => estimator(fine, key, { temperature: '1' as unknown as number })).toThrow(/above 0, got string/);
  });
});

test('counts of 0, gaps and weights that make no estimator', () => {
  const withResamples: Estimator[] = [gumbelRao, reinmaxRao, reinmaxCV].map(
    (estimator) => (l, k, o) => estimator(l, k, { ...o, resamples: 0 }),
  );
  for (const estimator of withResamples) {
    expect(() => estimator(fine, key)).toThrow(/expected resamples to be a whole number of 1 or more, got 0/);
  }
  expect(() => gst(fine, key, { gap: 0 })).toThrow(
    /gst: expected gap to be a finite number above 0 or 'probability', got 0/,
  );
  expect(() => reinmaxCV(fine, key, { weight: Number.NaN })).toThrow(/weight to be a finite number, got NaN/);
  expect(() => reinmaxRao(fine, key, { gumbelTemperature: 0 })).toThrow(
    /gumbelTemperature to be a finite number above 0/,
  );
  expect(() => decoupledStraightThrough(fine, key, { forwardTemperature: 0 })).toThrow(
    /forwardTemperature to be .* got 0/,
  );
});

test('inside jit values cannot be checked, and nothing is thrown', () => {
  const run = jit((x: NDArray, t: NDArray) => reinmax(x, key, { temperature: t }).sample);
  expect(run(fine, array(1.5)).shape).toEqual([2, 3]);
});
