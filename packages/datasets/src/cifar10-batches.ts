import { FormatError } from '@forback/core';
import type { Cifar10Records } from './cifar10-records';
import { concatenate } from './concatenate';
import type { ImageBytes } from './dataset';
import { gunzip } from './gzip';
import { readTar } from './tar';

/** The five training batches and the test batch of the published archive. */
export async function unpackCifar10(archive: Uint8Array, where: string): Promise<Uint8Array[]> {
  const files = readTar(await gunzip(archive));
  return ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'].map((name) => {
    const file = files.get(`cifar-10-batches-bin/${name}.bin`);
    if (file === undefined) {
      throw new FormatError(`${where}: expected ${name}.bin in the archive, got ${[...files.keys()].join(', ')}`);
    }
    return file;
  });
}

/** The records of several files, one after the other. */
export function joinRecords(records: readonly Cifar10Records[]): ImageBytes {
  const count = records.reduce((sum, part) => sum + part.count, 0);
  return {
    images: concatenate(
      records.map((part) => part.images),
      count * 3072,
    ),
    labels: concatenate(
      records.map((part) => part.labels),
      count,
    ),
  };
}

/** The batches have no published digests of their own, but their classes are exactly balanced over each part. */
export function checkBalance(part: ImageBytes, each: number, where: string): void {
  const counts = new Array<number>(10).fill(0);
  for (const label of part.labels) counts[label] = (counts[label] as number) + 1;
  if (counts.some((count) => count !== each)) {
    throw new FormatError(
      `${where}: expected ${each} images of each class, got ${counts.join(', ')}; its batch files are mixed up or damaged`,
    );
  }
}
