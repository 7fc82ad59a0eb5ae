import { array, io, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { forwardForward } from './forward-forward';
import { layerByLayer } from './layer-schedule';
import { patterns } from './test-support';
import { type Examples, errorRate, train } from './train';

const data = patterns(400, 1);
const test_ = patterns(200, 2);
const build = () => forwardForward({ layers: denseStack([36, 24, 24]), classes: 4 });
const options = { epochs: 6, batchSize: 20, key: random.key(0) };

describe('training', () => {
  test('learns patterns that it has not seen', async () => {
    const model = build();
    const fresh = model.init(random.key(0), data.images);
    expect(errorRate(model, fresh, test_)).toBeGreaterThan(0.4);
    const { state, finished } = await train(model, data, { ...options, epochs: 15 });
    expect(finished).toBe(true);
    expect(errorRate(model, state, test_)).toBeLessThan(0.1);
    expect(errorRate(model, state, test_, { mode: 'goodnessScan' })).toBeLessThan(0.1);
  });

  test('gives the same bits again', async () => {
    const [first, second] = [await train(build(), data, options), await train(build(), data, options)];
    expect(io.save(second.state)).toEqual(io.save(first.state));
  });

  test('stopped, saved, loaded and resumed, ends at the same bits', async () => {
    const whole = await train(build(), data, options);
    const stop = new AbortController();
    const part = await train(build(), data, {
      ...options,
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === 47) stop.abort();
      },
    });
    expect(part.finished).toBe(false);
    expect(part.state.step.item()).toBe(47);
    const state = io.load<typeof part.state>(io.save(part.state));
    const rest = await train(build(), data, { ...options, state });
    expect(rest.finished).toBe(true);
    expect(io.save(rest.state)).toEqual(io.save(whole.state));
  });

  test('a state saved after a batch, while training goes on, resumes to the same bits', async () => {
    let saved = new Uint8Array();
    const whole = await train(build(), data, {
      ...options,
      onProgress: ({ step, state }) => {
        if (step === 33) saved = io.save(state);
      },
    });
    const rest = await train(build(), data, { ...options, state: io.load<typeof whole.state>(saved) });
    expect(io.save(rest.state)).toEqual(io.save(whole.state));
  });

  test('reports every batch', async () => {
    const steps: number[] = [];
    await train(build(), data, {
      ...options,
      epochs: 1,
      onProgress: (p) => {
        steps.push(p.step);
        expect(p.steps).toBe(20);
        expect(p.positiveGoodness).toHaveLength(2);
        expect(p.negativeGoodness).toHaveLength(2);
        expect(p.batchError).toBeGreaterThanOrEqual(0);
      },
    });
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test('layer by layer, only one layer changes at a time', async () => {
    const model = forwardForward({ layers: denseStack([36, 24, 24]), classes: 4, schedule: layerByLayer() });
    const seen: string[] = [];
    const { state } = await train(model, data, {
      ...options,
      epochs: 2,
      onProgress: ({ step, state: now }) => {
        if (step === 20 || step === 40) {
          seen.push(
            ...now.layers
              .map((l) => (l.params as { weight: { dataSync(): ArrayLike<number> } }).weight.dataSync())
              .map(String),
          );
        }
      },
    });
    expect(state.step.item()).toBe(40);
    expect(seen[2]).toBe(seen[0]);
    expect(seen[3]).not.toBe(seen[1]);
  });
});

describe('bad input', () => {
  const onProgress = () => expect.unreachable('a batch was trained on');
  const one = (values: Partial<Examples>) => train(build(), { ...data, ...values }, { ...options, onProgress });

  test('is refused before anything is computed', async () => {
    const broken = array(data.images.dataSync().fill(Number.NaN, 37, 38), { shape: [400, 36] });
    await expect(one({ images: broken })).rejects.toThrow(/images must be finite, got NaN in example 1/);
    await expect(one({ labels: np.zeros([3], { dtype: 'int32' }) })).rejects.toThrow(
      /expected images \[n, ...\] and labels \[n\]/,
    );
    const last = array([...data.labels.dataSync().slice(0, -1), 4], { dtype: 'int32' });
    await expect(one({ labels: last })).rejects.toThrow(/^train: expected labels from 0 to 3, got 4/);
    await expect(one({ labels: data.labels.astype('float32') })).rejects.toThrow(
      /labels to be int32\[400\], got float32/,
    );
    await expect(one({ images: data.images.astype('int32') })).rejects.toThrow(/float batch .*, got int32\[400, 36\]/);
    await expect(train(build(), data, { ...options, epochs: 0 })).rejects.toThrow(/epochs of 1 or more, got 0/);
    await expect(train(build(), data, { ...options, batchSize: 401 })).rejects.toThrow(/batchSize from 1 to 400/);
  });

  test('is refused by the error rate', () => {
    const model = build();
    const state = model.init(random.key(0), data.images);
    const wrong = { ...test_, labels: np.full([200], -1, { dtype: 'int32' }) };
    expect(() => errorRate(model, state, wrong)).toThrow(/^errorRate: expected labels from 0 to 3, got -1/);
    expect(() => errorRate(model, state, test_, { batchSize: 0 })).toThrow(/^errorRate: expected batchSize .* got 0/);
  });
});
