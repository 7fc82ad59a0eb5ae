import { io, type NDArray, np, random, tree } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { patterns } from './test-support';
import { type TopDownOptions, topDownForwardForward, twoWayStack } from './top-down';
import { errorRate, train } from './train';

const data = patterns(400, 1);
const unseen = patterns(100, 2);
const stack = twoWayStack([36, 24, 24], 4);
const build = (options: Partial<TopDownOptions> = {}) => topDownForwardForward({ ...stack, classes: 4, ...options });

test('learns patterns that it has not seen, and resumes to the same bits', async () => {
  const settings = { epochs: 8, batchSize: 20, key: random.key(0) };
  const whole = await train(build(), data, settings);
  expect(errorRate(build(), whole.state, unseen)).toBeLessThan(0.1);
  const stop = new AbortController();
  const onProgress = ({ step }: { step: number }) => step === 90 && stop.abort();
  const part = await train(build(), data, { ...settings, signal: stop.signal, onProgress });
  const rest = await train(build(), data, { ...settings, state: io.load(io.save(part.state)) });
  expect(io.save(rest.state)).toEqual(io.save(whole.state));
});

test.each([0, 0.3, 0.9])(
  'with zero weights from above and damping %s the bottom-up pass is the fixed point',
  (damping) => {
    const model = build({ damping });
    const state = model.init(random.key(1), data.images);
    for (const layer of state.layers) layer.params.down = tree.map((x) => np.zerosLike(x), layer.params.down);
    const [at0, at5] = [0, 5].map((t) => model.settle(state, unseen.images, unseen.labels, t)) as [
      NDArray[],
      NDArray[],
    ];
    at0.forEach((s, i) => {
      expect(
        np
          .abs(s.sub(at5[i] as NDArray))
          .max()
          .item(),
      ).toBeLessThan(1e-5);
    });
  },
);

test('the label reaches the layer below the top in one iteration, and one layer more in each', () => {
  const model = build();
  const state = model.init(random.key(1), data.images);
  const other = np.mod(unseen.labels.add(1), 4);
  const change = (t: number) =>
    model.settle(state, unseen.images, unseen.labels, t).map(
      (s, i) =>
        np
          .abs(s.sub(model.settle(state, unseen.images, other, t)[i] as NDArray))
          .max()
          .item() > 0,
    );
  expect(change(0)).toEqual([false, false]);
  expect(change(1)).toEqual([false, true]);
  expect(change(2)).toEqual([true, true]);
});

test('predictions do not depend on the batch', () => {
  const model = build();
  const state = model.init(random.key(2), data.images);
  const together = model.predict(state, unseen.images.slice([0, 6])).dataSync();
  for (let i = 0; i < 6; i++) expect(model.predict(state, unseen.images.slice([i, i + 1])).item()).toBe(together[i]);
});

describe('bad settings', () => {
  test.each<[Partial<TopDownOptions>, RegExp]>([
    [{ damping: 1 }, /damping in \[0, 1\), got 1/],
    [{ scoredIterations: [3, 9] }, /scoredIterations from 1 to the 8 iterations, got \[3, 9\]/],
    [{ scoredIterations: [1.5, 3] }, /got \[1.5, 3\]/],
    [{ negatives: 'soft' as never }, /negatives to be 'hard' or 'uniform', got 'soft'/],
    [{ down: [] }, /as many layers down as up, at least one, got 0 and 2/],
    [{ classes: 1 }, /classes to be 2 or more, got 1/],
  ])('%o are refused', (options, message) => {
    expect(() => build(options)).toThrow(message);
  });

  test('so are labels, iterations and layers to learn that there are not', () => {
    const model = build();
    const state = model.init(random.key(0), data.images);
    const none = np.full([100], 4, { dtype: 'int32' });
    expect(() => model.settle(state, unseen.images, none, 2)).toThrow(/labels from 0 to 3, got 4/);
    expect(() => model.settle(state, unseen.images, unseen.labels, -1)).toThrow(/iterations .* got -1/);
    expect(() => model.step(state, unseen.images, unseen.labels, { active: [1] })).toThrow(
      /all 2 layers learn together, got active \[1\]/,
    );
    expect(() => model.predict(state, unseen.images.at(0))).toThrow(/a float batch \[n, ...\], got float32\[36\]/);
  });
});
