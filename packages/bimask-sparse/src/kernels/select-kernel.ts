// Which entries of a matrix are kept, in WASM SIMD: four groups at a time, one in each lane of a vector.

import {
  call,
  type Expr,
  type FunctionBuilder,
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
  ownAt,
  partsFor,
  reader,
  select,
  smaller,
  split,
  v128,
  WordNames,
} from '@forback/core/kernels';
import { keptOf } from '../pattern';
import type { SelectionSpec } from './loops';
import { transposed } from './panels';

type Vector = Expr<'v128'>;
type Address = Expr<'i32'>;
type Builder = FunctionBuilder<'void'>;

/** Groups whose code is unrolled. */
const largestGroup = 16;

/** Whether there is native code for a selection of float32. */
export function isNativeSelection({ axis, m, shared }: SelectionSpec, permuted: boolean): boolean {
  return m <= largestGroup && (axis === 1 ? !permuted : shared === 1);
}

/** Inputs: the matrix and, where `permuted`, the order of the entries of its lines. Outputs: values, indices. */
export function selectKernel(spec: SelectionSpec, permuted: boolean): NativeKernel {
  return spec.axis === 1 ? rowsKernel(spec) : columnsKernel(spec, permuted);
}

/** The entries p with the largest keys of each lane, ascending, as p · scale; of equal keys the first. Keys are not negative. */
function chooseSlots(f: Builder, keys: readonly Local<'v128'>[], n: number, scale: number): Vector[] {
  const m = keys.length;
  const position = (p: number): Vector => i32x4.const(p * scale, p * scale, p * scale, p * scale);
  if (n === m) return keys.map((_, p) => position(p));
  if (n === 1) {
    const [best, slot, beats] = [f.local('v128', keys[0] as Vector), f.local('v128', position(0)), f.local('v128')];
    for (let p = 1; p < m; p++) {
      const key = keys[p] as Vector;
      f.set(beats, i32x4.gtS(key, best));
      f.set(best, i32x4.maxS(key, best));
      f.set(slot, v128.bitselect(position(p), slot, beats));
    }
    return [slot];
  }
  // How many others are ahead; each comparison of a pair raises one of the two.
  const ranks = keys.map((_, p) => f.local('v128', i32x4.const(m - 1 - p, m - 1 - p, m - 1 - p, m - 1 - p)));
  const ahead = f.local('v128');
  keys.forEach((later, i) => {
    keys.slice(0, i).forEach((earlier, j) => {
      const [mine, other] = [ranks[i] as Local<'v128'>, ranks[j] as Local<'v128'>];
      f.set(ahead, i32x4.geS(earlier, later));
      f.set(mine, i32x4.sub(mine, ahead));
      f.set(other, i32x4.add(other, ahead));
    });
  });
  // Kept positions enter at the end and push the others forward.
  const slots = Array.from({ length: n }, () => f.local('v128'));
  const kept = f.local('v128');
  ranks.forEach((rank, p) => {
    f.set(kept, i32x4.ltS(rank, i32x4.const(n, n, n, n)));
    slots.forEach((slot, k) => {
      if (k >= n - 1 - p) f.set(slot, v128.bitselect(slots[k + 1] ?? position(p), slot, kept));
    });
  });
  return slots;
}

const infinity = i32x4.const(0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000);

/** Magnitudes as whole numbers of the same order; NaN counts as infinite. */
function magnitude(x: Vector): Vector {
  return i32x4.minS(x, infinity);
}

const rowWords = new WordNames([
  'matrix',
  'values',
  'indices',
  'rows',
  'columns',
  'kept',
  'block',
  'blocks',
  'own',
] as const);

function rowsKernel({ batch, rows, columns, n, m, shared }: SelectionSpec): NativeKernel {
  const module = { key: `select rows ${n} ${m} ${shared}`, define: (b: ModuleBuilder) => defineRows(b, n, m, shared) };
  const wanted = partsFor(batch * rows * columns, 64);
  const groups = Math.ceil(rows / shared);
  const block = Math.min(groups, 16 * Math.ceil((batch * groups) / wanted / 16));
  const blocks = Math.ceil(groups / block);
  const words = rowWords.table({
    matrix: inputAt(0),
    values: outputAt(0),
    indices: outputAt(1),
    rows,
    columns,
    kept: keptOf(columns, { n, m }),
    block,
    blocks,
    own: ownAt(0),
  });
  const stage = { run: { module, name: 'part' }, parts: batch * blocks, words };
  return { stages: [stage], ownBytes: ownRows(n, m, shared) };
}

