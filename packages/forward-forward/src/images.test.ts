import { type NDArray, nn, np, optim, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { denseStack, type LocalLayer } from './dense-stack';
import { forwardForward } from './forward-forward';
import { channelGroups } from './goodness';
import { labelInChannel, labelPatterns } from './label-overlay';
import { localFields } from './local-fields';
import { uniformWrongLabels } from './negatives';
import type { ForwardForwardOptions } from './options';
import { type Examples, errorRate, train } from './train';

/** RGB images [n, 3, 8, 8]: bars, horizontal or vertical, in the upper left or the lower right half. */
function bars(n: number, seed: number): Examples {
  const labels = np.mod(np.arange(n), 4);
  const prototypes = random.uniform(random.key(50), { shape: [4, 3, 8, 8] });
  const noise = random.normal(random.key(seed), { shape: [n, 3, 8, 8] }).mul(0.15);
  return { images: np.take(prototypes, labels).add(noise), labels };
}

const data = bars(400, 1);
const unseen = bars(120, 2);
const optimiser = optim.adam({ learningRate: 0.01 });
const flattened = (inputs: number, units: number): LocalLayer => {
  const [dense] = denseStack([inputs, units]) as [LocalLayer];
  return { init: dense.init, apply: (params, x) => dense.apply(params, x.reshape([x.shape[0] as number, -1])) };
};
const overlay = labelInChannel(labelPatterns(random.key(3), 4, [8, 8]));

describe.each<[string, ForwardForwardOptions]>([
  [
    'a convolutional network with the label in a channel',
    {
      layers: [
        nn.conv({ in: 4, out: 8, kernel: 3 }) as LocalLayer,
        nn.sequential(nn.maxPool({ window: 2 }), nn.conv({ in: 8, out: 12, kernel: 2 })) as LocalLayer,
      ],
      classes: 4,
      overlay,
      negatives: uniformWrongLabels(),
      optimiser,
    },
  ],
  [
    'local receptive fields',
    {
      layers: [localFields({ in: [4, 8, 8], out: 8, field: 4, stride: 2 }) as LocalLayer, flattened(72, 24)],
      classes: 4,
      overlay,
      optimiser,
    },
  ],
  [
    'CwC: convolutions with a channel group for each class',
    {
      layers: [
        nn.conv({ in: 3, out: 8, kernel: 3 }) as LocalLayer,
        nn.sequential(nn.maxPool({ window: 2 }), nn.conv({ in: 8, out: 12, kernel: 2 })) as LocalLayer,
      ],
      classes: 4,
      goodness: channelGroups(),
      optimiser,
    },
  ],
])('%s', (_name, options) => {
  test('learns images that it has not seen', async () => {
    const model = forwardForward(options);
    const { state } = await train(model, data, { epochs: 6, batchSize: 20, key: random.key(0) });
    expect(errorRate(model, state, unseen)).toBeLessThan(0.1);
  });
});

describe('local fields', () => {
  test('with equal weights everywhere are a convolution', () => {
    const layer = localFields({ in: [2, 7, 6], out: 5, field: 3, stride: 2 });
    const kernel = random.normal(random.key(1), { shape: [5, 2, 3, 3] });
    const images = random.normal(random.key(2), { shape: [4, 2, 7, 6] });
    const weight = np.broadcastTo(kernel.reshape([5, 18]).transpose(), [6, 18, 5]);
    const bias = random.normal(random.key(3), { shape: [5] });
    const values = layer.apply({ weight, bias: np.broadcastTo(bias, [6, 5]) }, images);
    const expected = nn.functional.conv(images, kernel, { stride: 2 }).add(bias.reshape([5, 1, 1])) as NDArray;
    expect(values.shape).toEqual([4, 5, 3, 2]);
    expect(np.abs(values.sub(expected)).max().item()).toBeLessThan(1e-4);
  });

  test('bad sizes are refused', () => {
    expect(() => localFields({ in: [1, 3, 3], out: 2, field: 4 })).toThrow(/a field of 4 does not fit into 3 × 3/);
    expect(() => localFields({ in: [1, 3, 3], out: 0, field: 2 })).toThrow(/whole numbers of 1 or more/);
    const layer = localFields({ in: [1, 3, 3], out: 2, field: 2 });
    expect(() => layer.apply(layer.init(random.key(0)), np.ones([2, 1, 4, 4]))).toThrow(
      /expected images \[n, 1, 3, 3\]/,
    );
  });
});

describe('the label in a channel', () => {
  test('adds the pattern of the class, or their mean, and keeps the image', () => {
    const patterns = labelPatterns(random.key(3), 4, [8, 8]);
    const { images, labels } = bars(5, 9);
    const written = overlay.write(images, labels);
    expect(written.shape).toEqual([5, 4, 8, 8]);
    expect(written.slice(null, [0, 3]).dataSync()).toEqual(images.dataSync());
    for (let i = 0; i < 5; i++) expect(written.at(i, 3).dataSync()).toEqual(patterns.at(i % 4).dataSync());
    const neutral = overlay.writeNeutral(images).at(2, 3);
    expect(
      np
        .abs(neutral.sub(patterns.mean(0)))
        .max()
        .item(),
    ).toBeLessThan(1e-6);
  });

  test('other sizes are refused', () => {
    expect(() => overlay.writeNeutral(np.ones([2, 3, 9, 8]))).toThrow(
      /images \[n, channels, 8, 8\], got \[2, 3, 9, 8\]/,
    );
    expect(() => labelInChannel(np.ones([1, 8, 8]))).toThrow(/at least 2 classes/);
  });
});
