// Convolutions as matrix products. The three below are the derivatives of one trilinear form,
//
//   T(x, w, y) = sum of x[s, c, r, q] w[o, c, i, j] y[s, o, u, v]  over all places (u, v) and taps (i, j),
//   r = u strideH + i dilationH - padTop,  q = v strideW + j dilationW - padLeft,
//
// and share its index sets: an element of x is found at place(u, v) + tap(c, i, j), one of y at place(u, v) + channel(o).
// The panels of the products are gathered through tables of these offsets; no matrix of patches is written down.

import { ArgumentError } from '../../errors';
import { call, i32, ModuleBuilder, v128 } from './assembler';
import { checkBuffer, gemm } from './gemm';
import { ScratchLayout, scratchMemory } from './memory';
import {
  blockSize,
  copyIn,
  copyOut,
  type Floats,
  MatrixOperand,
  multiplyBlocks,
  spareBytes,
  TableOperand,
} from './operand';
import { contiguous, type FloatType, lanesOf, panelKernels, tableBytes } from './panels';

/** Input [n, c, h, w], weights [o, c / groups, kh, kw], output [n, o, oh, ow], all dense and row-major. */
export interface ConvolutionSpec {
  dtype: FloatType;
  n: number;
  c: number;
  h: number;
  w: number;
  o: number;
  kh: number;
  kw: number;
  oh: number;
  ow: number;
  strideH: number;
  strideW: number;
  /** Zeros in front; those behind follow from `oh` and `ow`. */
  padTop: number;
  padLeft: number;
  dilationH: number;
  dilationW: number;
  groups: number;
}

/** Must not write where it reads. */
export type Convolution = (a: Floats, b: Floats, out: Floats) => void;

/** Images are taken together until the product has about so many places. */
const placesTogether = 256;

/** out = conv(x, w), [n, o, oh, ow]; the kernel is not flipped. */
export function convForward(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convForward', spec);
  const run = plan.empty ? clear : plan.pointwise ? pointwiseForward(spec) : correlation(forward(spec, plan));
  return (x, w, out) => {
    checkBuffer('convForward', 'x', x, spec.dtype, plan.inputSize);
    checkBuffer('convForward', 'w', w, spec.dtype, plan.weightSize);
    checkBuffer('convForward', 'out', out, spec.dtype, plan.outputSize);
    run(x, w, out.subarray(0, plan.outputSize));
  };
}

/** gradInput = the x for which sum(x gradInput) = sum(conv(x, w) gradOut), [n, c, h, w]. */
export function convInputGradient(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convInputGradient', spec);
  const { h, w, strideH, strideW } = spec;
  const backwardIsForward = strideH * strideW === 1 && h * w <= 1.25 * plan.places;
  const run = plan.empty
    ? clear
    : plan.pointwise
      ? pointwiseInputGradient(spec)
      : backwardIsForward
        ? correlation(backward(spec, plan))
        : scatteredInputGradient(spec, plan);
  return (gradOut, weights, gradInput) => {
    checkBuffer('convInputGradient', 'gradOut', gradOut, spec.dtype, plan.outputSize);
    checkBuffer('convInputGradient', 'w', weights, spec.dtype, plan.weightSize);
    checkBuffer('convInputGradient', 'gradInput', gradInput, spec.dtype, plan.inputSize);
    run(gradOut, weights, gradInput.subarray(0, plan.inputSize));
  };
}

/** gradWeight: sum(w gradWeight) = sum(conv(x, w) gradOut), [o, c / groups, kh, kw]. */
export function convWeightGradient(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convWeightGradient', spec);
  const run = plan.empty ? clear : gatheredWeightGradient(spec, plan);
  return (x, gradOut, gradWeight) => {
    checkBuffer('convWeightGradient', 'x', x, spec.dtype, plan.inputSize);
    checkBuffer('convWeightGradient', 'gradOut', gradOut, spec.dtype, plan.outputSize);
    checkBuffer('convWeightGradient', 'gradWeight', gradWeight, spec.dtype, plan.weightSize);
    run(x, gradOut, gradWeight.subarray(0, plan.weightSize));
  };
}

