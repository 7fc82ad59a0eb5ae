import { array, io, np, optim, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { activityNorm, channelGroups, lowForReal, meanOfSquares, projectedClasses, sumOfSquares } from './goodness';
import { maskedHybrids } from './hybrids';
import { labelInPixels, noLabel } from './label-overlay';
import { alternating, layerByLayer } from './layer-schedule';
import { goodnessMargin, logisticThreshold } from './loss';
import { allWrongLabels, uniformWrongLabels } from './negatives';
import { lengthNormalisation } from './normalisation';
import type { ForwardForwardOptions } from './options';
import { copy, patterns } from './test-support';
import { errorRate, train } from './train';

const data = patterns(400, 1);
const unseen = patterns(200, 2);
const base = { layers: denseStack([36, 24, 24]), classes: 4 };
const adam = () => optim.adam({ learningRate: 0.01 });

const methods: [string, ForwardForwardOptions][] = [
  [
    'SymBa',
    { ...base, goodness: meanOfSquares(), loss: goodnessMargin(), negatives: uniformWrongLabels(), optimiser: adam() },
  ],
  ['CwC', { ...base, goodness: channelGroups(), optimiser: adam() }],
  ['Mono-Forward', { ...base, goodness: projectedClasses(), optimiser: adam() }],
  ['all wrong labels', { ...base, negatives: allWrongLabels(), optimiser: adam() }],
  ['unsupervised hybrids', { ...base, overlay: noLabel(), negatives: maskedHybrids(), optimiser: adam() }],
  [
    'the length of the activity, layer by layer',
    {
      ...base,
      goodness: activityNorm({ threshold: 1 }),
      normalisation: lengthNormalisation(),
      loss: logisticThreshold(),
      negatives: uniformWrongLabels(),
      schedule: layerByLayer(),
      head: false,
      scoredLayers: [0, 1],
      optimiser: adam(),
    },
  ],
  [
    'low goodness for real inputs',
    { ...base, goodness: lowForReal(sumOfSquares()), optimiser: adam(), peerNormalisation: 0 },
  ],
  ['alternating layers', { ...base, schedule: alternating(), optimiser: adam() }],
  [
    'collaboration with the layers below, layer by layer',
    {
      ...base,
      collaboration: 'below',
      schedule: layerByLayer(),
      goodness: sumOfSquares({ thresholdPerUnit: 2 }),
      scoredLayers: [0, 1],
      optimiser: adam(),
    },
  ],
  [
    'collaboration',
    {
      ...base,
      collaboration: 'all',
      scoredLayers: [0, 1],
      goodness: sumOfSquares({ thresholdPerUnit: 2 }),
      optimiser: adam(),
    },
  ],
  ['end to end', { ...base, gradients: 'endToEnd', optimiser: adam() }],
];

describe.each(methods)('%s', (name, options) => {
  test('learns patterns that it has not seen, and resumes to the same bits', async () => {
    const model = forwardForward(options);
    const settings = { epochs: 8, batchSize: 20, key: random.key(0) };
    const whole = await train(model, data, settings);
    expect(errorRate(model, whole.state, unseen)).toBeLessThan(0.1);
    // The softmax head could do it on layers that learn nothing; the goodness, which hybrids do not give labels, could not.
    if (name !== 'unsupervised hybrids') {
      const fresh = model.init(random.key(0), data.images);
      expect(errorRate(model, fresh, unseen, { mode: 'goodnessScan' })).toBeGreaterThan(0.3);
      expect(errorRate(model, whole.state, unseen, { mode: 'goodnessScan' })).toBeLessThan(0.1);
    }
    const stop = new AbortController();
    const onProgress = ({ step }: { step: number }) => step === 90 && stop.abort();
    const part = await train(model, data, { ...settings, signal: stop.signal, onProgress });
    const state = io.load<typeof part.state>(io.save(part.state));
    const rest = await train(model, data, { ...settings, state });
    expect(io.save(rest.state)).toEqual(io.save(whole.state));
  });
});

test('one pass, the scan and the vote agree on easy patterns; chosen layers count', async () => {
  const model = forwardForward({ ...base, optimiser: adam() });
  const { state } = await train(model, data, { epochs: 8, batchSize: 20, key: random.key(0) });
  for (const options of [
    { mode: 'goodnessScan' },
    { mode: 'layerVote' },
    { mode: 'goodnessScan', layers: [0] },
    { mode: 'onePass', batchSize: 7 },
  ] as const) {
    expect(errorRate(model, state, unseen, options)).toBeLessThan(0.1);
  }
  const perLayer = model.layerGoodness(state, unseen.images);
  expect(perLayer.shape).toEqual([2, 200, 4]);
  const sum = model.goodnessOfLabels(state, unseen.images, [0, 1]);
  expect(np.abs(perLayer.sum(0).sub(sum)).max().item()).toBeLessThan(1e-3);
});

test('methods that judge all classes do so whatever the batch is', () => {
  const model = forwardForward({ ...base, goodness: channelGroups() });
  const state = model.init(random.key(1), data.images);
  const together = model.predict(state, data.images.slice([0, 9])).dataSync();
  for (let i = 0; i < 9; i++) {
    expect(model.predict(state, data.images.slice([i, i + 1])).item()).toBe(together[i]);
  }
});

test('layers above the highest that learns are not computed: their metrics are NaN', () => {
  const model = forwardForward({ ...base, head: false });
  const [, seen] = model.step(model.init(random.key(1), data.images), data.images, data.labels, { active: [0] });
  expect(Number.isNaN(seen.positiveGoodness.dataSync()[1])).toBe(true);
  expect(Number.isNaN(seen.headError.item())).toBe(true);
});

describe('settings that do not fit', () => {
  const labels = data.labels;
  const run = (options: ForwardForwardOptions) => {
    const model = forwardForward(options);
    return { model, state: model.init(random.key(0), data.images) };
  };

  test('are refused', () => {
    const unsupervised = run({ ...base, overlay: noLabel(), negatives: maskedHybrids() });
    expect(() => unsupervised.model.predict(unsupervised.state, data.images, { mode: 'goodnessScan' })).toThrow(
      /the input carries no label/,
    );
    const headless = run({ ...base, head: false });
    expect(() => headless.model.predict(headless.state, data.images, { mode: 'onePass' })).toThrow(/no softmax head/);
    expect(() => headless.model.step(copy(headless.state), data.images, labels, { active: [2] })).toThrow(
      /active to be indices from 0 to 1, got \[2\]/,
    );
    expect(() => headless.model.goodnessOfLabels(headless.state, data.images, [])).toThrow(/layers to be indices/);
    // The default negatives are wrong labels, which would be written nowhere.
    expect(() => run({ ...base, overlay: noLabel() })).toThrow(
      /without a label in the input, hardWrongLabels gives negatives that equal the real inputs/,
    );
    expect(() => run({ ...base, overlay: labelInPixels(3) })).toThrow(/labels for 3 classes, not for 4/);
    expect(() => run({ ...base, gradients: 'endToEnd', collaboration: 'all' })).toThrow(/is for local gradients/);
    expect(() => run({ ...base, collaboration: 'some' as never })).toThrow(/'none' or 'below' or 'all', got 'some'/);
    expect(() => run({ layers: denseStack([36, 30]), classes: 4, goodness: channelGroups() })).toThrow(
      /multiple of 4 classes, got 30/,
    );
    expect(() => run({ ...base, goodness: channelGroups(), negatives: uniformWrongLabels() })).toThrow(
      /channelGroups judges all classes of an input without a label; leave out negatives/,
    );
    const hard = run({
      ...base,
      head: false,
      negatives: { name: 'x', sample: (c) => c.input.add(c.logProbabilities().sum()) },
    });
    expect(() => hard.model.step(hard.state, data.images, labels)).toThrow(/need the softmax head/);
    expect(() => allWrongLabels({ limit: 0 })).toThrow(/limit to be 1 or more, got 0/);
  });

  test('NaN in the pixels is refused by training', async () => {
    const images = array(data.images.dataSync().fill(Number.NaN, 40, 41), { shape: [400, 36] });
    await expect(train(forwardForward(base), { images, labels }, { epochs: 1, key: random.key(0) })).rejects.toThrow(
      /finite, got NaN in example 1/,
    );
  });
});
