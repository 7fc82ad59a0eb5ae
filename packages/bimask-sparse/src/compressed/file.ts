import { array, FormatError, io, type NDArray, tree } from '@forback/core';
import { checkPattern, keptOf, type Pattern } from '../pattern';
import { crc32 } from './checksum';
import { type Compressed, compress } from './compress';
import { decompress } from './entries';

/** A weight of a loaded file in its compressed form, ready for `sparseMatmul`. */
export interface CompressedWeight extends Pattern, Compressed {
  /** The axis that was compressed. */
  readonly axis: 0 | 1;
  /** Whether four neighbouring lines share their indices. */
  readonly shared: boolean;
}

/** A network that `loadCompressed` has read. */
export interface CompressedNetwork<T> {
  /** The parameters as they were saved, bit for bit. */
  readonly params: T;
  /** The compressed ones among them, by path such as `layers[0].weight`. Weights of more than two axes are read as [first, rest]. */
  readonly weights: Readonly<Record<string, CompressedWeight>>;
}

/** What `saveCompressed` looks for. */
export interface SaveCompressedOptions extends Pattern {
  /** Look for four neighbouring lines that share their places, as `compress` makes them. Default: false. */
  readonly shared?: boolean;
}

const format = 'forback N:M';
const version = 1;

interface StoredWeight extends Pattern {
  readonly axis: number;
  readonly shared: boolean;
  /** Shape of the weight. */
  readonly shape: readonly number[];
  /** Positions in their groups, `bitsFor(m)` bits each, the first in the lowest bits of the first word. */
  readonly positions: NDArray;
}

interface StoredNetwork {
  readonly format: string;
  readonly version: number;
  /** Where a weight is compressed, its values [lines, kept]. */
  readonly params: unknown;
  readonly weights: Readonly<Record<string, StoredWeight>>;
  /** Of the bytes that `io.save` makes of the rest. */
  readonly checksum: number;
}

/** Bits that hold a position in a group of m. */
function bitsFor(m: number): number {
  return Math.ceil(Math.log2(m));
}

/**
 * Parameters as bytes, in which every weight that obeys the pattern takes the room of its non-zeros: the values, and log2(m)
 * bits (rounded up) for each, so 2 bits at 2:4. Nothing is lost: a weight counts only if its compressed form gives back all
 * of its bits; everything else is stored as it is. So mask first, with `decompress(compress(weight, ...), ...)` or
 * `np.where`.
 *
 * A safetensors file of `io.save`, with a checksum.
 *
 * @param params - a tree of arrays; candidates are the float ones with two or more axes, the first of which are their lines
 * (groups along the others), or the other way round.
 */
export function saveCompressed(params: unknown, options: SaveCompressedOptions): Uint8Array<ArrayBuffer> {
  checkPattern('saveCompressed', options);
  const weights: Record<string, StoredWeight> = {};
  const { leaves, treedef } = tree.flatten(params);
  const stored = tree.paths(params).map(({ path }, i) => {
    const leaf = leaves[i] as NDArray;
    const found = findPattern(leaf, options);
    if (found === null) return leaf;
    weights[path] = found.stored;
    return found.values;
  });
  const network = { format, version, params: tree.unflatten(treedef, stored), weights };
  return io.save({ ...network, checksum: crc32(io.save(network)) } satisfies StoredNetwork);
}

function findPattern(leaf: NDArray, { n, m, shared = false }: SaveCompressedOptions) {
  if (leaf.ndim < 2 || leaf.size === 0 || n === m) return null;
  if (leaf.dtype !== 'float32' && leaf.dtype !== 'float64') return null;
  const matrix = leaf.reshape([leaf.shape[0] as number, -1]);
  for (const axis of [1, 0] as const) {
    const compressed = compress(matrix, { n, m, axis, shared });
    const size = matrix.shape[axis] as number;
    if (!sameBits(decompress(compressed, { size, axis }), matrix)) continue;
    const positions = pack(compressed.indices, m);
    return { values: compressed.values, stored: { n, m, axis, shared, shape: leaf.shape, positions } };
  }
  return null;
}

function sameBits(a: NDArray, b: NDArray): boolean {
  const [x, y] = [a, b].map((array) => new Uint32Array(array.dataSync().buffer)) as [Uint32Array, Uint32Array];
  return x.every((word, i) => word === y[i]);
}

function pack(indices: NDArray, m: number): NDArray {
  const bits = bitsFor(m);
  const all = indices.dataSync();
  const words = new Uint32Array(Math.ceil((all.length * bits) / 32));
  all.forEach((index, i) => {
    for (let b = 0; b < bits; b++) {
      const at = i * bits + b;
      if (((index % m) >> b) & 1) words[at >> 5] = (words[at >> 5] as number) | (1 << (at & 31));
    }
  });
  return array(words, { dtype: 'uint32' });
}

