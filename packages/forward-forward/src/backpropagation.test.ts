import { io, random } from '@forback/core';
import { expect, test } from 'vitest';
import { hoyerSparsity } from './analysis/sparsity';
import { backpropagation } from './backpropagation';
import { denseStack } from './dense-stack';
import { patterns } from './test-support';
import { errorRate, train } from './train';

const data = patterns(400, 1);
const unseen = patterns(200, 2);
const layers = denseStack([36, 24, 24]);
const settings = { epochs: 4, batchSize: 20, key: random.key(0), gain: () => 1 };

test('learns, gives the same bits again, and a penalty on activities makes them sparser', async () => {
  const [plain, again, penalised] = [
    backpropagation({ layers, classes: 4 }),
    backpropagation({ layers, classes: 4 }),
    backpropagation({ layers, classes: 4, activityPenalty: 1 }),
  ];
  const { state } = await train(plain, data, settings);
  expect(errorRate(plain, state, unseen)).toBeLessThan(0.05);
  expect(io.save((await train(again, data, settings)).state)).toEqual(io.save(state));
  const sparse = await train(penalised, data, settings);
  const sparsity = (model: typeof plain, s: typeof state) =>
    model.activities(s, unseen.images).map((a) => hoyerSparsity(a).mean().item());
  expect(sparsity(penalised, sparse.state)[0]).toBeGreaterThan(sparsity(plain, state)[0] as number);
});

test('bad settings are refused', () => {
  expect(() => backpropagation({ layers: [], classes: 4 })).toThrow(/at least one layer/);
  const model = backpropagation({ layers, classes: 4 });
  const state = model.init(random.key(0), data.images);
  expect(() => model.step(state, data.images, data.labels, { active: [0] })).toThrow(/all 2 layers learn together/);
  expect(() => backpropagation({ layers, classes: 1 })).toThrow(/classes to be 2 or more/);
});