/** Room for the last entries of some rows, filled up with zeros, and for what is kept of them. */
function ownRows(n: number, m: number, shared: number): number {
  return 64 * Math.ceil((16 * (shared * (m + n) + n)) / 64);
}

function defineRows(module: ModuleBuilder, n: number, m: number, shared: number): void {
  const own = ownRows(n, m, shared);
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

  /** (source, rowBytes, start, values, valueBytes, indices): four groups of so many rows, whose rows are so far apart. */
  const defineFour = (rows: number) =>
    module.function({ params, result: 'void' }, (f, source, rowBytes, start, values, valueBytes, indices) => {
      const sources = rowPointers(f, source, rowBytes, rows);
      const keys = Array.from({ length: m }, () => f.local('v128'));
      sources.forEach((row, r) => {
        loadGroups(f, row, m).forEach((group, p) => {
          const key = keys[p] as Local<'v128'>;
          const size = f32x4.abs(group);
          f.set(key, r === 0 ? size : f32x4.add(key, size));
        });
      });
      for (const key of keys) f.set(key, magnitude(key));
      const slots = chooseSlots(f, keys, n, 4);
      const first = f.local('v128', i32x4.add(i32x4.splat(start), i32x4.const(0, m, 2 * m, 3 * m)));
      const targets = rowPointers(f, values, valueBytes, rows);
      const at = f.local('i32');
      slots.forEach((slot, k) => {
        const index = f.local('v128', i32x4.add(first, i32x4.shrU(slot, 2)));
        if (n === 1) f.emit(v128.store(indices, index));
        for (let lane = 0; lane < 4; lane++) {
          const place = 4 * (lane * n + k);
          if (n > 1) f.emit(v128.store32Lane(indices, index, lane, place));
          f.set(at, i32x4.extractLane(slot, lane));
          sources.forEach((row, r) => {
            f.emit(i32.store(targets[r] as Address, i32.load(i32.add(row, at), 4 * lane * m), place));
          });
        }
      });
    });
  const fours = Array.from({ length: shared }, (_, i) => defineFour(i + 1));

  const part = module.function(nativeSignature, (f, table, index, worker) => {
    const word = reader(table, rowWords);
    const batch = f.local('i32', index);
    const block = f.local('i32');
    split(f, batch, block, word('blocks'));
    const [rows, columns, kept] = [
      f.local('i32', word('rows')),
      f.local('i32', word('columns')),
      f.local('i32', word('kept')),
    ];
    const row = f.local('i32', i32.mul(i32.mul(block, word('block')), shared));
    const end = f.local('i32', smaller(f, i32.add(row, i32.mul(word('block'), shared)), rows));
    const all = f.local('i32', i32.add(i32.mul(batch, rows), row));
    const source = f.local('i32', i32.add(word('matrix'), i32.mul(all, i32.mul(columns, 4))));
    const values = f.local('i32', i32.add(word('values'), i32.mul(all, i32.mul(kept, 4))));
    const groups = i32.add(i32.mul(batch, i32.divU(i32.add(rows, shared - 1), shared)), i32.divU(row, shared));
    const indices = f.local('i32', i32.add(word('indices'), i32.mul(groups, i32.mul(kept, 4))));
    const rest = f.local('i32', i32.add(word('own'), i32.mul(worker, own)));
    const restValues = i32.add(rest, 16 * shared * m);
    const restIndices = i32.add(restValues, 16 * shared * n);
    const [rowBytes, valueBytes] = [f.local('i32', i32.mul(columns, 4)), f.local('i32', i32.mul(kept, 4))];
    const [from, to, toIndex, start, left] = Array.from({ length: 5 }, () => f.local('i32')) as [...Local<'i32'>[]] as [
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
    ];
    const bytes = f.local('i32');

    const lines = (count: number): void => {
      const four = fours[count - 1] as (typeof fours)[number];
      f.set(from, source);
      f.set(to, values);
      f.set(toIndex, indices);
      f.set(start, 0);
      f.while(i32.leS(i32.add(start, 4 * m), columns), () => {
        f.emit(call(four, from, rowBytes, start, to, valueBytes, toIndex));
        f.increment(from, 16 * m);
        f.increment(to, 16 * n);
        f.increment(toIndex, 16 * n);
        f.increment(start, 4 * m);
      });
      f.set(left, i32.sub(columns, start));
      f.if(left, () => {
        f.emit(memory.fill(rest, 0, 16 * shared * m));
        for (let r = 0; r < count; r++) {
          const row = i32.add(from, i32.mul(rowBytes, r));
          f.emit(memory.copy(i32.add(rest, 16 * r * m), row, i32.mul(left, 4)));
        }
        f.emit(call(four, rest, 16 * m, start, restValues, 16 * n, restIndices));
        f.set(bytes, i32.sub(i32.add(values, valueBytes), to));
        for (let r = 0; r < count; r++) {
          f.emit(memory.copy(i32.add(to, i32.mul(valueBytes, r)), i32.add(restValues, 16 * r * n), bytes));
        }
        f.emit(memory.copy(toIndex, restIndices, bytes));
      });
    };
    f.while(i32.ltS(row, end), () => {
      f.set(left, i32.sub(end, row));
      const choose = (count: number): void => {
        if (count === 1) lines(1);
        else
          f.if(
            i32.geS(left, count),
            () => lines(count),
            () => choose(count - 1),
          );
      };
      choose(shared);
      f.increment(source, i32.mul(rowBytes, shared));
      f.increment(values, i32.mul(valueBytes, shared));
      f.increment(indices, valueBytes);
      f.increment(row, shared);
    });
  });
  module.export('part', part);
}