/**
 * The network of a file of `saveCompressed`. The parameters have every bit that was saved; T is not checked.
 *
 * @throws FormatError for other bytes: truncated, foreign, with numbers that contradict one another, or changed anywhere since
 * they were saved.
 */
export function loadCompressed<T = unknown>(bytes: Uint8Array | ArrayBuffer): CompressedNetwork<T> {
  const file = io.load<Partial<StoredNetwork> | null>(bytes);
  if (typeof file !== 'object' || file?.format !== format || !isRecord(file.weights)) {
    throw new FormatError('loadCompressed: a file of io.save, but not one of saveCompressed; read it with io.load');
  }
  if (file.version !== version) {
    throw new FormatError(
      `loadCompressed: the file has version ${String(file.version)}, and this package reads ${version}; update it`,
    );
  }
  const left = new Map(Object.entries(file.weights));
  const weights: Record<string, CompressedWeight> = {};
  const { leaves, treedef } = tree.flatten(file.params);
  const params = tree.paths(file.params).map(({ path }, i) => {
    const values = leaves[i] as NDArray;
    const stored = left.get(path);
    if (!left.delete(path)) return values;
    const weight = readWeight(path, values, stored);
    weights[path] = weight;
    const { shape } = stored as StoredWeight;
    const columns = shape.slice(1).reduce((size, k) => size * k, 1);
    const size = weight.axis === 1 ? columns : (shape[0] as number);
    return decompress(weight, { size, axis: weight.axis }).reshape(shape);
  });
  const [lost] = left.keys();
  if (lost !== undefined) throw damaged(lost, 'there are no values of that name');
  const { checksum, ...rest } = file;
  if (checksum !== crc32(io.save(rest))) {
    throw new FormatError(
      'loadCompressed: the file is damaged: its checksum is another; copy it again, or save it anew',
    );
  }
  return { params: tree.unflatten(treedef, params), weights };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(path: string, reason: string): FormatError {
  return new FormatError(`loadCompressed: the file is damaged: weight ${path}: ${reason}`);
}

const isSize = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) > 0;

function readWeight(path: string, values: NDArray, stored: unknown): CompressedWeight {
  if (!isRecord(stored)) throw damaged(path, 'it is not described by an object');
  const { n, m, axis, shared, shape, positions } = stored as unknown as StoredWeight;
  if (!isSize(n) || !isSize(m) || n > m) throw damaged(path, `no pattern n:m with n = ${String(n)}, m = ${String(m)}`);
  if (axis !== 0 && axis !== 1) throw damaged(path, `axis is ${String(axis)}, neither 0 nor 1`);
  if (typeof shared !== 'boolean') throw damaged(path, `shared is ${String(shared)}, neither true nor false`);
  if (!Array.isArray(shape) || shape.length < 2 || !shape.every(isSize)) throw damaged(path, 'it has no shape');
  const rows = shape[0] as number;
  const columns = shape.slice(1).reduce((size, k) => size * k, 1);
  const [lines, size] = axis === 1 ? [rows, columns] : [columns, rows];
  const kept = keptOf(size, { n, m });
  if (values.shape.join() !== `${lines},${kept}`) {
    throw damaged(path, `expected values [${lines}, ${kept}], got [${values.shape.join(', ')}]`);
  }
  const groups = shared ? Math.ceil(lines / 4) : lines;
  const words = Math.ceil((groups * kept * bitsFor(m)) / 32);
  if (positions?.dtype !== 'uint32' || positions.shape.join() !== String(words)) {
    throw damaged(path, `expected ${words} words of positions`);
  }
  const indices = unpack(path, positions, { groups, kept, size, n, m });
  return { values, indices, n, m, axis, shared };
}

interface Places extends Pattern {
  readonly groups: number;
  readonly kept: number;
  readonly size: number;
}

function unpack(path: string, positions: NDArray, { groups, kept, size, n, m }: Places): NDArray {
  const bits = bitsFor(m);
  const words = positions.dataSync();
  const bit = (at: number) => ((words[at >> 5] as number) >>> (at & 31)) & 1;
  const count = groups * kept;
  const indices = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let position = 0;
    for (let b = 0; b < bits; b++) position |= bit(i * bits + b) << b;
    const slot = i % kept;
    const start = Math.floor(slot / n) * m;
    const previous = slot % n === 0 ? -1 : (indices[i - 1] as number) - start;
    if (position <= previous || position >= Math.min(m, size - start)) {
      throw damaged(path, `position ${position} of place ${i} follows ${previous} in a group of ${m}`);
    }
    indices[i] = start + position;
  }
  for (let at = count * bits; at < 32 * words.length; at++) {
    if (bit(at) === 1) throw damaged(path, 'there are bits behind the last position');
  }
  return array(indices, { shape: [groups, kept], dtype: 'int32' });
}
