import { ArgumentError, array, random } from '@forback/core';
import { describe, expect, it } from 'vitest';
import { syntheticDigits, syntheticDigitsDataset } from './synthetic-digits';

const key = random.key(1);

describe('syntheticDigits', () => {
  it('has the layout of MNIST and says that it is synthetic', () => {
    const { images, labels, synthetic } = syntheticDigits(key, 30);
    expect([images.shape, images.dtype]).toEqual([[30, 784], 'float32']);
    expect([labels.shape, labels.dtype]).toEqual([[30], 'int32']);
    expect(synthetic).toBe(true);
    const pixels = images.dataSync();
    expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(pixels.every((value) => Math.fround(Math.round(value * 255) / 255) === value)).toBe(true);
  });

  it('is a function of the key', () => {
    const same = syntheticDigits(random.key(1), 20);
    const first = syntheticDigits(key, 20);
    expect(same.images.dataSync()).toEqual(first.images.dataSync());
    expect(same.labels.dataSync()).toEqual(first.labels.dataSync());
    expect(syntheticDigits(random.key(2), 20).images.dataSync()).not.toEqual(first.images.dataSync());
  });

  it('draws image i the same for every n', () => {
    for (const balanced of [true, false]) {
      const long = syntheticDigits(key, 47, { balanced });
      const short = syntheticDigits(key, 13, { balanced });
      expect(long.images.dataSync().subarray(0, 13 * 784)).toEqual(short.images.dataSync());
      expect(long.labels.dataSync().subarray(0, 13)).toEqual(short.labels.dataSync());
    }
  });

  it('holds each digit once in every ten, in changing order', () => {
    const labels = syntheticDigits(key, 200).labels.dataSync();
    const blocks = Array.from({ length: 20 }, (_, block) => Array.from(labels.subarray(10 * block, 10 * block + 10)));
    for (const block of blocks) expect(block.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(blocks.map(String)).size).toBe(20);
  });

  it('draws independent labels where asked', () => {
    const labels = syntheticDigits(key, 1000, { balanced: false, noise: 0 }).labels.dataSync();
    const counts = new Array<number>(10).fill(0);
    for (const label of labels) counts[label] = (counts[label] as number) + 1;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    // Nine degrees of freedom: outside with probability below 1e-4.
    expect(chiSquare).toBeGreaterThan(0.6);
    expect(chiSquare).toBeLessThan(34);
  });

  it('is neither solved by a linear classifier nor hopeless for one, and nearest neighbours do better', () => {
    const train = pooled(syntheticDigits(random.key(3), 3000));
    const test = pooled(syntheticDigits(random.key(4), 600));
    const linear = ridgeAccuracy(train, test);
    expect(linear).toBeGreaterThan(0.75);
    expect(linear).toBeLessThan(0.9);
    expect(neighbourAccuracy(train, test)).toBeGreaterThan(linear + 0.03);
  });

  it('is easy without jitter and noise', () => {
    const options = { jitter: 0, noise: 0 };
    const train = pooled(syntheticDigits(random.key(3), 300, options));
    expect(ridgeAccuracy(train, pooled(syntheticDigits(random.key(4), 100, options)))).toBe(1);
  });

  it('says what is wrong with its arguments', () => {
    expect(() => syntheticDigits(key, 0)).toThrow(
      'syntheticDigits: expected a whole number of images from 1 on, got 0',
    );
    expect(() => syntheticDigits(key, 1.5)).toThrow(ArgumentError);
    expect(() => syntheticDigits(key, 5, { noise: -1 })).toThrow('expected noise from 0 to 2, got -1');
    expect(() => syntheticDigits(key, 5, { jitter: Number.NaN })).toThrow('expected jitter from 0 to 2, got NaN');
    expect(() => syntheticDigits(array([1, 2]), 5)).toThrow('expected a key from random.key(seed)');
    expect(() => syntheticDigits(7 as never, 5)).toThrow('expected a key from random.key(seed), got 7');
  });
});

