import { array, np, optim, random } from '@forback/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { blobMask, maskedHybrids } from './hybrids';
import { noLabel } from './label-overlay';
import type { NegativeContext } from './negatives';
import { patterns } from './test-support';
import { type Examples, train } from './train';

function context(input: NegativeContext['input'], seed = 0): NegativeContext {
  const labels = np.zeros([input.shape[0] as number], { dtype: 'int32' });
  const logProbabilities = () => {
    throw new Error('hybrids need no head');
  };
  return { key: random.key(seed), input, labels, classes: 2, overlay: noLabel(), logProbabilities };
}

test('every pixel comes from the example itself or from one other example of the batch', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 2, max: 6 }), (seed, n) => {
      const rows = np.broadcastTo(np.expandDims(np.arange(n), 1), [n, 36]).astype('float32');
      const mixed = maskedHybrids().sample(context(rows, seed)).toJS() as number[][];
      mixed.forEach((pixels, i) => {
        const others = new Set(pixels.filter((v) => v !== i));
        expect(others.size).toBeLessThanOrEqual(1);
        for (const v of others) expect(v).toBeLessThan(n);
      });
    }),
    { numRuns: 30 },
  );
});

test('identical examples come back unchanged, in the shape that they had', () => {
  const images = np.ones([3, 2, 6, 5]).mul(0.5);
  const mixed = maskedHybrids().sample(context(images));
  expect(mixed.shape).toEqual([3, 2, 6, 5]);
  expect(mixed.dataSync()).toEqual(images.dataSync());
});

test('both halves of a mask are in use, and blurring makes blobs: neighbours agree far more often', () => {
  const agreement = (blurs: number) => {
    const mask = blobMask(random.key(3), 40, [28, 28], blurs).astype('float32');
    const share = mask.mean().item();
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    const [left, right] = [mask.slice(null, null, [0, 27]), mask.slice(null, null, [1, 28])];
    return np.equal(left, right).astype('float32').mean().item();
  };
  expect(Math.abs(agreement(0) - 0.5)).toBeLessThan(0.02);
  expect(agreement(8)).toBeGreaterThan(0.85);
});

test('layers learn without labels to tell new images from hybrids of them', async () => {
  const centred = ({ images, labels }: Examples) => ({ images: images.slice(null, [4, null]).sub(0.5), labels });
  const [data, unseen] = [centred(patterns(400, 1, 0.05)), centred(patterns(200, 2, 0.05))];
  const model = forwardForward({
    layers: denseStack([32, 24, 24]),
    classes: 4,
    overlay: noLabel(),
    negatives: maskedHybrids({ size: [4, 8], blurs: 2 }),
    optimiser: optim.adam({ learningRate: 0.01 }),
    head: false,
  });
  const training = { epochs: 25, batchSize: 20, key: random.key(0), gain: () => 1 };
  const { state } = await train(model, data, training);
  const [, { positiveGoodness, negativeGoodness }] = model.step(state, unseen.images, unseen.labels);
  expect(positiveGoodness.min().item()).toBeGreaterThan(1);
  expect(negativeGoodness.max().item()).toBeLessThan(0.8);
});

test('bad input is refused', () => {
  expect(() => maskedHybrids().sample(context(np.zeros([1, 36])))).toThrow(/no other to mix it with/);
  expect(() => maskedHybrids().sample(context(np.zeros([2, 35])))).toThrow(/give their size/);
  expect(() => maskedHybrids({ blurs: -1 })).toThrow(/blurs to be a whole number of 0 or more, got -1/);
  expect(
    maskedHybrids({ size: [5, 7] }).sample(context(array(np.zeros([2, 35]).dataSync(), { shape: [2, 35] }))).shape,
  ).toEqual([2, 35]);
});
