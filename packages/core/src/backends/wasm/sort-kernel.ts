// Sorted order along an axis. Elements become whole numbers of the same order, each with its position behind it in 64 bits,
// which are then sorted: few by insertion, many by their digits from the last to the first (radix sort).

import { bytesPerElement, type DType } from '../../array/dtype';
import { type Shape, sizeOf } from '../../array/shape';
import { call, type FunctionBuilder, f32, i32, i64, type Local, type ModuleBuilder, memory, select } from './assembler';
import { copier } from './move-kernel';
import {
  inputAt,
  type NativeKernel,
  type NativeStage,
  nativeSignature,
  outputAt,
  ownAt,
  type Place,
  partsFor,
  scratchAt,
  type Word,
  WordNames,
} from './native';
import { type reader, smaller } from './table-code';

export interface SortSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly axis: number;
  readonly descending: boolean;
}

/** Lines up to this length are sorted by one thread each, in memory of its own. */
const longestLine = 65536;
/** Up to this length by insertion. */
const shortLine = 48;

const names = new WordNames([
  'x',
  'out',
  'items',
  'spare',
  'counts',
  'ownBytes',
  'length',
  'step',
  'chunk',
  'lines',
  'shift',
]);
type Names = (typeof names.names)[number];

/** Input of any dtype but float64. */
export function argsortKernel({ shape, dtype, axis, descending }: SortSpec): NativeKernel {
  const length = shape[axis] as number;
  const step = sizeOf(shape.slice(axis + 1));
  const lines = sizeOf(shape) / length;
  const bits = dtype === 'bool' || length <= 2048 ? 8 : 11;
  const shifts = dtype === 'bool' ? [0] : bits === 8 ? [0, 8, 16, 24] : [0, 11, 22];
  const code = { dtype, descending, bits, shifts };
  const module = { key: `sort ${dtype} ${descending} ${bits}`, define: (m: ModuleBuilder) => defineSort(m, code) };
  const bytes = 64 * Math.ceil(length / 8);
  const stage = (name: string, parts: number, words: Partial<Record<Names, Word>>): NativeStage => {
    const rest = { x: inputAt(0), out: outputAt(0), ownBytes: 0, length, step, chunk: 0, lines, shift: 0 };
    const memories = { items: 0, spare: 0, counts: 0 };
    return { run: { module, name }, parts, words: names.table({ ...rest, ...memories, ...words }) };
  };
  if (length <= longestLine) {
    const chunk = Math.ceil(lines / partsFor(lines * length * 8, 64));
    const ownBytes = 2 * bytes + 4 * 2 ** bits;
    const words = { items: ownAt(0), spare: ownAt(bytes), counts: ownAt(2 * bytes), ownBytes, chunk };
    return { stages: [stage('lines', Math.ceil(lines / chunk), words)], ownBytes };
  }
  const chunk = 64 * Math.ceil(length / partsFor(length * 4, 16) / 64);
  const chunks = Math.ceil(length / chunk);
  const counts = scratchAt(2 * bytes);
  const stages: NativeStage[] = [];
  for (let line = 0; line < lines; line++) {
    const first = Math.floor(line / step) * length * step + (line % step);
    let [items, spare]: [Place, Place] = [scratchAt(0), scratchAt(bytes)];
    const words = { counts, chunk, x: inputAt(0, first * bytesPerElement(dtype)), out: outputAt(0, 4 * first) };
    stages.push(stage('keys', chunks, { ...words, items }));
    for (const shift of shifts) {
      const pass = { ...words, items, spare, shift };
      const last = shift === shifts.at(-1);
      stages.push(stage('count', chunks, pass), stage('scan', 1, { ...pass, lines: chunks }));
      stages.push(stage(last ? 'place' : 'move', chunks, pass));
      [items, spare] = [spare, items];
    }
  }
  return { stages, scratchBytes: 2 * bytes + chunks * 4 * 2 ** bits };
}

