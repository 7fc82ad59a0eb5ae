import type { NDArray } from '@forback/core';
import { describe, expectTypeOf, it } from 'vitest';
import {
  batches,
  type Dataset,
  type LoadMnistOptions,
  loadCifar10,
  loadDigits,
  loadMnist,
  type Split,
  shuffle,
  standardise,
} from './index';

declare const dataset: Dataset;

describe('types', () => {
  it('has a validation part where one was asked for', () => {
    expectTypeOf(loadMnist({ validation: 10 })).resolves.toHaveProperty('validation');
    expectTypeOf(loadCifar10({ validation: 10 })).resolves.toHaveProperty('validation');
    expectTypeOf(loadDigits({ validation: 10 })).resolves.toHaveProperty('validation');
    expectTypeOf(loadMnist()).resolves.not.toHaveProperty('validation');
    expectTypeOf(loadDigits({ flatten: false })).resolves.not.toHaveProperty('validation');
  });

  it('gives batches the names of the arrays', () => {
    const [batch] = batches(dataset.train, { batchSize: 10 });
    expectTypeOf(batch).exclude<undefined>().toHaveProperty('images').toEqualTypeOf<NDArray>();
    expectTypeOf(batch).exclude<undefined>().toHaveProperty('indices').toEqualTypeOf<NDArray>();
    expectTypeOf(shuffle(dataset.train, dataset.train.labels)).toEqualTypeOf<{
      readonly images: NDArray;
      readonly labels: NDArray;
    }>();
    // @ts-expect-error only arrays have rows
    batches({ images: dataset.train.images, synthetic: true }, { batchSize: 10 });
    // @ts-expect-error the size has no default
    batches(dataset.train, {});
  });

  it('takes the platform types', () => {
    expectTypeOf<AbortSignal>().toExtend<NonNullable<LoadMnistOptions['signal']>>();
    expectTypeOf<NonNullable<LoadMnistOptions['fetch']>>().toEqualTypeOf<typeof fetch>();
  });

  it('keeps the type of a data set that is standardised', () => {
    expectTypeOf(standardise(dataset)).toExtend<Dataset>();
    expectTypeOf(standardise({ ...dataset, validation: dataset.test }).validation).toEqualTypeOf<Split>();
  });
});
