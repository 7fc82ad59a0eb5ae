import { type NDArray, nn, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { sumOfSquares } from './goodness';
import { labelInPixels } from './label-overlay';
import { likelihoodRatio } from './loss';
import { uniformWrongLabels } from './negatives';
import { meanSquareNormalisation } from './normalisation';
import type { PairOptions } from './options';
import type { ForwardForwardState, LayerState } from './state';
import { copy, patterns, rawGradient } from './test-support';
import { thresholdSweep } from './threshold-sweep';

const { images, labels } = patterns(12, 1);
const weights = (state: ForwardForwardState, layer: number) =>
  ((state.layers[layer] as LayerState).params as { weight: NDArray }).weight;

function step(options: Partial<PairOptions>, sizes = [36, 12, 10, 8]) {
  const model = forwardForward({
    layers: denseStack(sizes),
    classes: 4,
    negatives: uniformWrongLabels(),
    optimiser: rawGradient,
    peerNormalisation: 0,
    loss: likelihoodRatio(),
    ...options,
  });
  return model.step(model.init(random.key(2), images), images, labels);
}

// The same threshold for every layer, as with one θ for the network.
const fixed = { ...sumOfSquares(), threshold: () => 20 };

test('with the full γ every layer has the same logit, so all losses are equal', () => {
  const losses = [...step({ collaboration: 'all', goodness: fixed })[1].layerLoss.dataSync()];
  for (const loss of losses) expect(loss).toBeCloseTo(losses[0] as number, 4);
  const plain = [...step({ goodness: fixed })[1].layerLoss.dataSync()];
  expect(Math.abs((plain[1] as number) - (plain[0] as number))).toBeGreaterThan(1e-3);
});

test('γ of the layers below: the last layer has the logit of the full γ, the first that of plain Forward-Forward', () => {
  const below = step({ collaboration: 'below', goodness: fixed })[1].layerLoss.dataSync();
  const all = step({ collaboration: 'all', goodness: fixed })[1].layerLoss.dataSync();
  const plain = step({ goodness: fixed })[1].layerLoss.dataSync();
  expect(below[2]).toBeCloseTo(all[2] as number, 4);
  expect(below[0]).toBe(plain[0]);
});

test.each(['below', 'all'] as const)(
  'with one layer there is no γ: %s is plain Forward-Forward, bit for bit',
  (kind) => {
    const [together] = step({ collaboration: kind }, [36, 12]);
    const [alone] = step({}, [36, 12]);
    expect(weights(together, 0).dataSync()).toEqual(weights(alone, 0).dataSync());
  },
);

test.each(['below', 'all'] as const)(
  'γ (%s) carries no gradient: the signal of a layer is (1 - p) a and -p a, where only p knows of the other layers',
  (collaboration) => {
    const wrong = np.mod(labels.add(1), 4);
    const model = forwardForward({
      layers: denseStack([36, 12, 10, 8]),
      classes: 4,
      negatives: { name: 'fixed', sample: ({ input, overlay }) => overlay.write(input, wrong) },
      optimiser: rawGradient,
      peerNormalisation: 0,
      goodness: fixed,
      collaboration,
    });
    const state = model.init(random.key(2), images);
    const before = copy(state);
    const passes = [labels, wrong].map((given) => {
      const activities = model.activities(state, images, given);
      const below = [labelInPixels(4).write(images, given), ...activities].map(meanSquareNormalisation());
      return { activities, below, goodness: activities.map((a) => np.square(a).sum(1)) };
    });
    const [after] = model.step(state, images, labels);
    for (let layer = 0; layer < 3; layer++) {
      const [raise, lower] = passes.map(({ activities, below, goodness }, negative) => {
        const seen = collaboration === 'all' ? goodness : goodness.slice(0, layer + 1);
        const p = nn.sigmoid(seen.reduce((a, b) => a.add(b)).sub(20));
        const push = np.expandDims(negative ? p.neg() : p.neg().add(1), 1).mul(activities[layer] as NDArray);
        return (below[layer] as NDArray).transpose().matmul(push).div(12);
      }) as [NDArray, NDArray];
      const change = weights(after, layer).sub(weights(before, layer));
      expect(np.abs(change).max().item()).toBeGreaterThan(1e-3);
      expect(np.abs(change.sub(raise).sub(lower)).max().item()).toBeLessThan(1e-5);
    }
  },
);

test('the update of a layer is the gradient of the shared loss in that layer alone', () => {
  // Finite differences of the loss of the summed goodness, with the layers above seeing the unperturbed input.
  const model = forwardForward({
    layers: denseStack([36, 6]),
    classes: 4,
    negatives: uniformWrongLabels(),
    optimiser: rawGradient,
    peerNormalisation: 0,
  });
  const state = model.init(random.key(5), images);
  const before = copy(state);
  const [after, seen] = model.step(state, images, labels);
  const direction = random.normal(random.key(6), { shape: [36, 6] });
  const along = weights(after, 0).sub(weights(before, 0)).mul(direction).sum().item();
  const at = (epsilon: number) => {
    const moved = copy(before);
    moved.layers[0] = {
      ...(moved.layers[0] as LayerState),
      params: { ...(moved.layers[0]?.params as object), weight: weights(before, 0).add(direction.mul(epsilon)) },
    };
    return model.step(moved, images, labels)[1].layerLoss.dataSync()[0] as number;
  };
  expect(at(0)).toBeCloseTo(seen.layerLoss.dataSync()[0] as number, 5);
  expect((at(1e-2) - at(-1e-2)) / 2e-2 / -along).toBeCloseTo(1, 2);
});

test('a sweep gives the validation error of each threshold; a hopeless one shows', async () => {
  const options = {
    thresholds: [1, 300],
    build: (thresholdPerUnit: number) =>
      forwardForward({
        layers: denseStack([36, 24, 24]),
        classes: 4,
        collaboration: 'all',
        head: false,
        scoredLayers: [0, 1],
        goodness: sumOfSquares({ thresholdPerUnit }),
      }),
    data: patterns(400, 1),
    validation: patterns(100, 2),
    training: { epochs: 8, batchSize: 20, key: random.key(0) },
  };
  const [good, bad] = await thresholdSweep(options);
  expect(good?.error).toBeLessThan(0.1);
  expect(bad?.error).toBeGreaterThan(0.3);
  expect(bad?.threshold).toBe(300);
  const stopped = await thresholdSweep({ ...options, training: { ...options.training, signal: { aborted: true } } });
  expect(stopped).toEqual([]);
  await expect(thresholdSweep({ ...options, thresholds: [] })).rejects.toThrow(/at least one threshold/);
});
