// Convolutions as matrix products. The three below are the derivatives of one trilinear form,
//
//   T(x, w, y) = sum of x[s, c, r, q] w[o, c, i, j] y[s, o, u, v]  over all places (u, v) and taps (i, j),
//   r = u strideH + i dilationH - padTop,  q = v strideW + j dilationW - padLeft,
//
// and share its index sets: an element of x is found at place(u, v) + tap(c, i, j), one of y at place(u, v) + channel(o).
// The panels of the products are gathered through tables of these offsets; no matrix of patches is written down.

import { ArgumentError } from '../../errors';
import { checkBuffer, gemm } from './gemm';
import { type Frame, Images, imageKernels } from './images';
import { ScratchLayout, scratchMemory } from './memory';
import { blockLimits, copySpan, type Floats, multiplyBlocks, spareBytes, TableOperand } from './operand';
import { type FloatType, panelKernels, tableBytes } from './panels';

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
  const run = plan.empty ? clear : plan.pointwise ? pointwiseForward(spec) : correlation(spec, forward(spec, plan));
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
  // The correlation gathers each filter's places, the other way scatters each channel's.
  const correlates = strideH * strideW === 1 && h * w <= 1.25 * plan.places && plan.filters <= 4 * plan.channels;
  const run = plan.empty
    ? clear
    : plan.pointwise
      ? pointwiseInputGradient(spec)
      : correlates
        ? correlation(spec, backward(spec, plan))
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
  const run = plan.empty ? clear : weightGradient(spec, plan);
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

/** So many steps of a stride, in elements. */
type Axis = readonly [count: number, stride: number];

/**
 * result[s, unit, place] = sum over terms of weights[unit, term] source[s, term, place], for each group. Units, terms and
 * places are found at sums of offsets: one offset of each of the axes given.
 */
interface Correlation {
  weights: { length: number; units: Axis[]; terms: Axis[] };
  source: { channels: number; h: number; w: number; frame: Frame | undefined };
  /** In the planes of the source; `first` is the offset of the first term at the first place. */
  first: number;
  terms: Axis[];
  places: Axis[];
}

function forward(spec: ConvolutionSpec, plan: Plan): Correlation {
  const { channels, filters, taps, frame } = plan;
  return {
    weights: { length: filters * taps, units: [[filters, taps]], terms: [[taps, 1]] },
    source: { channels, h: spec.h, w: spec.w, frame },
    first: 0,
    ...inputAxes(spec, plan),
  };
}

/** With strides of 1, the input gradient is a correlation of the output with the kernel flipped. */
function backward(spec: ConvolutionSpec, { channels, filters, taps }: Plan): Correlation {
  const { h, w, kh, kw, oh, ow, padTop, padLeft, dilationH, dilationW } = spec;
  const reach = { rows: (kh - 1) * dilationH, columns: (kw - 1) * dilationW };
  const frame = {
    rows: h + reach.rows,
    columns: w + reach.columns,
    top: reach.rows - padTop,
    left: reach.columns - padLeft,
  };
  const plane = frame.rows * frame.columns;
  return {
    weights: {
      length: filters * taps,
      units: [[channels, kh * kw]],
      terms: [
        [filters, taps],
        [kh * kw, 1],
      ],
    },
    source: { channels: filters, h: oh, w: ow, frame },
    first: reach.rows * frame.columns + reach.columns,
    terms: [
      [filters, plane],
      [kh, -dilationH * frame.columns],
      [kw, -dilationW],
    ],
    places: [
      [h, frame.columns],
      [w, 1],
    ],
  };
}

/** Where the terms of the trilinear form find the input. */
function inputAxes(spec: ConvolutionSpec, { channels, frame }: Plan): { terms: Axis[]; places: Axis[] } {
  const { h, w, kh, kw, oh, ow, strideH, strideW, dilationH, dilationW } = spec;
  const { rows, columns } = frame ?? { rows: h, columns: w };
  return {
    terms: [
      [channels, rows * columns],
      [kh, dilationH * columns],
      [kw, dilationW],
    ],
    places: [
      [oh, strideH * columns],
      [ow, strideW],
    ],
  };
}

function sizeOf(axes: readonly Axis[]): number {
  return axes.reduce((size, [count]) => size * count, 1);
}

