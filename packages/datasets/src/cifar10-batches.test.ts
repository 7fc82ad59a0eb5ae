import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkBalance, joinRecords, unpackCifar10 } from './cifar10-batches';
import { tarFile } from './test-support';

const names = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'];

describe('unpackCifar10', () => {
  it('finds the batches in their order', async () => {
    const entries = names.map((name, i) => [`cifar-10-batches-bin/${name}.bin`, Uint8Array.of(i, i, i)] as const);
    const others = [['cifar-10-batches-bin/readme.html', Uint8Array.of(9)]] as const;
    const batches = await unpackCifar10(gzipSync(tarFile([...others, ...entries.toReversed()])), 'here');
    expect(batches.map((batch) => Array.from(batch))).toEqual(names.map((_, i) => [i, i, i]));
  });

  it('says which one is missing', async () => {
    const archive = gzipSync(tarFile([['cifar-10-batches-bin/data_batch_1.bin', Uint8Array.of(1)]]));
    await expect(unpackCifar10(archive, 'here')).rejects.toThrow(
      'here: expected data_batch_2.bin in the archive, got cifar-10-batches-bin/data_batch_1.bin',
    );
  });
});

describe('joinRecords', () => {
  it('puts the records of all files in a row', () => {
    const part = (label: number) => ({
      count: 1,
      images: new Uint8Array(3072).fill(label),
      labels: Uint8Array.of(label),
    });
    const { images, labels } = joinRecords([part(3), part(1), part(2)]);
    expect(Array.from(labels)).toEqual([3, 1, 2]);
    expect(images).toHaveLength(3 * 3072);
    expect([images[0], images[3071], images[3072], images[9215]]).toEqual([3, 3, 1, 2]);
  });
});

describe('checkBalance', () => {
  const part = (labels: number[]) => ({ images: new Uint8Array(0), labels: Uint8Array.from(labels) });
  const twice = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

  it('accepts equal classes and refuses others', () => {
    checkBalance(part(twice), 2, 'here');
    expect(() => checkBalance(part(twice.with(0, 1)), 2, 'here')).toThrow(
      'here: expected 2 images of each class, got 1, 3, 2, 2, 2, 2, 2, 2, 2, 2',
    );
    expect(() => checkBalance(part(twice), 1, 'here')).toThrow('mixed up or damaged');
  });
});
