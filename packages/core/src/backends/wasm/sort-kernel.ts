// Sorted order along an axis. Elements become whole numbers of the same order, each with its position behind it in 64 bits,
// which are then sorted: few by insertion, many by their digits from the last to the first (radix sort). Numbers of float64 have
// two words, by which they are sorted one after the other.

import { bytesPerElement, type DType } from '../../array/dtype';
import { type Shape, sizeOf } from '../../array/shape';
import {
  call,
  type Expr,
  type FunctionBuilder,
  f32,
  f64,
  i32,
  i64,
  type Local,
  type ModuleBuilder,
  memory,
  select,
} from './assembler';
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
    for (const { shift, last, again } of passesOf(code)) {
      const pass = { ...words, items, spare, shift };
      if (again) stages.push(stage('rekey', chunks, pass));
      stages.push(stage('count', chunks, pass), stage('scan', 1, { ...pass, lines: chunks }));
      stages.push(stage(last ? 'place' : 'move', chunks, pass));
      [items, spare] = [spare, items];
    }
  }
  return { stages, scratchBytes: 2 * bytes + chunks * 4 * 2 ** bits };
}

/** The digits of all words of a key, from the last; `again` where another word of the key takes its turn. */
function passesOf({ dtype, shifts }: SortCode) {
  const all = dtype === 'float64' ? [...shifts, ...shifts] : shifts;
  return all.map((shift, i) => ({ shift, last: i === all.length - 1, again: i === shifts.length }));
}

interface SortCode {
  readonly dtype: DType;
  readonly descending: boolean;
  readonly bits: number;
  readonly shifts: readonly number[];
}

type Builder = FunctionBuilder<'void'>;
type Pointer = Local<'i32'>;

/** Code for the keys of elements: of the one at an address, the low or the high word, of which most dtypes have one. */
function keyOf(f: Builder, { dtype, descending }: SortCode): (x: Pointer, word?: 'low' | 'high') => Expr<'i32'> {
  // −0 becomes 0, and NaN the largest key.
  if (dtype === 'float64') {
    const [value, key] = [f.local('f64'), f.local('i64')];
    return (x, word) => {
      f.set(value, f64.add(f64.load(x), 0));
      f.set(key, i64.reinterpretF64(value));
      const flip = i64.or(i64.shrS(key, 63n), -(2n ** 63n));
      f.set(key, i64.xor(key, descending ? i64.xor(flip, -1n) : flip));
      f.set(key, select(f64.eq(value, value), key, i64.const(-1n)));
      return i32.wrapI64(word === 'high' ? i64.shrU(key, 32n) : key);
    };
  }
  const key = f.local('i32');
  if (dtype === 'float32') {
    const value = f.local('f32');
    return (x) => {
      f.set(value, f32.add(f32.load(x), 0));
      f.set(key, i32.reinterpretF32(value));
      const flip = i32.or(i32.shrS(key, 31), -(2 ** 31));
      f.set(key, i32.xor(key, descending ? i32.xor(flip, -1) : flip));
      return select(f32.eq(value, value), key, i32.const(-1));
    };
  }
  const flip = (dtype === 'int32' ? -(2 ** 31) : 0) ^ (descending ? -1 : 0);
  return (x) => i32.xor(dtype === 'bool' ? i32.load8U(x) : i32.load(x), flip);
}

function defineSort(module: ModuleBuilder, code: SortCode): void {
  const { dtype, bits } = code;
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
      const key = keyOf(f, code);
      each(f, items, end, 8, () => {
        f.emit(i32.store(items, position));
        f.emit(i32.store(items, key(x, 'low'), 4));
        f.increment(x, step);
        f.increment(position, 1);
      });
    },
  );
  /** The other word of the keys. */
  const rekey = module.function({ params: ['i32', 'i32', 'i32', 'i32'], result: 'void' }, (f, x, step, items, end) => {
    const key = keyOf(f, code);
    const at = f.local('i32');
    each(f, items, end, 8, () => {
      f.set(at, i32.add(x, i32.mul(i32.load(items), step)));
      f.emit(i32.store(items, key(at, 'high'), 4));
    });
  });
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
  const insertion = module.function({ params: ['i32', 'i32'], result: 'void' }, (f, items, end) => {
    const at = f.local('i32', items);
    const [to, key] = [f.local('i32'), f.local('i32')];
    const item = f.local('i64');
    each(f, at, end, 8, () => {
      f.set(item, i64.load(at));
      f.set(key, i32.load(at, 4));
      f.set(to, at);
      f.block((found) => {
        f.loop((again) => {
          f.branchIf(found, i32.eq(to, items));
          f.increment(to, -8);
          f.if(i32.gtU(i32.load(to, 4), key), () => {
            f.emit(i64.store(to, i64.load(to), 8));
            f.branch(again);
          });
          f.increment(to, 8);
        });
      });
      f.emit(i64.store(to, item));
    });
  });

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
      const x = f.local('i32', i32.add(word('x'), i32.mul(first, bytes)));
      f.emit(call(keys, x, i32.mul(step, bytes), 0, items, i32.add(items, size)));
      const otherWord = (from: Pointer) => f.emit(call(rekey, x, i32.mul(step, bytes), from, i32.add(from, size)));
      f.if(
        i32.leU(length, shortLine),
        () => {
          const end = f.local('i32', i32.add(items, size));
          f.emit(call(insertion, items, end));
          if (dtype === 'float64') {
            otherWord(items);
            f.emit(call(insertion, items, end));
          }
          const at = f.local('i32', items);
          each(f, at, end, 8, () => {
            f.emit(i32.store(out, i32.load(at)));
            f.increment(out, outStep);
          });
        },
        () => {
          let [from, to] = [items, spare];
          for (const { shift, last, again } of passesOf(code)) {
            if (again) otherWord(from);
            const end = i32.add(from, size);
            f.emit(call(count, from, end, counts, shift));
            f.emit(call(scan, counts, 1));
            if (last) f.emit(call(place, from, end, counts, shift, out, outStep));
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
  overChunk('rekey', (f, word, { items, end }) =>
    f.emit(call(rekey, word('x'), i32.mul(word('step'), bytes), items, end)),
  );
  overChunk('count', (f, word, { items, end, counts }) => f.emit(call(count, items, end, counts, word('shift'))));
  overChunk('scan', (f, word) => f.emit(call(scan, word('counts'), word('lines'))));
  overChunk('move', (f, word, { items, end, counts }) =>
    f.emit(call(move, items, end, counts, word('shift'), word('spare'), 8)),
  );
  overChunk('place', (f, word, { items, end, counts }) =>
    f.emit(call(place, items, end, counts, word('shift'), word('out'), i32.mul(word('step'), 4))),
  );
}
