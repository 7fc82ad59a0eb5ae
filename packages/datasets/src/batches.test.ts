import { ArgumentError, array, random, ShapeError } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, shuffle } from './batches';

/** Rows whose numbers say which row they are. */
function sample(n: number) {
  return {
    images: array(
      Float32Array.from({ length: n * 6 }, (_, i) => i / 4),
      { shape: [n, 2, 3] },
    ),
    labels: array(Int32Array.from({ length: n }, (_, i) => 10 * i)),
    flags: array(
      Array.from({ length: n }, (_, i) => i % 2),
      { dtype: 'bool' },
    ),
  };
}

function rowsSeen(data: ReturnType<typeof sample>, options: Parameters<typeof batches>[1]): number[] {
  return [...batches(data, options)].flatMap((batch) => {
    const rows = Array.from(batch.indices.dataSync());
    expect(batch.images.shape).toEqual([rows.length, 2, 3]);
    expect(batch.labels.dtype).toBe('int32');
    expect(batch.flags.dtype).toBe('bool');
    const pixels = batch.images.dataSync();
    rows.forEach((row, i) => {
      expect(batch.labels.dataSync()[i]).toBe(10 * row);
      expect(batch.flags.dataSync()[i]).toBe(row % 2);
      expect(Array.from(pixels.subarray(6 * i, 6 * i + 6))).toEqual([0, 1, 2, 3, 4, 5].map((j) => (6 * row + j) / 4));
    });
    return rows;
  });
}

describe('batches', () => {
  it('gives every row once, with everything that belongs to it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 25 }),
        fc.option(fc.nat(1000), { nil: undefined }),
        (n, batchSize, seed) => {
          const key = seed === undefined ? undefined : random.key(seed);
          const rows = rowsSeen(sample(n), { batchSize, key });
          const all = Array.from({ length: n }, (_, i) => i);
          expect(seed === undefined ? rows : rows.toSorted((a, b) => a - b)).toEqual(all);
          expect(batches(sample(n), { batchSize }).length).toBe(Math.ceil(n / batchSize));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('drops the smaller last batch where asked', () => {
    const short = batches(sample(10), { batchSize: 4, dropRemainder: true });
    expect(short.length).toBe(2);
    expect([...short].map(({ labels }) => labels.shape)).toEqual([[4], [4]]);
    expect([...batches(sample(10), { batchSize: 4 })].map(({ labels }) => labels.shape)).toEqual([[4], [4], [2]]);
    expect([...batches(sample(3), { batchSize: 4, dropRemainder: true })]).toEqual([]);
  });

  it('has an order for each key and each epoch, the same every time', () => {
    const order = (seed: number, epoch?: number) =>
      rowsSeen(sample(30), { batchSize: 7, key: random.key(seed), epoch }).join();
    expect(order(1)).toBe(order(1));
    expect(order(1, 0)).toBe(order(1, 0));
    expect(new Set([order(1), order(2), order(1, 0), order(1, 1), order(2, 0)]).size).toBe(5);
    const again = batches(sample(30), { batchSize: 7, key: random.key(1) });
    expect([...again].map(({ indices }) => indices.toJS())).toEqual([...again].map(({ indices }) => indices.toJS()));
  });

  it('says what is wrong', () => {
    const rows = sample(4);
    expect(() => batches({ ...rows, labels: array([1, 2, 3]) }, { batchSize: 2 })).toThrow(
      'batches: expected arrays with the same number of rows, got images [4, 2, 3], labels [3], flags [4]',
    );
    expect(() => batches({ scalar: array(1) }, { batchSize: 2 })).toThrow(ShapeError);
    expect(() => batches({}, { batchSize: 2 })).toThrow('got no array');
    expect(() => batches({ indices: array([1]) }, { batchSize: 2 })).toThrow('expected no array named indices');
    for (const batchSize of [0, 1.5, -2, Number.NaN]) expect(() => batches(rows, { batchSize })).toThrow(ArgumentError);
    expect(() => batches(rows, { batchSize: 2, epoch: 1 })).toThrow('got epoch 1 without a key');
  });
});

describe('shuffle', () => {
  it('reorders all arrays alike', () => {
    const shuffled = shuffle(sample(40), random.key(5));
    const labels = Array.from(shuffled.labels.dataSync());
    expect(labels.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => 10 * i));
    expect(labels).not.toEqual(labels.toSorted((a, b) => a - b));
    expect(Array.from(shuffled.images.dataSync()).filter((_, i) => i % 6 === 0)).toEqual(
      labels.map((label) => (6 * label) / 40),
    );
    expect(shuffle(sample(40), random.key(5)).labels.toJS()).toEqual(labels);
    expect(() => shuffle({ a: array([1, 2]), b: array([1]) }, random.key(0))).toThrow('shuffle: expected arrays');
  });
});
