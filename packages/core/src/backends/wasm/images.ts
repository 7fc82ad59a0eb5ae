// Planes of images: with zeros around them, and as the target of scattered sums.

import { call, type FunctionRef, i32, type ModuleBuilder, memory, v128 } from './assembler';
import { type NativeModule, type NativeStage, nativeSignature, type Place, WordNames } from './native';
import { contiguous, type Lanes } from './panels';
import { reader, smaller } from './table-code';

/** The size of planes with zeros around them, and where in them the planes begin (before them, if negative). */
export interface Frame {
  rows: number;
  columns: number;
  top: number;
  left: number;
}

/** The part of a plane that lies in its frame: its size, and where it begins in the plane and in the frame, in elements. */
export interface Inside {
  rows: number;
  columns: number;
  inPlane: number;
  inFrame: number;
}

export function insideOf(h: number, w: number, { rows, columns, top, left }: Frame): Inside {
  const [y, x] = [Math.max(0, -top), Math.max(0, -left)];
  return {
    rows: Math.max(0, Math.min(h, rows - top) - y),
    columns: Math.max(0, Math.min(w, columns - left) - x),
    inPlane: y * w + x,
    inFrame: (y + top) * columns + x + left,
  };
}

/** A part frames about so many bytes. */
const partBytes = 2 ** 16;

/** Copies so many planes of h x w elements into frames of zeros. */
export function framePlanes(
  from: Place,
  to: Place,
  { planes, h, w, frame, bytes }: { planes: number; h: number; w: number; frame: Frame; bytes: number },
): NativeStage {
  const inside = insideOf(h, w, frame);
  const plane = frame.rows * frame.columns * bytes;
  const perPart = Math.min(planes, Math.ceil(partBytes / plane));
  const words = frameWords.table({
    from: { ...from, bytes: from.bytes + inside.inPlane * bytes },
    fromRow: w * bytes,
    fromPlane: h * w * bytes,
    to,
    inside: inside.inFrame * bytes,
    toRow: frame.columns * bytes,
    toPlane: plane,
    planes,
    perPart,
    rows: inside.rows,
    rowBytes: inside.columns * bytes,
  });
  return { run: { module: frameModule, name: 'frame' }, parts: Math.ceil(planes / perPart), words };
}

const frameWords = new WordNames([
  'from',
  'fromRow',
  'fromPlane',
  'to',
  'inside',
  'toRow',
  'toPlane',
  'planes',
  'perPart',
  'rows',
  'rowBytes',
]);

const frameModule: NativeModule = {
  key: 'frame',
  define(module) {
    const copyPlanes = defineCopyPlanes(module);
    const frame = module.function(nativeSignature, (f, table, part) => {
      const word = reader(table, frameWords);
      const first = f.local('i32', i32.mul(part, word('perPart')));
      const count = f.local('i32', smaller(f, i32.sub(word('planes'), first), word('perPart')));
      const from = i32.add(word('from'), i32.mul(first, word('fromPlane')));
      const to = f.local('i32', i32.add(word('to'), i32.mul(first, word('toPlane'))));
      f.emit(memory.fill(to, 0, i32.mul(count, word('toPlane'))));
      f.emit(
        call(
          copyPlanes,
          ...([from, word('fromRow'), word('fromPlane')] as const),
          ...([i32.add(to, word('inside')), word('toRow'), word('toPlane')] as const),
          ...([count, word('rows'), word('rowBytes')] as const),
        ),
      );
    });
    module.export('frame', frame);
  },
};

const nine = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/**
 * (from, fromRow, fromPlane, to, toRow, toPlane, planes, rows, rowBytes): copies `rowBytes` bytes, a multiple of 4, of so
 * many rows of so many planes. Steps in bytes.
 */
export function defineCopyPlanes(module: ModuleBuilder): FunctionRef<typeof nine, 'void'> {
  const copyRow = module.function({ params: ['i32', 'i32', 'i32'], result: 'void' }, (f, from, to, left) => {
    const advance = (bytes: number): void => {
      f.increment(from, bytes);
      f.increment(to, bytes);
      f.increment(left, -bytes);
    };
    f.while(i32.geS(left, 16), () => {
      f.emit(v128.store(to, v128.load(from)));
      advance(16);
    });
    f.while(left, () => {
      f.emit(i32.store(to, i32.load(from)));
      advance(4);
    });
  });
  return module.function(
    { params: nine, result: 'void' },
    (f, from, fromRow, fromPlane, to, toRow, toPlane, planes, rows, rowBytes) => {
      const row = f.local('i32');
      f.while(planes, () => {
        f.for(row, 0, rows, 1, () => {
          const source = i32.add(from, i32.mul(row, fromRow));
          f.emit(call(copyRow, source, i32.add(to, i32.mul(row, toRow)), rowBytes));
        });
        f.increment(from, fromPlane);
        f.increment(to, toPlane);
        f.increment(planes, -1);
      });
    },
  );
}

const six = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** (values, image, tapTable, taps, placeTable, places): image[tap i + place j] += values[i, j]; rows of values are dense. */
export function defineScatter(module: ModuleBuilder, lanes: Lanes): FunctionRef<typeof six, 'void'> {
  return module.function({ params: six, result: 'void' }, (f, values, image, tapTable, taps, placeTable, places) => {
    const base = f.local('i32');
    const place = f.local('i32');
    const left = f.local('i32');
    const to = f.local('i32');
    const addOne = (): void => {
      f.set(to, i32.add(base, i32.load(place)));
      f.emit(lanes.storeFirst(to, lanes.add(lanes.loadFirst(to), lanes.loadFirst(values))));
      f.increment(values, lanes.bytes);
      f.increment(place, 4);
    };
    f.loop((again) => {
      f.set(base, i32.add(image, i32.load(tapTable)));
      f.set(place, placeTable);
      f.set(left, places);
      f.while(i32.geS(left, lanes.count), () => {
        f.if(
          contiguous(lanes, place),
          () => {
            f.set(to, i32.add(base, i32.load(place)));
            f.emit(v128.store(to, lanes.add(v128.load(to), v128.load(values))));
            f.increment(values, 16);
            f.increment(place, 4 * lanes.count);
          },
          () => {
            for (let i = 0; i < lanes.count; i++) addOne();
          },
        );
        f.increment(left, -lanes.count);
      });
      f.while(left, () => {
        addOne();
        f.increment(left, -1);
      });
      f.increment(tapTable, 4);
      f.increment(taps, -1);
      f.branchIf(again, taps);
    });
  });
}