function clear(_a: Floats, _b: Floats, out: Floats): void {
  out.fill(0);
}

interface Plan {
  inputSize: number;
  weightSize: number;
  outputSize: number;
  /** Whether all sums are empty. */
  empty: boolean;
  /** Whether the convolution is one matrix product for each image. */
  pointwise: boolean;
  /** Channels, filters and depth of one group. */
  channels: number;
  filters: number;
  taps: number;
  places: number;
  /** Images that are taken together. */
  images: number;
  /** The planes of the input; undefined if no zeros are needed around them. */
  frame: Frame | undefined;
}

function planOf(where: string, spec: ConvolutionSpec): Plan {
  const { n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups } = spec;
  for (const [name, least] of Object.entries(leastValues)) {
    const value = spec[name as keyof typeof leastValues];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new ArgumentError(`${where}: expected ${name} to be an integer of at least ${least}, got ${value}`);
  }
  if (c % groups !== 0 || o % groups !== 0) {
    throw new ArgumentError(
      `${where}: expected groups to divide the channels, got groups ${groups} with ${c} input and ${o} output channels`,
    );
  }
  const channels = c / groups;
  const filters = o / groups;
  const places = oh * ow;
  const inputSize = n * c * h * w;
  const weightSize = o * channels * kh * kw;
  const outputSize = n * o * places;
  const frame: Frame = {
    rows: (oh - 1) * strideH + (kh - 1) * dilationH + 1,
    columns: (ow - 1) * strideW + (kw - 1) * dilationW + 1,
    top: padTop,
    left: padLeft,
  };
  const framed = padTop !== 0 || padLeft !== 0 || frame.rows > h || frame.columns > w;
  return {
    inputSize,
    weightSize,
    outputSize,
    empty: inputSize === 0 || weightSize === 0 || outputSize === 0,
    pointwise: kh * kw * strideH * strideW * groups === 1 && !framed && oh === h && ow === w,
    channels,
    filters,
    taps: channels * kh * kw,
    places,
    images: Math.min(n, Math.max(1, Math.floor(placesTogether / places))),
    frame: framed ? frame : undefined,
  };
}

const leastValues = {
  ...{ n: 0, c: 0, h: 0, w: 0, o: 0, kh: 0, kw: 0, oh: 0, ow: 0 },
  ...{ strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, groups: 1 },
  ...{ padTop: Number.MIN_SAFE_INTEGER, padLeft: Number.MIN_SAFE_INTEGER },
};

function pointwiseForward({ dtype, n, c, h, w, o }: ConvolutionSpec): Convolution {
  const run = gemm({
    ...{ dtype, batch: n, m: o, n: h * w, k: c },
    a: { offset: 0, batchStride: 0, rowStride: c, colStride: 1 },
    b: { offset: 0, batchStride: c * h * w, rowStride: h * w, colStride: 1 },
  });
  return (x, weights, out) => run(weights, x, out);
}

function pointwiseInputGradient({ dtype, n, c, h, w, o }: ConvolutionSpec): Convolution {
  const run = gemm({
    ...{ dtype, batch: n, m: c, n: h * w, k: o },
    a: { offset: 0, batchStride: 0, rowStride: 1, colStride: c },
    b: { offset: 0, batchStride: o * h * w, rowStride: h * w, colStride: 1 },
  });
  return (gradOut, weights, gradInput) => run(weights, gradOut, gradInput);
}

/**
 * One product for the images of one group at a time, result[unit, place] = sum of weights[unit, term] source[term, place],
 * whose operands lie at the sums of the given offsets, in elements.
 */
interface Correlation {
  dtype: FloatType;
  n: number;
  groups: number;
  /** Weights of one group. */
  weights: number;
  /** Channels of one group of the result. */
  units: number;
  unitAxes: Axis[];
  terms: number;
  weightTermAxes: Axis[];
  source: Omit<ImagesSize, 'images'>;
  frame: Frame | undefined;
  /** Of the first term at the first place. */
  sourceOffset: number;
  sourceTermAxes: Axis[];
  places: number;
  placeAxes: Axis[];
}

