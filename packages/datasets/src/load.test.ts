import { FormatError, random } from '@forback/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dataset } from './dataset';
import { DatasetNotFoundError } from './errors';
import { loadCifar10 } from './load-cifar10';
import { loadDigits } from './load-digits';
import { loadFashionMnist, loadMnist } from './load-mnist';
import { CIFAR10_MEAN_STD, FASHION_MNIST_MEAN_STD, MNIST_MEAN_STD, meanStd } from './normalise';
import { syntheticDigitsDataset } from './synthetic-digits';
import { temporaryFolder } from './test-support';

// Where a data folder is at hand these tests read the real files, and elsewhere they see the error that says there is none.
const offline = { download: false } as const;

async function orNotFound(load: Promise<Dataset>): Promise<Dataset | undefined> {
  try {
    return await load;
  } catch (error) {
    expect(error).toBeInstanceOf(DatasetNotFoundError);
    expect((error as DatasetNotFoundError).attempts.at(-1)).toBe('download: turned off');
    return undefined;
  }
}

function classCounts(labels: ArrayLike<number>): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of Array.from(labels)) counts[label] = (counts[label] as number) + 1;
  return counts;
}

function expectMeanStd(
  dataset: Dataset,
  expected: { mean: number | readonly number[]; std: number | readonly number[] },
  digits: number,
) {
  const { mean, std } = meanStd(dataset.train.images);
  mean.forEach((value, i) => {
    expect(value).toBeCloseTo([expected.mean].flat()[i] as number, digits);
  });
  std.forEach((value, i) => {
    expect(value).toBeCloseTo([expected.std].flat()[i] as number, digits);
  });
}

let mnist: Dataset | undefined;
beforeAll(async () => {
  mnist = await orNotFound(loadMnist(offline));
});

