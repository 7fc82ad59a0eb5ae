import { ArgumentError } from '@forback/core';
import { describe, expect, it } from 'vitest';
import { buildDataset, toUnitInterval } from './dataset';

const about = { name: 'sample', synthetic: false, source: 'test', classNames: ['a', 'b'] };
const parts = {
  train: { images: Uint8Array.from({ length: 20 }, (_, i) => i), labels: Uint8Array.of(0, 1, 2, 3, 4) },
  test: { images: Uint8Array.of(255, 0, 51, 102), labels: Uint8Array.of(9) },
};
const build = (layout: { flatten?: boolean; validation?: number }) =>
  buildDataset('load', about, parts, { shape: [1, 2, 2], flatten: true, validation: undefined, ...layout });

describe('buildDataset', () => {
  it('makes float32 images in [0, 1] and int32 labels', () => {
    const { train, test, ...rest } = build({});
    expect(rest).toEqual(about);
    expect([train.images.shape, train.images.dtype]).toEqual([[5, 4], 'float32']);
    expect([train.labels.shape, train.labels.dtype]).toEqual([[5], 'int32']);
    expect(test.images.toJS()).toEqual([[1, 0, Math.fround(0.2), Math.fround(0.4)]]);
    expect(test.labels.toJS()).toEqual([9]);
    expect(build({ flatten: false }).train.images.shape).toEqual([5, 1, 2, 2]);
  });

  it('holds out the last training rows and leaves the test part alone', () => {
    const dataset = build({ validation: 2 }) as ReturnType<typeof build> & { validation: typeof whole.train };
    const whole = build({ validation: 0 });
    expect(dataset.train.labels.toJS()).toEqual([0, 1, 2]);
    expect(dataset.validation.labels.toJS()).toEqual([3, 4]);
    expect([...dataset.train.images.dataSync(), ...dataset.validation.images.dataSync()]).toEqual([
      ...whole.train.images.dataSync(),
    ]);
    expect(dataset.test.images.toJS()).toEqual(whole.test.images.toJS());
    expect('validation' in whole).toBe(false);
  });

  it('refuses a held-out part that leaves nothing to train on', () => {
    for (const validation of [5, 6, -1, 1.5]) expect(() => build({ validation })).toThrow(ArgumentError);
    expect(() => build({ validation: 5 })).toThrow(
      'load: expected validation to be a whole number of training rows from 0 to 4, got 5',
    );
  });
});

describe('toUnitInterval', () => {
  it('divides every byte by 255 in float32', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(Array.from(toUnitInterval(bytes))).toEqual(Array.from(bytes, (byte) => Math.fround(byte / 255)));
  });
});