function forward(spec: ConvolutionSpec, plan: Plan): Correlation {
  const { dtype, n, h, w, kh, kw, oh, ow, strideH, strideW, dilationH, dilationW, groups } = spec;
  const { channels, filters, taps, places, frame } = plan;
  const { rows, columns } = frame ?? { rows: h, columns: w };
  return {
    ...{ dtype, n, groups, weights: filters * taps, frame, sourceOffset: 0 },
    units: filters,
    unitAxes: [[filters, taps]],
    terms: taps,
    weightTermAxes: [[taps, 1]],
    source: { groups, channels, h, w },
    sourceTermAxes: tapAxes(spec, channels, rows, columns),
    places,
    placeAxes: placeAxes(spec, columns),
  };
}
/** Makes room and writes the tables. */
function start(layout: ScratchLayout, dtype: FloatType, ...tables: OffsetTable[]): Floats {
  const scratch = scratchMemory();
  scratch.reserve(layout.bytes);
  for (const table of tables) scratch.int32.set(table.entries, table.address / 4);
  return scratch.floats(dtype);
}

interface OffsetTable {
  readonly address: number;
  readonly entries: Int32Array;
}

/** The sums of one offset of each axis, which has `count` steps of `stride`; the last axis runs fastest. */
function offsetTable(
  layout: ScratchLayout,
  bytes: number,
  axes: readonly [count: number, stride: number][],
): OffsetTable {
  let offsets = [0];
  for (const [count, stride] of axes) {
    offsets = offsets.flatMap((offset) => Array.from({ length: count }, (_, i) => offset + i * stride * bytes));
  }
  const size = tableBytes(offsets.length);
  const entries = new Int32Array(size / 4).fill(offsets.at(-1) as number);
  entries.set(offsets);
  return { address: layout.take(size), entries };
}

/** The size of planes with zeros around them, and where in them the planes begin (before them, if negative). */
interface Frame {
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
}

/** Where the planes begin in scratch memory and how far apart rows and planes are, in bytes. */
interface Planes {
  start: number;
  row: number;
  plane: number;
}

/** A few images in scratch memory, of which it holds the channels of one group. */
class Images {
  /** Of the planes, with their frame. */
  readonly address: number;
  readonly #size: ImagesSize;
  readonly #copyPlanes: ImageKernels['copyPlanes'];
  readonly #bytes: number;
  /** Elements of the channels of a group. */
  readonly #length: number;
  /** Planes as they are in buffers, from this address. */
  readonly #plain: number;
  readonly #framedLength: number;
  /** The part of the planes that lies in the frame, on both sides. */
  readonly #inside: { rows: number; rowBytes: number; plain: Planes; framed: Planes } | undefined;

  constructor(layout: ScratchLayout, dtype: FloatType, size: ImagesSize, frame: Frame | undefined) {
    const { images, channels, h, w } = size;
    const { bytes } = panelKernels(dtype);
    this.#size = size;
    this.#copyPlanes = imageKernels(dtype).copyPlanes;
    this.#bytes = bytes;
    this.#length = channels * h * w;
    this.#framedLength = images * channels * (frame ? frame.rows * frame.columns : h * w);
    this.#plain = layout.take(images * this.#length * bytes);
    this.address = this.#plain;
    if (frame === undefined) return;
    const { rows, columns, top, left } = frame;
    this.address = layout.take(this.#framedLength * bytes);
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
    for (const [address, length] of [
      [this.#plain, this.#size.images * this.#length],
      [this.address, this.#framedLength],
    ] as const) {
      heap.fill(0, address / this.#bytes, address / this.#bytes + length);
    }
  }

  load(data: Floats, heap: Floats, group: number, image: number, count: number): void {
    this.#eachSpan(group, image, count, (outside, inside, length) => copyIn(data, outside, length, heap, inside));
    if (this.#inside) this.#copyInside(this.#inside.plain, this.#inside.framed, count);
  }

  unload(data: Floats, heap: Floats, group: number, image: number, count: number): void {
    if (this.#inside) this.#copyInside(this.#inside.framed, this.#inside.plain, count);
    this.#eachSpan(group, image, count, (outside, inside, length) => copyOut(heap, inside, data, outside, length));
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

function imageKernels(dtype: FloatType): ImageKernels {
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
