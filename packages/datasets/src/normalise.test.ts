import { array } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from './dataset';
import { CIFAR10_MEAN_STD, meanStd, normalise, standardise } from './normalise';

const numbers = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    channels: fc.integer({ min: 1, max: 3 }),
    plane: fc.integer({ min: 1, max: 5 }),
  })
  .chain(({ n, channels, plane }) =>
    fc.record({
      n: fc.constant(n),
      channels: fc.constant(channels),
      plane: fc.constant(plane),
      values: fc.array(fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround), {
        minLength: n * channels * plane,
        maxLength: n * channels * plane,
      }),
    }),
  );

describe('normalise', () => {
  it('is (x - mean) / std of the channel of each element', () => {
    fc.assert(
      fc.property(numbers, ({ n, channels, plane, values }) => {
        const mean = Array.from({ length: channels }, (_, c) => c - 0.5);
        const std = Array.from({ length: channels }, (_, c) => c + 0.25);
        const expected = values.map((value, i) => {
          const channel = Math.floor(i / plane) % channels;
          return Math.fround((value - (mean[channel] as number)) / (std[channel] as number));
        });
        for (const shape of [
          [n, channels, plane],
          [n, channels, 1, plane],
          [n, channels * plane],
        ]) {
          const result = normalise(array(Float32Array.from(values), { shape }), { mean, std });
          expect([result.shape, result.dtype]).toEqual([shape, 'float32']);
          expect(Array.from(result.dataSync())).toEqual(expected);
        }
      }),
    );
  });

  it('takes one number for everything', () => {
    const images = array([[0, 1, 2, 3]]);
    expect(normalise(images, { mean: 1, std: 2 }).toJS()).toEqual([[-0.5, 0, 0.5, 1]]);
    expect(normalise(images, { mean: [0, 2], std: 1 }).toJS()).toEqual([[0, 1, 0, 1]]);
  });

  it('says what is wrong', () => {
    const images = array([[0, 1, 2, 3]]);
    expect(() => normalise(images, CIFAR10_MEAN_STD)).toThrow(
      'normalise: expected images [n, 3, ...] or [n, 3 · ...], got [1, 4]',
    );
    expect(() => normalise(images, { mean: 0, std: 0 })).toThrow('a constant channel has none');
    expect(() => normalise(images, { mean: [0, Number.NaN], std: 1 })).toThrow('expected finite numbers for mean');
    expect(() => normalise(images, { mean: [1, 2], std: [1, 2, 3] })).toThrow(
      'expected one mean for each of 3 channels, got 2',
    );
    expect(() => normalise(array([1, 2]), { mean: 0, std: 1 })).toThrow('got [2]');
  });
});

describe('meanStd', () => {
  it('agrees with the definition', () => {
    fc.assert(
      fc.property(numbers, ({ n, channels, plane, values }) => {
        const images = array(Float32Array.from(values), { shape: [n, channels, plane] });
        const { mean, std } = meanStd(images);
        for (let c = 0; c < channels; c++) {
          const own = values.filter((_, i) => Math.floor(i / plane) % channels === c);
          const average = own.reduce((sum, value) => sum + value, 0) / own.length;
          const variance = own.reduce((sum, value) => sum + (value - average) ** 2, 0) / own.length;
          expect(mean[c]).toBeCloseTo(average, 10);
          expect(std[c]).toBeCloseTo(Math.sqrt(variance), 10);
        }
        const flat = array(Float32Array.from(values), { shape: [n, channels * plane] });
        expect(meanStd(flat, { channels })).toEqual({ mean, std });
      }),
    );
  });
});

describe('standardise', () => {
  it('uses the numbers of the training part for every part', () => {
    const part = (...values: number[]) => ({
      images: array(values.map((value) => [value])),
      labels: array(Int32Array.from(values, () => 0)),
    });
    const dataset: Dataset & { validation: ReturnType<typeof part> } = {
      name: 'sample',
      synthetic: true,
      source: 'test',
      classNames: ['a'],
      train: part(1, 3),
      validation: part(2),
      test: part(10, 0),
    };
    const result = standardise(dataset);
    expect(result.normalisation).toEqual({ mean: [2], std: [1] });
    expect(result.train.images.toJS()).toEqual([[-1], [1]]);
    expect(result.validation.images.toJS()).toEqual([[0]]);
    expect(result.test.images.toJS()).toEqual([[8], [-2]]);
    expect(result.test.labels).toBe(dataset.test.labels);
    const { validation: _, ...plain } = dataset;
    expect('validation' in standardise(plain)).toBe(false);
  });
});