function rowPointers(f: Builder, base: Local<'i32'>, bytes: Address, count: number): Local<'i32'>[] {
  const pointers = [base];
  for (let r = 1; r < count; r++) pointers.push(f.local('i32', i32.add(pointers[r - 1] as Address, bytes)));
  return pointers;
}

/** Position p of four groups of m that follow one another, for every p. */
function loadGroups(f: Builder, source: Address, m: number): Vector[] {
  if (m % 4 !== 0) {
    return Array.from({ length: m }, (_, p) => {
      let vector = v128.load32Zero(source, 4 * p);
      for (let lane = 1; lane < 4; lane++) vector = v128.load32Lane(source, vector, lane, 4 * (lane * m + p));
      return vector;
    });
  }
  return Array.from({ length: m / 4 }, (_, quad) =>
    transposed(
      f,
      Array.from({ length: 4 }, (_, lane) => f.local('v128', v128.load(source, 4 * lane * m + 16 * quad))),
    ),
  ).flat();
}

const columnWords = new WordNames([
  ...(['matrix', 'order', 'values', 'indices', 'rows', 'columns', 'kept', 'block', 'blocks'] as const),
]);

function columnsKernel(spec: SelectionSpec, permuted: boolean): NativeKernel {
  const { batch, rows, columns, n, m, omitZeros } = spec;
  const module = {
    key: `select columns ${n} ${m} ${omitZeros} ${permuted}`,
    define: (b: ModuleBuilder) => defineColumns(b, spec, permuted),
  };
  const wanted = partsFor(batch * rows * columns, 64);
  const block = lineColumns * Math.ceil((batch * columns) / wanted / lineColumns);
  const blocks = Math.ceil(columns / block);
  const words = columnWords.table({
    matrix: inputAt(0),
    order: permuted ? inputAt(1) : 0,
    values: outputAt(0),
    indices: outputAt(1),
    rows,
    columns,
    kept: keptOf(rows, spec),
    block,
    blocks,
  });
  return { stages: [{ run: { module, name: 'part' }, parts: batch * blocks, words }] };
}

/** Columns in a cache line. */
const lineColumns = 16;