interface SortCode {
  readonly dtype: DType;
  readonly descending: boolean;
  readonly bits: number;
  readonly shifts: readonly number[];
}

type Builder = FunctionBuilder<'void'>;
type Pointer = Local<'i32'>;

function defineSort(module: ModuleBuilder, { dtype, descending, bits, shifts }: SortCode): void {
  const bytes = bytesPerElement(dtype);
  const countBytes = 4 * 2 ** bits;
  const each = (f: Builder, at: Pointer, end: Pointer, step: number, body: () => void) =>
    f.while(i32.ltU(at, end), () => {
      body();
      f.increment(at, step);
    });
  /** The address of a digit's count. */
  const counter = (counts: Pointer, item: Pointer, shift: Pointer) =>
    i32.add(counts, i32.shl(i32.and(i32.shrU(i32.load(item, 4), shift), 2 ** bits - 1), 2));

  const keys = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, x, step, position, items, end) => {
      const key = f.local('i32');
      const value = f.local('f32');
      each(f, items, end, 8, () => {
        if (dtype === 'float32') {
          // −0 becomes 0, and NaN the largest key.
          f.set(value, f32.add(f32.load(x), 0));
          f.set(key, i32.reinterpretF32(value));
          const flip = i32.or(i32.shrS(key, 31), -(2 ** 31));
          f.set(key, i32.xor(key, descending ? i32.xor(flip, -1) : flip));
          f.set(key, select(f32.eq(value, value), key, i32.const(-1)));
        } else {
          f.set(key, bytes === 1 ? i32.load8U(x) : i32.load(x));
          const flip = (dtype === 'int32' ? -(2 ** 31) : 0) ^ (descending ? -1 : 0);
          f.set(key, i32.xor(key, flip));
        }
        f.emit(i32.store(items, position));
        f.emit(i32.store(items, key, 4));
        f.increment(x, step);
        f.increment(position, 1);
      });
    },
  );
  const count = module.function(
    { params: ['i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, items, end, counts, shift) => {
      const at = f.local('i32');
      f.emit(memory.fill(counts, 0, countBytes));
      each(f, items, end, 8, () => {
        f.set(at, counter(counts, items, shift));
        f.emit(i32.store(at, i32.add(i32.load(at), 1)));
      });
    },
  );
  /** Counts of each digit in each of some chunks, to where they begin. */
  const scan = module.function({ params: ['i32', 'i32'], result: 'void' }, (f, counts, chunks) => {
    const [sum, before, at, left] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const end = f.local('i32', i32.add(counts, countBytes));
    each(f, counts, end, 4, () => {
      f.set(at, counts);
      f.for(left, 0, chunks, 1, () => {
        f.set(before, i32.load(at));
        f.emit(i32.store(at, sum));
        f.increment(sum, before);
        f.increment(at, countBytes);
      });
    });
  });
  /** Items to their places, or their positions alone; `step` bytes lie between two places. */
  const defineMove = (itemBytes: 4 | 8) =>
    module.function(
      { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
      (f, items, end, counts, shift, target, step) => {
        const [at, place, to] = [f.local('i32'), f.local('i32'), f.local('i32')];
        each(f, items, end, 8, () => {
          f.set(at, counter(counts, items, shift));
          f.set(place, i32.load(at));
          f.emit(i32.store(at, i32.add(place, 1)));
          f.set(to, i32.add(target, i32.mul(place, step)));
          f.emit(copier(itemBytes)(to, items));
        });
      },
    );
  const move = defineMove(8);
  const place = defineMove(4);
  const insertion = module.function(
    { params: ['i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, items, end, out, step) => {
      const at = f.local('i32', items);
      const to = f.local('i32');
      const item = f.local('i64');
      each(f, at, end, 8, () => {
        f.set(item, i64.load(at));
        f.set(to, at);
        f.block((found) => {
          f.loop((again) => {
            f.branchIf(found, i32.eq(to, items));
            f.increment(to, -8);
            f.if(i64.gtU(i64.load(to), item), () => {
              f.emit(i64.store(to, i64.load(to), 8));
              f.branch(again);
            });
            f.increment(to, 8);
          });
        });
        f.emit(i64.store(to, item));
      });
      each(f, items, end, 8, () => {
        f.emit(i32.store(out, i32.load(items)));
        f.increment(out, step);
      });
    },
  );

  const reader = (table: Pointer) => (name: Names) => i32.load(table, names.offset(name));
  const lines = module.function(nativeSignature, (f, table, part, worker) => {
    const word = reader(table);
    const own = f.local('i32', i32.mul(worker, word('ownBytes')));
    const [items, spare, counts] = (['items', 'spare', 'counts'] as const).map((name) =>
      f.local('i32', i32.add(word(name), own)),
    ) as [Pointer, Pointer, Pointer];
    const [length, step] = [f.local('i32', word('length')), f.local('i32', word('step'))];
    const size = f.local('i32', i32.mul(length, 8));
    const line = f.local('i32', i32.mul(part, word('chunk')));
    const last = f.local('i32', smaller(f, i32.add(line, word('chunk')), word('lines')));
    const [first, out, outStep] = [f.local('i32'), f.local('i32'), f.local('i32', i32.mul(step, 4))];
    f.for(line, line, last, 1, () => {
      f.set(first, i32.mul(i32.mul(i32.divU(line, step), step), i32.sub(length, 1)));
      f.increment(first, line);
      f.set(out, i32.add(word('out'), i32.mul(first, 4)));
      const x = i32.add(word('x'), i32.mul(first, bytes));
      f.emit(call(keys, x, i32.mul(step, bytes), 0, items, i32.add(items, size)));
      f.if(
        i32.leU(length, shortLine),
        () => f.emit(call(insertion, items, i32.add(items, size), out, outStep)),
        () => {
          let [from, to] = [items, spare];
          for (const shift of shifts) {
            const end = i32.add(from, size);
            f.emit(call(count, from, end, counts, shift));
            f.emit(call(scan, counts, 1));
            if (shift === shifts.at(-1)) f.emit(call(place, from, end, counts, shift, out, outStep));
            else f.emit(call(move, from, end, counts, shift, to, 8));
            [from, to] = [to, from];
          }
        },
      );
    });
  });
  module.export('lines', lines);

  /** A function over a chunk of one line. */
  const overChunk = (
    name: string,
    body: (
      f: Builder,
      word: ReturnType<typeof reader>,
      chunk: { from: Pointer; items: Pointer; end: Pointer; counts: Pointer },
    ) => void,
  ) => {
    const run = module.function(nativeSignature, (f, table, part) => {
      const word = reader(table);
      const from = f.local('i32', i32.mul(part, word('chunk')));
      const to = smaller(f, i32.add(from, word('chunk')), word('length'));
      const end = f.local('i32', i32.add(word('items'), i32.mul(to, 8)));
      const items = f.local('i32', i32.add(word('items'), i32.mul(from, 8)));
      const counts = f.local('i32', i32.add(word('counts'), i32.mul(part, countBytes)));
      body(f, word, { from, items, end, counts });
    });
    module.export(name, run);
  };
  overChunk('keys', (f, word, { from, items, end }) => {
    const step = f.local('i32', i32.mul(word('step'), bytes));
    f.emit(call(keys, i32.add(word('x'), i32.mul(from, step)), step, from, items, end));
  });
  overChunk('count', (f, word, { items, end, counts }) => f.emit(call(count, items, end, counts, word('shift'))));
  overChunk('scan', (f, word) => f.emit(call(scan, word('counts'), word('lines'))));
  overChunk('move', (f, word, { items, end, counts }) =>
    f.emit(call(move, items, end, counts, word('shift'), word('spare'), 8)),
  );
  overChunk('place', (f, word, { items, end, counts }) =>
    f.emit(call(place, items, end, counts, word('shift'), word('out'), i32.mul(word('step'), 4))),
  );
}
