import { expect, test } from 'vitest';
import { byIndex, element, indicesOf } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import { pad } from './structure';
import { fold, windowCount, windows } from './windows';

function drawn(s: Sampler) {
  const shape = s.shape({ minRank: 1, maxRank: 2, sizes: [4, 5, 3, 6] });
  const axes = s.subset(shape.length, 1);
  const params = {
    axes,
    size: axes.map(() => s.int(1, 2)),
    stride: axes.map(() => s.int(1, 3)),
    dilation: axes.map(() => s.int(1, 2)),
  };
  const counts = shape.map((n, axis) => {
    const i = axes.indexOf(axis);
    return i < 0
      ? n
      : windowCount(n, params.size[i] as number, params.stride[i] as number, params.dilation[i] as number);
  });
  /** Where a tap of a window lies. */
  const place = (index: readonly number[]) =>
    shape.map((_, axis) => {
      const i = axes.indexOf(axis);
      const at = index[axis] as number;
      return i < 0
        ? at
        : at * (params.stride[i] as number) + (index[shape.length + i] as number) * (params.dilation[i] as number);
    });
  return { shape, params, windowed: [...counts, ...params.size], place };
}

test('windows are the elements at position · stride + tap · dilation', () => {
  forAll(80, (s) => {
    const { shape, params, windowed, place } = drawn(s);
    const x = values(shape, 'float64', s.seed());
    expect(windows(x, params)).toHaveSameBits(byIndex(windowed, 'float64', (index) => element(x, place(index))));
  });
});

test('fold adds every tap where it came from', () => {
  forAll(80, (s) => {
    const { shape, params, windowed, place } = drawn(s);
    const y = values(windowed, 'float64', s.seed());
    const expected = byIndex(shape, 'float64', (at) =>
      indicesOf(windowed).reduce(
        (sum, index) => (place(index).join() === at.join() ? sum + element(y, index) : sum),
        0,
      ),
    );
    expect(fold(y, shape, params)).toBeAllclose(expected, { rtol: 1e-13, atol: 1e-13 });
  });
});

test('as many windows as fit', () => {
  expect([
    windowCount(5, 2, 1, 1),
    windowCount(5, 2, 2, 1),
    windowCount(5, 2, 1, 4),
    windowCount(5, 2, 1, 5),
    windowCount(0, 1, 1, 1),
  ]).toEqual([4, 2, 1, 0, 0]);
  expect(() => windows(values([3], 'float32', 1), { axes: [0], size: [2], stride: [1], dilation: [3] })).toThrow(
    'a window of 4 does not fit in axis 0 of [3]',
  );
});

test('pad puts numbers between elements too', () => {
  forAll(80, (s) => {
    const shape = s.shape({ sizes: [3, 2, 1, 0] });
    const widths = () => shape.map(() => s.int(0, 2));
    const params = { low: widths(), high: widths(), interior: widths(), value: 7 };
    const x = values(shape, 'float64', s.seed());
    const padded = shape.map(
      (n, a) =>
        (params.low[a] as number) +
        n +
        Math.max(0, n - 1) * (params.interior[a] as number) +
        (params.high[a] as number),
    );
    const expected = byIndex(padded, 'float64', (index) => {
      const from = index.map((i, a) => (i - (params.low[a] as number)) / ((params.interior[a] as number) + 1));
      return from.every((i, a) => Number.isInteger(i) && i >= 0 && i < (shape[a] as number)) ? element(x, from) : 7;
    });
    expect(pad(x, params)).toHaveSameBits(expected);
  });
});