describe('loadMnist', () => {
  it('reads MNIST where it is', () => {
    const dataset = mnist;
    if (dataset === undefined) return;
    expect([dataset.name, dataset.synthetic]).toEqual(['MNIST', false]);
    expect([dataset.train.images.shape, dataset.test.images.shape]).toEqual([
      [60_000, 784],
      [10_000, 784],
    ]);
    const labels = dataset.train.labels.dataSync();
    expect(Array.from(labels.subarray(0, 10))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(classCounts(labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(classCounts(dataset.test.labels.dataSync())).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    expect(byteSum(dataset.test, 9999)).toBe(41_833);
    expectMeanStd(dataset, MNIST_MEAN_STD, 4);
  });
});

describe('loadFashionMnist', () => {
  it('reads Fashion-MNIST where it is', async () => {
    const dataset = await orNotFound(loadFashionMnist({ ...offline, flatten: false, validation: 10_000 }));
    if (dataset === undefined) return;
    const { validation } = dataset as Dataset & { validation: Dataset['train'] };
    expect(dataset.name).toBe('Fashion-MNIST');
    expect(dataset.train.images.shape).toEqual([50_000, 1, 28, 28]);
    expect(validation.images.shape).toEqual([10_000, 1, 28, 28]);
    expect(Array.from(dataset.train.labels.dataSync().subarray(0, 5))).toEqual([9, 0, 0, 3, 0]);
    expect(Array.from(validation.labels.dataSync().subarray(-3))).toEqual([3, 0, 5]);
    expect(byteSum(validation, 9999)).toBe(16_684);
    expect(dataset.classNames[9]).toBe('ankle boot');
    // The constants are of all 60,000 rows.
    expectMeanStd(dataset, FASHION_MNIST_MEAN_STD, 2);
  });

  it('recognises MNIST in a folder that should hold Fashion-MNIST', async () => {
    const dataDir = mnist?.source ?? (await temporaryFolder());
    const load = loadFashionMnist({ ...offline, dataDir });
    if (mnist === undefined) await expect(load).rejects.toThrow(DatasetNotFoundError);
    else {
      await expect(load).rejects.toThrow('train-labels-idx1-ubyte.gz of MNIST: the file is in the wrong folder');
      await expect(load).rejects.toThrow(FormatError);
    }
  });
});

describe('loadCifar10', () => {
  it('reads CIFAR-10 where it is, and says so where it is only a subset', async () => {
    const dataset = await orNotFound(loadCifar10(offline));
    if (dataset === undefined) return;
    expect(dataset.classNames[6]).toBe('frog');
    expect(dataset.train.images.shape.slice(1)).toEqual([3, 32, 32]);
    const counts = classCounts(dataset.train.labels.dataSync());
    if (dataset.name === 'CIFAR-10') {
      expect(counts).toEqual(new Array(10).fill(5000));
      expectMeanStd(dataset, CIFAR10_MEAN_STD, 3);
    } else {
      expect(dataset.name).toBe('CIFAR-10 lossless subset');
      expect(counts).toEqual([810, 777, 808, 783, 856, 782, 808, 799, 835, 810]);
      expect(classCounts(dataset.test.labels.dataSync())).toEqual([105, 93, 100, 104, 92, 87, 114, 102, 110, 110]);
      expectMeanStd(dataset, CIFAR10_MEAN_STD, 1);
    }
  });

  it('does not take the subset where only the whole set will do', async () => {
    const whole = await orNotFound(loadCifar10({ ...offline, subset: false, flatten: true }));
    expect([undefined, 'CIFAR-10']).toContain(whole?.name);
  });
});

describe('loadDigits', () => {
  it('takes MNIST where it is, and draws digits of the same layout elsewhere', async () => {
    const dataset = await loadDigits({ ...offline, synthetic: { train: 60, test: 20 }, validation: 15 });
    expect(dataset.name).toBe(dataset.synthetic ? 'synthetic digits (not MNIST)' : 'MNIST');
    expect(dataset.train.images.shape).toEqual([dataset.synthetic ? 45 : 59_985, 784]);
    expect(dataset.validation.images.shape).toEqual([15, 784]);
  });

  describe('where MNIST is nowhere', () => {
    beforeEach(async () => {
      const empty = await temporaryFolder();
      vi.spyOn(process, 'cwd').mockReturnValue(empty);
      for (const name of ['HOME', 'USERPROFILE', 'LOCALAPPDATA', 'XDG_CACHE_HOME', 'FORBACK_DATA_DIR'])
        vi.stubEnv(name, empty);
    });
    afterEach(() => {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    });

    it('draws digits from the key and says why', async () => {
      const synthetic = { train: 30, test: 10, noise: 0 };
      const dataset = await loadDigits({ ...offline, key: random.key(5), synthetic });
      expect(dataset.synthetic).toBe(true);
      expect(dataset.source).toMatch(/drawn by syntheticDigits.*MNIST was not found: .*download: turned off/);
      const expected = syntheticDigitsDataset(random.key(5), synthetic);
      expect(dataset.train.images.dataSync()).toEqual(expected.train.images.dataSync());
      expect(dataset.test.labels.dataSync()).toEqual(expected.test.labels.dataSync());
    });

    it('draws digits where no mirror answers', async () => {
      const fetch = () => Promise.reject(new TypeError('fetch failed'));
      const dataset = await loadDigits({ fetch, synthetic: { train: 10, test: 10 } });
      expect(dataset.synthetic).toBe(true);
      expect(dataset.source).toContain('train-labels-idx1-ubyte.gz: fetch failed');
    });

    it('stops when aborted instead of drawing', async () => {
      const reason = new Error('enough');
      await expect(loadDigits({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
});

function byteSum(split: Dataset['train'], image: number): number {
  const pixels = split.images.dataSync().subarray(784 * image, 784 * (image + 1));
  return Array.from(pixels, (value) => Math.round(255 * value)).reduce((sum, byte) => sum + byte, 0);
}