function defineColumns(module: ModuleBuilder, { n, m, omitZeros }: SelectionSpec, permuted: boolean): void {
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

  /** (source, rowBytes, order, start, size, width, values, indices, keptBytes): one group of four columns. */
  const defineGroup = (whole: boolean) =>
    module.function(
      { params, result: 'void' },
      (f, source, rowBytes, order, start, size, width, values, indices, keptBytes) => {
        const rowAt = (p: Address): Address =>
          permuted ? i32.load(i32.add(order, i32.mul(i32.add(start, p), 4))) : i32.add(start, p);
        const keys = Array.from({ length: m }, (_, p) => {
          const key = f.local('v128');
          const row = i32.add(source, i32.mul(rowAt(i32.const(p)), rowBytes));
          const load = (): void => f.set(key, magnitude(f32x4.abs(v128.load(row))));
          // Behind the end there are zeros, which lose against every entry.
          if (whole || p === 0) load();
          else {
            f.set(key, i32x4.const(0, 0, 0, 0));
            f.if(i32.gtS(size, p), load);
          }
          return key;
        });
        const slots = chooseSlots(f, keys, n, 1);
        const [row, value] = [f.local('i32'), f.local('i32')];
        const held = slots.map((slot) => f.local('v128', slot));
        for (let lane = 0; lane < 4; lane++) {
          const store = (): void =>
            held.forEach((slot, k) => {
              const one = (): void => {
                f.set(row, rowAt(i32x4.extractLane(slot, lane)));
                f.set(value, i32.load(i32.add(source, i32.mul(row, rowBytes)), 4 * lane));
                if (omitZeros) f.set(row, select(i32.shl(value, 1), row, i32.const(-1)));
                f.emit(i32.store(values, value, 4 * k));
                f.emit(i32.store(indices, row, 4 * k));
              };
              if (whole || k === 0) one();
              else f.if(i32.gtS(size, k), one);
            });
          if (lane === 0) store();
          else f.if(i32.gtS(width, lane), store);
          f.increment(values, keptBytes);
          f.increment(indices, keptBytes);
        }
      },
    );
  const [wholeGroup, shortGroup] = [defineGroup(true), defineGroup(false)];

  const part = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table, columnWords);
    const batch = f.local('i32', index);
    const block = f.local('i32');
    split(f, batch, block, word('blocks'));
    const [rows, columns, kept] = [
      f.local('i32', word('rows')),
      f.local('i32', word('columns')),
      f.local('i32', word('kept')),
    ];
    const column = f.local('i32', i32.mul(block, word('block')));
    const end = f.local('i32', smaller(f, i32.add(column, word('block')), columns));
    const [rowBytes, keptBytes] = [f.local('i32', i32.mul(columns, 4)), f.local('i32', i32.mul(kept, 4))];
    const source = f.local('i32', i32.add(word('matrix'), i32.mul(i32.mul(batch, rows), rowBytes)));
    f.increment(source, i32.mul(column, 4));
    const order = f.local('i32', i32.add(word('order'), i32.mul(i32.mul(batch, rows), 4)));
    const line = f.local('i32', i32.add(i32.mul(batch, columns), column));
    const values = f.local('i32', i32.add(word('values'), i32.mul(line, keptBytes)));
    const indices = f.local('i32', i32.add(word('indices'), i32.mul(line, keptBytes)));
    const [start, width, strip] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const [from, to, toIndex] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const lineBytes = f.local('i32', i32.mul(keptBytes, 4));
    f.while(i32.ltS(column, end), () => {
      f.set(start, 0);
      // All columns of a cache line before the next group: rows lie far apart, and often in the same set of the cache.
      const strips = (target: typeof wholeGroup): void => {
        const size = f.local('i32', i32.sub(rows, start));
        f.set(from, source);
        f.set(to, values);
        f.set(toIndex, indices);
        f.for(strip, column, smaller(f, i32.add(column, lineColumns), end), 4, () => {
          f.set(width, i32.sub(end, strip));
          f.emit(call(target, from, rowBytes, order, start, size, width, to, toIndex, keptBytes));
          f.increment(from, 16);
          f.increment(to, lineBytes);
          f.increment(toIndex, lineBytes);
        });
        f.increment(values, 4 * n);
        f.increment(indices, 4 * n);
      };
      const [firstValue, firstIndex] = [f.local('i32', values), f.local('i32', indices)];
      f.while(i32.leS(i32.add(start, m), rows), () => {
        strips(wholeGroup);
        f.increment(start, m);
      });
      f.if(i32.ltS(start, rows), () => strips(shortGroup));
      f.increment(source, 4 * lineColumns);
      f.set(values, i32.add(firstValue, i32.mul(keptBytes, lineColumns)));
      f.set(indices, i32.add(firstIndex, i32.mul(keptBytes, lineColumns)));
      f.increment(column, lineColumns);
    });
  });
  module.export('part', part);
}
