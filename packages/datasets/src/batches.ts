import { ArgumentError, array, type NDArray, random, ShapeError } from '@forback/core';

/** A record of arrays that have the same number of rows, as a `Split` is. */
export type Rows<T> = { readonly [Name in keyof T]: NDArray };

/** Some rows of each array of a record, and their row numbers (int32). */
export type Batch<T> = Rows<T> & { readonly indices: NDArray };

/** Batches to iterate over, any number of times. */
export interface Batches<T> extends Iterable<Batch<T>> {
  /** Number of batches. */
  readonly length: number;
}

/** How rows are grouped. */
export interface BatchOptions {
  readonly batchSize: number;
  /** Shuffles the rows. Without a key they come in order. */
  readonly key?: random.Key | undefined;
  /** Number of the pass over the data: each has an order of its own, `random.foldIn(key, epoch)`. */
  readonly epoch?: number | undefined;
  /** Whether to leave out a last, smaller batch, so that all shapes are equal. Default false. */
  readonly dropRemainder?: boolean | undefined;
}

/** The rows of `data` in batches of `batchSize`, each row once. Only the rows of the current batch are copied. */
export function batches<T extends Rows<T>>(data: T, options: BatchOptions): Batches<T> {
  const { batchSize, key, epoch, dropRemainder = false } = options;
  const count = rowCount('batches', data);
  if ('indices' in data)
    throw new ArgumentError('batches: expected no array named indices, the batches add it; rename it');
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError(`batches: expected batchSize to be a whole number from 1 on, got ${batchSize}`);
  }
  if (epoch !== undefined && key === undefined) {
    throw new ArgumentError(
      `batches: got epoch ${epoch} without a key, so the order could not depend on it; pass a key`,
    );
  }
  const order =
    key === undefined ? ordered(count) : shuffled(epoch === undefined ? key : random.foldIn(key, epoch), count);
  const length = dropRemainder ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  return {
    length,
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) {
        const indices = order.subarray(i * batchSize, Math.min(count, (i + 1) * batchSize));
        yield { ...gatherAll(data, indices, 'batches'), indices: array(indices) };
      }
    },
  };
}

/** The record with its rows in an order drawn from the key, the same for every array. */
export function shuffle<T extends Rows<T>>(data: T, key: random.Key): Rows<T> {
  return gatherAll(data, shuffled(key, rowCount('shuffle', data)), 'shuffle');
}

function rowCount<T extends Rows<T>>(caller: string, data: T): number {
  const shapes = Object.entries<NDArray>(data).map(([name, rows]) => [name, rows.shape] as const);
  const count = shapes[0]?.[1][0];
  if (count === undefined || shapes.some(([, shape]) => shape[0] !== count)) {
    const found = shapes.map(([name, shape]) => `${name} [${shape.join(', ')}]`).join(', ') || 'no array';
    throw new ShapeError(`${caller}: expected arrays with the same number of rows, got ${found}`);
  }
  return count;
}

function ordered(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function shuffled(key: random.Key, count: number): Int32Array {
  return random.permutation(key, count).dataSync() as Int32Array;
}

function gatherAll<T extends Rows<T>>(data: T, indices: Int32Array, caller: string): Rows<T> {
  const parts = Object.entries<NDArray>(data).map(([name, rows]) => [name, gather(rows, indices, caller)]);
  return Object.fromEntries(parts) as Rows<T>;
}

function gather(rows: NDArray, indices: Int32Array, caller: string): NDArray {
  // The buffer itself: a copy of the whole array for each batch would cost more than the batch.
  const source = rows.elements(caller);
  const size = rows.size / (rows.shape[0] as number);
  const target = new (source.constructor as new (length: number) => typeof source)(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] as number;
    target.set(source.subarray(row * size, (row + 1) * size), i * size);
  }
  return array(target, { shape: [indices.length, ...rows.shape.slice(1)], dtype: rows.dtype });
}
