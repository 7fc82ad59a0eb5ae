import { describe, expect, it } from 'vitest';
import { cifar10, cifar10OrSubset, fashionMnist, identify, mnist } from './published-files';

const sets = [mnist, fashionMnist, cifar10OrSubset];

describe('published files', () => {
  it('are told apart by their digests although their names are the same', () => {
    const digests = sets.flatMap((set) => set.arrangements.flat().flatMap(({ sha256 }) => sha256 ?? []));
    expect(new Set(digests).size).toBe(digests.length);
    expect(digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))).toBe(true);
    for (const set of sets) {
      for (const { name, sha256 } of set.arrangements.flat()) {
        if (sha256 !== undefined) expect(identify(sha256)).toBe(`${name} of ${set.title}`);
      }
    }
    expect(identify('0'.repeat(64))).toBeUndefined();
  });

  it('have sizes that follow from their format', () => {
    const sizes = (set: typeof mnist) => Object.fromEntries(set.download.map(({ name, inflated }) => [name, inflated]));
    for (const set of [mnist, fashionMnist]) {
      expect(sizes(set)).toEqual({
        'train-labels-idx1-ubyte.gz': 8 + 60_000,
        't10k-labels-idx1-ubyte.gz': 8 + 10_000,
        'train-images-idx3-ubyte.gz': 16 + 60_000 * 784,
        't10k-images-idx3-ubyte.gz': 16 + 10_000 * 784,
      });
    }
    const [batches, , subset] = cifar10OrSubset.arrangements;
    expect(batches?.map(({ bytes }) => bytes / 3073)).toEqual([10_000, 10_000, 10_000, 10_000, 10_000, 10_000]);
    expect(subset?.map(({ bytes }) => bytes / 3073)).toEqual([8068, 1017]);
  });

  it('are downloaded without the subset, which no mirror has', () => {
    expect(cifar10OrSubset.download).toBe(cifar10.download);
    for (const set of sets) {
      expect(set.arrangements).toContain(set.download);
      for (const mirror of set.mirrors) expect(new URL(mirror).pathname.endsWith('/')).toBe(true);
      expect(set.download.every(({ sha256 }) => sha256 !== undefined)).toBe(true);
    }
  });
});
