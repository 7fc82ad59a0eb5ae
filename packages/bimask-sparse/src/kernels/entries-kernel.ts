// Entries of a matrix at the places of a compressed one, and back, in WASM.

import {
  f32,
  i32,
  inputAt,
  type ModuleBuilder,
  memory,
  type NativeKernel,
  nativeSignature,
  outputAt,
  partsFor,
  reader,
  smaller,
  split,
  WordNames,
} from '@forback/core/kernels';
import type { EntriesSpec } from './loops';

const words = new WordNames([
  'dense',
  'values',
  'indices',
  'rows',
  'groups',
  'columns',
  'kept',
  'block',
  'blocks',
] as const);

/** `take`: inputs matrix, indices; output values. `spread`: inputs values, indices; output matrix. */
export function entriesKernel(
  { batch, rows, columns, kept, shared }: EntriesSpec,
  action: 'take' | 'spread',
): NativeKernel {
  const wanted = partsFor(2 * batch * rows * (action === 'spread' ? kept + columns / 8 : kept), 64);
  const block = 16 * Math.ceil((batch * rows) / wanted / 16);
  const blocks = Math.ceil(rows / block);
  const table = words.table({
    dense: action === 'take' ? inputAt(0) : outputAt(0),
    values: action === 'take' ? outputAt(0) : inputAt(0),
    indices: inputAt(1),
    rows,
    groups: Math.ceil(rows / shared),
    columns,
    kept,
    block,
    blocks,
  });
  const module = {
    key: `entries ${action} ${shared}`,
    define: (m: ModuleBuilder) => defineEntries(m, action === 'take', shared),
  };
  return { stages: [{ run: { module, name: 'part' }, parts: batch * blocks, words: table }] };
}

function defineEntries(module: ModuleBuilder, take: boolean, shared: number): void {
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table, words);
    const batch = f.local('i32', index);
    const block = f.local('i32');
    split(f, batch, block, word('blocks'));
    const row = f.local('i32', i32.mul(block, word('block')));
    const end = f.local('i32', smaller(f, i32.add(row, word('block')), word('rows')));
    const all = f.local('i32', i32.add(i32.mul(batch, word('rows')), row));
    const columns = f.local('i32', word('columns'));
    const [rowBytes, keptBytes] = [f.local('i32', i32.mul(columns, 4)), f.local('i32', i32.mul(word('kept'), 4))];
    const dense = f.local('i32', i32.add(word('dense'), i32.mul(all, rowBytes)));
    const value = f.local('i32', i32.add(word('values'), i32.mul(all, keptBytes)));
    const indices = f.local('i32', i32.add(word('indices'), i32.mul(i32.mul(batch, word('groups')), keptBytes)));
    const [at, stop, column, entry] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    if (!take) f.emit(memory.fill(dense, 0, i32.mul(i32.sub(end, row), rowBytes)));
    f.while(i32.ltS(row, end), () => {
      f.set(at, i32.add(indices, i32.mul(i32.divU(row, shared), keptBytes)));
      f.set(stop, i32.add(at, keptBytes));
      f.while(i32.ltU(at, stop), () => {
        f.set(column, i32.load(at));
        f.set(entry, i32.add(dense, i32.shl(column, 2)));
        const inside = i32.ltU(column, columns);
        if (take) {
          f.if(
            inside,
            () => f.emit(i32.store(value, i32.load(entry))),
            () => f.emit(i32.store(value, 0)),
          );
        } else {
          // Not 0 + value: that would lose the sign of −0.
          f.if(inside, () =>
            f.if(
              i32.load(entry),
              () => f.emit(f32.store(entry, f32.add(f32.load(entry), f32.load(value)))),
              () => f.emit(i32.store(entry, i32.load(value))),
            ),
          );
        }
        f.increment(value, 4);
        f.increment(at, 4);
      });
      f.increment(dense, rowBytes);
      f.increment(row, 1);
    });
  });
  module.export('part', part);
}
