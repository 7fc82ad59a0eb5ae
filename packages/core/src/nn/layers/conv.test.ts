import { describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError } from '../../errors';
import { array, zeros } from '../../numpy/creation';
import { variance } from '../../numpy/reductions';
import { key } from '../../random';
import { conv as convolve, convTranspose as convolveTransposed } from '../convolution';
import { heNormal } from '../initializers';
import { elements, scattered } from '../test-support';
import { conv, convTranspose } from './conv';

describe('conv', () => {
  test('is the convolution with its weights, and a bias for each channel', () => {
    const options = { in: 4, out: 6, kernel: [3, 2], stride: 2, padding: 'same', groups: 2 } as const;
    const layer = conv(options);
    const params = layer.init(key(1));
    expect([params.weight.shape, params.bias.shape]).toEqual([[6, 2, 3, 2], [6]]);
    const x = scattered([2, 4, 5, 5], 1, 'float32');
    const bias = array([1, 2, 3, 4, 5, 6]);
    const y = layer.apply({ ...params, bias }, x);
    expect(elements(y)).toEqual(elements(convolve(x, params.weight, options).add(bias.reshape([6, 1, 1]))));
    const bare = conv({ ...options, bias: false }).init(key(1));
    expect(Object.keys(bare)).toEqual(['weight']);
  });

  test('works along one axis, and a number means a square kernel', () => {
    const line = conv({ in: 1, out: 2, kernel: [3], padding: 'same' });
    expect(line.apply(line.init(key(0)), zeros([4, 1, 9])).shape).toEqual([4, 2, 9]);
    expect(conv({ in: 1, out: 2, kernel: 3 }).init(key(0)).weight.shape).toEqual([2, 1, 3, 3]);
  });

  test('starts with variance 1 / fan in, whatever the groups', () => {
    for (const groups of [1, 4]) {
      const { weight } = conv({ in: 16, out: 64, kernel: 5, groups }).init(key(0));
      expect((variance(weight).item() * 16 * 25) / groups).toBeCloseTo(1, 1);
    }
  });

  test('says what does not fit', () => {
    const layer = conv({ in: 3, out: 4, kernel: 3 });
    expect(() => layer.apply(layer.init(key(0)), zeros([2, 1, 8, 8]))).toThrow(
      new ShapeError('nn.conv: expected x to be [n, 3, height, width], got float32[2, 1, 8, 8]'),
    );
    expect(() => conv({ in: 3, out: 4, kernel: 3, groups: 2 })).toThrow(
      new ArgumentError('nn.conv: expected in and out to be multiples of groups 2, got 3 and 4'),
    );
    expect(() => conv({ in: 3, out: 4, kernel: [3, 3, 3] })).toThrow(
      'nn.conv: expected a kernel of one or two axes, got 3',
    );
    expect(() => conv({ in: 3, out: 4, kernel: 0 })).toThrow(
      'nn.conv: expected kernel to be a whole number of 1 or more',
    );
    expect(() => conv({ in: 3, out: 4, kernel: 3, padding: -1 })).toThrow(
      "nn.conv: expected padding to be 'valid', 'same'",
    );
    expect(() => conv({ in: 3, out: 4, kernel: 3, stride: 0 })).toThrow(
      'nn.conv: expected stride to be a whole number of 1 or more',
    );
  });
});

describe('convTranspose', () => {
  test('is the transposed convolution with its weights, and a bias for each channel', () => {
    const options = { in: 4, out: 6, kernel: 3, stride: 2, padding: 'same', groups: 2 } as const;
    const layer = convTranspose(options);
    const params = layer.init(key(1));
    expect([params.weight.shape, params.bias.shape]).toEqual([[4, 3, 3, 3], [6]]);
    const x = scattered([2, 4, 5, 5], 1, 'float32');
    const bias = array([1, 2, 3, 4, 5, 6]);
    const y = layer.apply({ ...params, bias }, x);
    expect(y.shape).toEqual([2, 6, 10, 10]);
    expect(elements(y)).toEqual(elements(convolveTransposed(x, params.weight, options).add(bias.reshape([6, 1, 1]))));
  });

  test('keeps the variance inside, where each output meets a share of the taps', () => {
    const layer = convTranspose({ in: 16, out: 32, kernel: 4, stride: 2, bias: false });
    const x = heNormal(key(5), [8, 16, 12, 12], { fanIn: 2 });
    const y = layer.apply(layer.init(key(3)), x).slice(null, null, [4, -4], [4, -4]);
    expect(variance(y).item()).toBeCloseTo(1, 0);
    expect(Math.abs(variance(y).item() - 1)).toBeLessThan(0.1);
  });

  test('names itself in errors', () => {
    expect(() => convTranspose({ in: 3, out: 4, kernel: 3, groups: 2 })).toThrow(
      'nn.convTranspose: expected in and out to be multiples of groups 2',
    );
  });
});
