import { nn, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { type LayerReport, layerReport } from './layer-report';
import { patterns } from './test-support';
import { errorRate, train } from './train';

const data = patterns(200, 1);
const unseen = patterns(90, 2, 0.5);

test('says of each layer what the scan over that layer says, whatever the batches', async () => {
  const model = forwardForward({ layers: denseStack([36, 20, 16]), classes: 4 });
  let during: LayerReport[] = [];
  const { state } = await train(model, data, {
    epochs: 4,
    batchSize: 20,
    key: random.key(0),
    onProgress: ({ state: now, step, steps }) => {
      if (step % 20 === 0) during = layerReport(model, now, unseen);
      expect(steps).toBe(40);
    },
  });
  const report = layerReport(model, state, unseen);
  expect(during).toEqual(report);
  const goodness = model.layerGoodness(state, unseen.images);
  report.forEach((layer, i) => {
    const scan = (layers: number[]) => errorRate(model, state, unseen, { mode: 'goodnessScan', layers });
    expect(layer.error).toBeCloseTo(scan([i]), 9);
    const below = Array.from({ length: i + 1 }, (_, t) => t);
    expect(layer.errorUpTo).toBeCloseTo(scan(below), 9);
    expect(layer.marginalContribution).toBeCloseTo(i === 0 ? 0 : scan(below.slice(0, -1)) - scan(below), 9);
    const truth = goodness.at(i).mul(nn.oneHot(unseen.labels, 4)).sum().item() / 90;
    expect(layer.trueGoodness).toBeCloseTo(truth, 3);
    expect(layer.wrongGoodness).toBeCloseTo((goodness.at(i).sum().item() / 90 - truth) / 3, 3);
    const weights = state.layers[i]?.params as {
      weight: ReturnType<typeof np.zeros>;
      bias: ReturnType<typeof np.zeros>;
    };
    const squares = np.square(weights.weight).sum().add(np.square(weights.bias).sum()).item();
    expect(layer.weightNorm).toBeCloseTo(Math.sqrt(squares), 4);
  });
  expect(() => layerReport(model, state, unseen, { batchSize: 1.5 })).toThrow(/batchSize .*, got 1.5/);
  layerReport(model, state, unseen, { batchSize: 7 }).forEach((layer, i) => {
    for (const [name, value] of Object.entries(layer)) {
      expect(value).toBeCloseTo(report[i]?.[name as keyof typeof layer] as number, 3);
    }
  });
});