function correlation({ dtype, n, groups }: ConvolutionSpec, correlation: Correlation): Convolution {
  const { weights, source, first, terms, places } = correlation;
  const [unitCount, termCount, placeCount] = [sizeOf(weights.units), sizeOf(terms), sizeOf(places)];
  const images = imagesTogether(n, placeCount);
  const kernels = panelKernels(dtype);
  const { bytes } = kernels;
  const layout = new ScratchLayout();
  const input = new Images(layout, dtype, { images, groups, ...source });
  const weightsAt = layout.take(weights.length * bytes);
  const unitTable = offsetTable(layout, bytes, weights.units);
  const weightTable = offsetTable(layout, bytes, weights.terms);
  const termTable = offsetTable(layout, bytes, terms);
  const placeTable = offsetTable(layout, bytes, [[images, input.imageLength], ...places]);
  const left = new TableOperand(
    layout,
    kernels,
    'rows',
    { source: weightsAt, unitTable: unitTable.address, depthTable: weightTable.address },
    { units: unitCount, depth: termCount, readAgain: true },
  );
  const right = new TableOperand(
    layout,
    kernels,
    'columns',
    { source: input.address + first * bytes, unitTable: placeTable.address, depthTable: termTable.address },
    { units: images * placeCount, depth: termCount, readAgain: false },
  );
  const result = layout.take(unitCount * right.unitBlock * bytes);
  const spare = layout.take(spareBytes(kernels));
  return (x, w, out) => {
    const heap = start(layout, dtype, unitTable, weightTable, termTable, placeTable);
    input.clear(heap);
    for (let g = 0; g < groups; g++) {
      copySpan(w, g * weights.length, weights.length, heap, weightsAt / bytes);
      left.bind(unitCount, termCount);
      for (let s = 0; s < n; s += images) {
        const count = Math.min(images, n - s);
        input.load(x, heap, g, s, count);
        right.bind(count * placeCount, termCount);
        for (let at = 0; at < count * placeCount; at += right.unitBlock) {
          const width = Math.min(right.unitBlock, count * placeCount - at);
          multiplyBlocks(kernels, left, right, {
            ...{ leftBatch: 0, rightBatch: 0, top: 0, bottom: unitCount, first: at, last: at + width },
            ...{ result, rowBytes: width * bytes, accumulate: false, spare },
          });
          const from = result / bytes;
          if (width === placeCount) {
            copySpan(heap, from, unitCount * placeCount, out, (s * groups + g) * unitCount * placeCount);
            continue;
          }
          // Several images, or a part of one.
          const run = Math.min(width, placeCount);
          for (let image = 0; image * placeCount < width; image++) {
            const to = ((s + image) * groups + g) * unitCount * placeCount + at;
            for (let i = 0; i < unitCount; i++) {
              copySpan(heap, from + i * width + image * placeCount, run, out, to + i * placeCount);
            }
          }
        }
      }
    }
  };
}

/** The input gradient for any strides: the terms are multiplied first and then added where they belong. */
function scatteredInputGradient(spec: ConvolutionSpec, plan: Plan): Convolution {
  const { dtype, n, h, w, oh, ow, groups } = spec;
  const { channels, filters, taps, places, frame } = plan;
  const images = imagesTogether(n, places);
  const kernels = panelKernels(dtype);
  const { scatter } = imageKernels(dtype);
  const { bytes } = kernels;
  const layout = new ScratchLayout();
  const output = new Images(layout, dtype, { images, groups, channels: filters, h: oh, w: ow, frame: undefined });
  const gradient = new Images(layout, dtype, { images, groups, channels, h, w, frame });
  const weightsAt = layout.take(filters * taps * bytes);
  const axes = inputAxes(spec, plan);
  const unitTable = offsetTable(layout, bytes, [[taps, 1]]);
  const weightTable = offsetTable(layout, bytes, [[filters, taps]]);
  const filterTable = offsetTable(layout, bytes, [[filters, places]]);
  const outputTable = offsetTable(layout, bytes, [
    [images, output.imageLength],
    [places, 1],
  ]);
  const tapTable = offsetTable(layout, bytes, axes.terms);
  const inputTable = offsetTable(layout, bytes, [[images, gradient.imageLength], ...axes.places]);
  const left = new TableOperand(
    layout,
    kernels,
    'rows',
    { source: weightsAt, unitTable: unitTable.address, depthTable: weightTable.address },
    { units: taps, depth: filters, readAgain: true },
  );
  const right = new TableOperand(
    layout,
    kernels,
    'columns',
    { source: output.address, unitTable: outputTable.address, depthTable: filterTable.address },
    { units: images * places, depth: filters, readAgain: taps > left.unitBlock },
  );
  const result = layout.take(left.unitBlock * right.unitBlock * bytes);
  const spare = layout.take(spareBytes(kernels));
  return (gradOut, weights, gradInput) => {
    const heap = start(layout, dtype, unitTable, weightTable, filterTable, outputTable, tapTable, inputTable);
    for (let g = 0; g < groups; g++) {
      copySpan(weights, g * filters * taps, filters * taps, heap, weightsAt / bytes);
      left.bind(taps, filters);
      for (let s = 0; s < n; s += images) {
        const count = Math.min(images, n - s);
        output.load(gradOut, heap, g, s, count);
        right.bind(count * places, filters);
        gradient.clear(heap);
        for (let top = 0; top < taps; top += left.unitBlock) {
          const height = Math.min(left.unitBlock, taps - top);
          for (let first = 0; first < count * places; first += right.unitBlock) {
            const width = Math.min(right.unitBlock, count * places - first);
            multiplyBlocks(kernels, left, right, {
              ...{ leftBatch: 0, rightBatch: 0, top, bottom: top + height, first, last: first + width },
              ...{ result, rowBytes: width * bytes, accumulate: false, spare },
            });
            const tapsAt = tapTable.address + 4 * top;
            scatter(result, gradient.address, tapsAt, height, inputTable.address + 4 * first, width);
          }
        }
        gradient.unload(gradInput, heap, g, s, count);
      }
    }
  };
}

