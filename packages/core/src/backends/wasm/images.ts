// Images in scratch memory: with zeros around them, and as the target of scattered sums.

import { call, i32, ModuleBuilder, v128 } from './assembler';
import { type ScratchLayout, scratchMemory } from './memory';
import { copySpan, type Floats } from './operand';
import { contiguous, type FloatType, lanesOf, panelKernels } from './panels';

/** The size of planes with zeros around them, and where in them the planes begin (before them, if negative). */
export interface Frame {
  rows: number;
  columns: number;
  top: number;
  left: number;
}

interface ImagesSize {
  images: number;
  groups: number;
  /** Of one group. */
  channels: number;
  h: number;
  w: number;
  frame: Frame | undefined;
}

/** Where the planes begin in scratch memory and how far apart rows and planes are, in bytes. */
interface Planes {
  start: number;
  row: number;
  plane: number;
}

/** A few images in scratch memory, of which it holds the channels of one group. */
export class Images {
  /** Of the planes, with their frame. */
  readonly address: number;
  /** Elements from one image to the next there. */
  readonly imageLength: number;
  readonly #size: ImagesSize;
  readonly #copyPlanes: ImageKernels['copyPlanes'];
  readonly #bytes: number;
  /** Elements of the channels of a group. */
  readonly #length: number;
  /** Planes as they are in buffers, from this address. */
  readonly #plain: number;
  /** The part of the planes that lies in the frame, on both sides. */
  readonly #inside: { rows: number; rowBytes: number; plain: Planes; framed: Planes } | undefined;

  constructor(layout: ScratchLayout, dtype: FloatType, size: ImagesSize) {
    const { images, channels, h, w, frame } = size;
    const { bytes } = panelKernels(dtype);
    this.#size = size;
    this.#copyPlanes = imageKernels(dtype).copyPlanes;
    this.#bytes = bytes;
    this.#length = channels * h * w;
    this.imageLength = channels * (frame ? frame.rows * frame.columns : h * w);
    // The frames come right behind, so that all is cleared at once.
    this.#plain = layout.take(images * this.#length * bytes);
    this.address = this.#plain;
    if (frame === undefined) return;
    const { rows, columns, top, left } = frame;
    this.address = layout.take(images * this.imageLength * bytes);
    const [y, x] = [Math.max(0, -top), Math.max(0, -left)];
    this.#inside = {
      rows: Math.min(h, rows - top) - y,
      rowBytes: (Math.min(w, columns - left) - x) * bytes,
      plain: { start: this.#plain + (y * w + x) * bytes, row: w * bytes, plane: h * w * bytes },
      framed: {
        start: this.address + ((y + top) * columns + x + left) * bytes,
        row: columns * bytes,
        plane: rows * columns * bytes,
      },
    };
  }

  /** All zero, frame and planes. */
  clear(heap: Floats): void {
    const end = this.address + this.#size.images * this.imageLength * this.#bytes;
    heap.fill(0, this.#plain / this.#bytes, end / this.#bytes);
  }

  load(data: Floats, heap: Floats, group: number, image: number, count: number): void {
    this.#eachSpan(group, image, count, (outside, inside, length) => copySpan(data, outside, length, heap, inside));
    if (this.#inside) this.#copyInside(this.#inside.plain, this.#inside.framed, count);
  }

  unload(data: Floats, heap: Floats, group: number, image: number, count: number): void {
    if (this.#inside) this.#copyInside(this.#inside.framed, this.#inside.plain, count);
    this.#eachSpan(group, image, count, (outside, inside, length) => copySpan(heap, inside, length, data, outside));
  }

  #copyInside(from: Planes, to: Planes, count: number): void {
    const { rows, rowBytes } = this.#inside as { rows: number; rowBytes: number };
    if (rows <= 0 || rowBytes <= 0) return;
    const planes = count * this.#size.channels;
    this.#copyPlanes(from.start, from.row, from.plane, to.start, to.row, to.plane, planes, rows, rowBytes);
  }

  #eachSpan(
    group: number,
    image: number,
    count: number,
    copy: (outside: number, inside: number, length: number) => void,
  ): void {
    const { groups } = this.#size;
    const inside = this.#plain / this.#bytes;
    const length = this.#length;
    if (groups === 1) copy(image * length, inside, count * length);
    else for (let i = 0; i < count; i++) copy(((image + i) * groups + group) * length, inside + i * length, length);
  }
}

interface ImageKernels {
  /** Copies `rowBytes` bytes, a multiple of 4, of so many rows of so many planes. Steps in bytes; nothing may be zero. */
  copyPlanes(
    from: number,
    fromRow: number,
    fromPlane: number,
    to: number,
    toRow: number,
    toPlane: number,
    planes: number,
    rows: number,
    rowBytes: number,
  ): void;
  /** image[tap i + place j] += values[i, j]; the rows of values are dense. */
  scatter(values: number, image: number, tapTable: number, taps: number, placeTable: number, places: number): void;
}

const compiled: { [D in FloatType]?: ImageKernels } = {};

export function imageKernels(dtype: FloatType): ImageKernels {
  compiled[dtype] ??= instantiateImageKernels(dtype);
  return compiled[dtype];
}

function instantiateImageKernels(dtype: FloatType): ImageKernels {
  const lanes = lanesOf[dtype];
  const module = new ModuleBuilder();
  module.importMemory('scratch', 'memory', { initial: 1 });

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

  const copyPlanes = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, from, fromRow, fromPlane, to, toRow, toPlane, planes, rows, rowBytes) => {
      const row = f.local('i32');
      f.loop((again) => {
        f.for(row, 0, rows, 1, () => {
          const source = i32.add(from, i32.mul(row, fromRow));
          f.emit(call(copyRow, source, i32.add(to, i32.mul(row, toRow)), rowBytes));
        });
        f.increment(from, fromPlane);
        f.increment(to, toPlane);
        f.increment(planes, -1);
        f.branchIf(again, planes);
      });
    },
  );
  module.export('copyPlanes', copyPlanes);

  const scatter = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, values, image, tapTable, taps, placeTable, places) => {
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
    },
  );
  module.export('scatter', scatter);

  const { exports } = new WebAssembly.Instance(module.compile(), { scratch: { memory: scratchMemory().memory } });
  return exports as unknown as ImageKernels;
}