describe('syntheticDigitsDataset', () => {
  it('draws both parts independently, and holds out the last training rows', () => {
    const dataset = syntheticDigitsDataset(key, { train: 50, test: 20, validation: 15 });
    const whole = syntheticDigitsDataset(key, { train: 50, test: 20 });
    expect(dataset.synthetic).toBe(true);
    expect(dataset.name).toBe('synthetic digits (not MNIST)');
    expect(dataset.source).toContain('syntheticDigits');
    expect(dataset.classNames[7]).toBe('7');
    expect(dataset.train.images.shape).toEqual([35, 784]);
    expect(dataset.validation.images.shape).toEqual([15, 784]);
    expect(dataset.validation.images.dataSync()).toEqual(whole.train.images.dataSync().subarray(35 * 784));
    expect(dataset.test.images.dataSync()).toEqual(whole.test.images.dataSync());
    expect(whole.test.images.dataSync()).not.toEqual(whole.train.images.dataSync().subarray(0, 20 * 784));
    expect('validation' in whole).toBe(false);
  });

  it('has images where asked', () => {
    expect(syntheticDigitsDataset(key, { train: 3, test: 2, flatten: false }).train.images.shape).toEqual([
      3, 1, 28, 28,
    ]);
  });
});

interface Table {
  readonly features: readonly Float64Array[];
  readonly labels: readonly number[];
}

/** Means over 2×2 pixels and a constant: 197 features. */
function pooled(digits: ReturnType<typeof syntheticDigits>): Table {
  const pixels = digits.images.dataSync();
  const labels = Array.from(digits.labels.dataSync());
  const features = labels.map((_, image) => {
    const row = new Float64Array(197).fill(0);
    for (let i = 0; i < 784; i++) {
      const cell = 14 * Math.floor(i / 56) + Math.floor((i % 28) / 2);
      row[cell] = (row[cell] as number) + (pixels[784 * image + i] as number) / 4;
    }
    row[196] = 1;
    return row;
  });
  return { features, labels };
}

/** Least squares on one-hot labels with a small ridge, solved by Cholesky: the closed-form linear classifier. */
function ridgeAccuracy(train: Table, test: Table): number {
  const n = 197;
  const gram = Array.from({ length: n }, (_, i) => new Float64Array(n).fill(0).with(i, 3));
  const targets = Array.from({ length: n }, () => new Float64Array(10));
  train.features.forEach((row, image) => {
    const label = train.labels[image] as number;
    for (let i = 0; i < n; i++) {
      const value = row[i] as number;
      const line = gram[i] as Float64Array;
      for (let j = 0; j <= i; j++) line[j] = (line[j] as number) + value * (row[j] as number);
      const target = targets[i] as Float64Array;
      target[label] = (target[label] as number) + value;
    }
  });
  for (let i = 0; i < n; i++) {
    const line = gram[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = gram[j] as Float64Array;
      let sum = line[j] as number;
      for (let k = 0; k < j; k++) sum -= (line[k] as number) * (other[k] as number);
      line[j] = i === j ? Math.sqrt(sum) : sum / (other[j] as number);
    }
  }
  const weights = targets.map((row) => Float64Array.from(row));
  for (let label = 0; label < 10; label++) {
    const entry = (i: number) => (weights[i] as Float64Array)[label] as number;
    const factor = (i: number, j: number) => (gram[i] as Float64Array)[j] as number;
    for (let i = 0; i < n; i++) {
      let sum = entry(i);
      for (let k = 0; k < i; k++) sum -= factor(i, k) * entry(k);
      (weights[i] as Float64Array)[label] = sum / factor(i, i);
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = entry(i);
      for (let k = i + 1; k < n; k++) sum -= factor(k, i) * entry(k);
      (weights[i] as Float64Array)[label] = sum / factor(i, i);
    }
  }
  return accuracy(test, (row) => {
    const scores = new Float64Array(10);
    row.forEach((value, i) => {
      (weights[i] as Float64Array).forEach((weight, label) => {
        scores[label] = (scores[label] as number) + value * weight;
      });
    });
    return scores.indexOf(Math.max(...scores));
  });
}

function neighbourAccuracy(train: Table, test: Table): number {
  return accuracy(test, (row) => {
    let [nearest, distance] = [0, Number.POSITIVE_INFINITY];
    train.features.forEach((other, image) => {
      let sum = 0;
      for (let i = 0; i < row.length; i++) sum += ((row[i] as number) - (other[i] as number)) ** 2;
      if (sum < distance) [nearest, distance] = [image, sum];
    });
    return train.labels[nearest] as number;
  });
}

function accuracy(test: Table, predict: (row: Float64Array) => number): number {
  const correct = test.features.filter((row, image) => predict(row) === test.labels[image]).length;
  return correct / test.features.length;
}
