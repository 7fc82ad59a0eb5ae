// A few rows times a compressed matrix: nothing is packed; each vector gathers the entries of x for four places of a row.

import {
  type Features,
  f32x4,
  i32,
  i32x4,
  inputAt,
  type Local,
  type ModuleBuilder,
  memory,
  type NativeKernel,
  nativeSignature,
  outputAt,
  partsFor,
  reader,
  scratchAt,
  smaller,
  split,
  v128,
  WordNames,
} from '@forback/core/kernels';
import type { ProductSpec } from './loops';
import { rowAddresses, storeRows, transposed } from './panels';

const copyWords = new WordNames(['from', 'to', 'bytes', 'stride'] as const);
const words = new WordNames([
  ...([
    'x',
    'stride',
    'values',
    'indices',
    'out',
    'rows',
    'columns',
    'kept',
    'count',
    'groups',
    'block',
    'blocks',
  ] as const),
]);

/** Up to so many rows of the dense operand, packing them costs more than it saves. */
export const mostVectors = 3;

/** y[b, i] = (W ⊙ F) x[b, i]. Inputs: x, values, indices; none of them empty. */
export function vectorKernel({ batch, rows, columns, kept, count, shared }: ProductSpec): NativeKernel {
  const module = {
    key: `sparse vectors ${shared}`,
    define: (m: ModuleBuilder, features: Features) => defineVectors(m, features, shared > 1),
  };
  // x again, each row with a zero behind it for empty places.
  const stride = 64 * Math.ceil((columns + 1) / 16);
  const copy = {
    run: { module, name: 'copy' },
    parts: batch * count,
    serial: partsFor(batch * count * columns, 2) === 1,
    words: copyWords.table({ from: inputAt(0), to: scratchAt(0), bytes: 4 * columns, stride }),
  };
  const wanted = Math.ceil(partsFor(batch * count * rows * kept, 64) / (batch * count));
  const block = 16 * Math.ceil(rows / wanted / 16);
  const blocks = Math.ceil(rows / block);
  const multiply = {
    run: { module, name: 'multiply' },
    parts: batch * count * blocks,
    words: words.table({
      x: scratchAt(0),
      stride,
      values: inputAt(1),
      indices: inputAt(2),
      out: outputAt(0),
      rows,
      columns,
      kept,
      count,
      groups: Math.ceil(rows / shared),
      block,
      blocks,
    }),
  };
  return { stages: [copy, multiply], scratchBytes: batch * count * stride };
}

function defineVectors(module: ModuleBuilder, features: Features, shared: boolean): void {
  const copy = module.function(nativeSignature, (f, table, part) => {
    const word = reader(table, copyWords);
    const to = f.local('i32', i32.add(word('to'), i32.mul(part, word('stride'))));
    f.emit(memory.copy(to, i32.add(word('from'), i32.mul(part, word('bytes'))), word('bytes')));
    f.emit(i32.store(i32.add(to, word('bytes')), 0));
  });
  module.export('copy', copy);

  const multiply = module.function(nativeSignature, (f, table, part) => {
    const word = reader(table, words);
    const example = f.local('i32', part);
    const block = f.local('i32');
    split(f, example, block, word('blocks'));
    const batch = f.local('i32', i32.divU(example, word('count')));
    const [rows, kept] = [f.local('i32', word('rows')), f.local('i32', word('kept'))];
    const keptBytes = f.local('i32', i32.mul(kept, 4));
    const row = f.local('i32', i32.mul(block, word('block')));
    const end = f.local('i32', smaller(f, i32.add(row, word('block')), rows));
    const x = f.local('i32', i32.add(word('x'), i32.mul(example, word('stride'))));
    const out = f.local('i32', i32.add(word('out'), i32.mul(i32.add(i32.mul(example, rows), row), 4)));
    const values = f.local('i32', i32.add(word('values'), i32.mul(i32.mul(batch, rows), keptBytes)));
    const indices = f.local('i32', i32.add(word('indices'), i32.mul(i32.mul(batch, word('groups')), keptBytes)));
    const limit = f.local('v128', i32x4.splat(word('columns')));
    const sums = Array.from({ length: 4 }, () => f.local('v128'));
    const [gathered, offsets] = [f.local('v128'), f.local('v128')];
    const left = f.local('i32');
    const to = f.local('i32');
    const add = (sum: Local<'v128'>, y: typeof gathered): void =>
      f.set(sum, features.relaxedSimd ? f32x4.relaxedMadd(gathered, y, sum) : f32x4.add(sum, f32x4.mul(gathered, y)));

    /** The sums of some rows that have the same places. */
    const dots = (index: Local<'i32'>, rows: readonly Local<'i32'>[], sums: readonly Local<'v128'>[]): void => {
      for (const sum of sums) f.set(sum, i32x4.const(0, 0, 0, 0));
      f.set(left, kept);
      const advance = (count: number): void => {
        const load = count === 1 ? v128.load32Zero : v128.load;
        f.set(offsets, i32x4.shl(i32x4.minU(load(index), limit), 2));
        const at = (lane: number) => i32.add(x, i32x4.extractLane(offsets, lane));
        let lanes = v128.load32Zero(at(0));
        for (let lane = 1; lane < count; lane++) lanes = v128.load32Lane(at(lane), lanes, lane);
        f.set(gathered, lanes);
        rows.forEach((value, r) => {
          add(sums[r] as Local<'v128'>, load(value) as Local<'v128'>);
          f.increment(value, 4 * count);
        });
        f.increment(index, 4 * count);
        f.increment(left, -count);
      };
      f.while(i32.geS(left, 4), () => advance(4));
      f.while(left, () => advance(1));
    };
    f.while(i32.ltS(row, end), () => {
      const four = rowAddresses(f, values, row, rows, keptBytes);
      if (shared) {
        dots(f.local('i32', i32.add(indices, i32.mul(i32.shrU(row, 2), keptBytes))), four, sums);
      } else {
        const places = rowAddresses(f, indices, row, rows, keptBytes);
        four.forEach((value, r) => {
          dots(places[r] as Local<'i32'>, [value], [sums[r] as Local<'v128'>]);
        });
      }
      const total = transposed(f, sums).reduce(f32x4.add);
      f.set(to, out);
      const one = { rowBytes: i32.const(0), rows: i32.const(1), first: 0, sure: 1 };
      storeRows(f, [total], to, { ...one, width: i32.sub(rows, row) });
      f.increment(out, 16);
      f.increment(row, 4);
    });
  });
  module.export('multiply', multiply);
}