function weightGradient(spec: ConvolutionSpec, plan: Plan): Convolution {
  const { dtype, n, h, w, oh, ow, groups } = spec;
  const { channels, filters, taps, places, frame } = plan;
  const images = imagesTogether(n, places);
  const kernels = panelKernels(dtype);
  const { bytes } = kernels;
  const layout = new ScratchLayout();
  const input = new Images(layout, dtype, { images, groups, channels, h, w, frame });
  const output = new Images(layout, dtype, { images, groups, channels: filters, h: oh, w: ow, frame: undefined });
  const axes = inputAxes(spec, plan);
  const filterTable = offsetTable(layout, bytes, [[filters, places]]);
  const outputTable = offsetTable(layout, bytes, [
    [images, output.imageLength],
    [places, 1],
  ]);
  const tapTable = offsetTable(layout, bytes, axes.terms);
  const inputTable = offsetTable(layout, bytes, [[images, input.imageLength], ...axes.places]);
  const left = new TableOperand(
    layout,
    kernels,
    'rows',
    { source: output.address, unitTable: filterTable.address, depthTable: outputTable.address },
    { units: filters, depth: images * places, readAgain: taps > blockLimits.columns },
  );
  const right = new TableOperand(
    layout,
    kernels,
    'columns',
    { source: input.address, unitTable: tapTable.address, depthTable: inputTable.address },
    { units: taps, depth: images * places, readAgain: false },
  );
  const result = layout.take(filters * taps * bytes);
  const spare = layout.take(spareBytes(kernels));
  return (x, gradOut, gradWeight) => {
    const heap = start(layout, dtype, filterTable, outputTable, tapTable, inputTable);
    input.clear(heap);
    for (let g = 0; g < groups; g++) {
      for (let s = 0; s < n; s += images) {
        const count = Math.min(images, n - s);
        input.load(x, heap, g, s, count);
        output.load(gradOut, heap, g, s, count);
        left.bind(filters, count * places);
        right.bind(taps, count * places);
        multiplyBlocks(kernels, left, right, {
          ...{ leftBatch: 0, rightBatch: 0, top: 0, bottom: filters, first: 0, last: taps },
          ...{ result, rowBytes: taps * bytes, accumulate: s > 0, spare },
        });
      }
      copySpan(heap, result / bytes, filters * taps, gradWeight, g * filters * taps);
    }
  };
}

function imagesTogether(n: number, places: number): number {
  return Math.min(n, Math.max(1, Math.floor(placesTogether / places)));
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

/** The sums of one offset of each axis, in bytes; the last axis runs fastest. */
function offsetTable(layout: ScratchLayout, bytes: number, axes: readonly Axis[]): OffsetTable {
  let offsets = [0];
  for (const [count, stride] of axes) {
    offsets = offsets.flatMap((offset) => Array.from({ length: count }, (_, i) => offset + i * stride * bytes));
  }
  const size = tableBytes(offsets.length);
  const entries = new Int32Array(size / 4).fill(offsets.at(-1) as number);
  entries.set(offsets);
  return { address: layout.take(size), entries };
}
