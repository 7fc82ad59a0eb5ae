import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { array } from '@forback/core';
import { type NodeTask, type SparseMatrix, undirectedGraph } from '../src/index';

const folders = [process.env.FORBACK_DATA_DIR, resolve(import.meta.dirname, '../../../../shared/data')];

/** The folder with Cora_ML and the published splits, or undefined where there is none. */
export function coraMlFolder(): string | undefined {
  return folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'cora_ml'))
    .find((folder) => existsSync(join(folder, 'cora_ml.npz')));
}

/** Cora_ML with one of the five published splits. */
export function loadCoraMl(folder: string, split: number): NodeTask {
  const file = readNpz(readFileSync(join(folder, 'cora_ml.npz')));
  const numbers = (name: string) => file.get(name) ?? [];
  const pointers = Array.from(numbers('adj_matrix.indptr'));
  const sources = pointers.slice(1).flatMap((end, row) => new Array<number>(end - (pointers[row] as number)).fill(row));
  const nodes = pointers.length - 1;
  const features: SparseMatrix = {
    rowPointers: array(Int32Array.from(numbers('attr_matrix.indptr'))),
    columns: array(Int32Array.from(numbers('attr_matrix.indices'))),
    values: array(Float32Array.from(numbers('attr_matrix.data'))),
  };
  const splits = JSON.parse(readFileSync(join(folder, 'forwardgnn-node-5splits.json'), 'utf8')) as Record<
    string,
    { train: number[]; val: number[]; test: number[] }
  >;
  const { train, val, test } = splits[`split${split}`] as { train: number[]; val: number[]; test: number[] };
  return {
    graph: undirectedGraph(nodes, sources, numbers('adj_matrix.indices')),
    features,
    featureCount: numbers('attr_matrix.shape')[1] as number,
    labels: array(Int32Array.from(numbers('labels'))),
    train,
    validation: val,
    test,
  };
}

/** The numeric members of an uncompressed npz file. */
function readNpz(bytes: Buffer): Map<string, ArrayLike<number>> {
  const members = new Map<string, ArrayLike<number>>();
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = bytes.readUInt32LE(end + 16);
  for (let i = bytes.readUInt16LE(end + 10); i > 0; i--) {
    const [size, nameLength, extra, comment] = [
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
    ];
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replace(/\.npy$/, '');
    const local = bytes.readUInt32LE(at + 42);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const values = readNpy(bytes.subarray(begin, begin + size));
    if (values) members.set(name, values);
    at += 46 + nameLength + extra + comment;
  }
  return members;
}

function readNpy(bytes: Buffer): ArrayLike<number> | null {
  const wide = bytes[6] === 1;
  const begin = wide ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  const descr = /'descr': '([^']+)'/.exec(bytes.toString('latin1', 0, begin))?.[1];
  const data = Uint8Array.from(bytes.subarray(begin)).buffer;
  if (descr === '<f4') return new Float32Array(data);
  if (descr === '<i4') return new Int32Array(data);
  if (descr === '<i8') return Array.from(new BigInt64Array(data), Number);
  if (descr === '|i1') return new Int8Array(data);
  return null;
}
