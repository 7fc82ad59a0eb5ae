// Convolutions as matrix products. The three below are the derivatives of one trilinear form,
//
//   T(x, w, y) = sum of x[s, c, r, q] w[o, c, i, j] y[s, o, u, v]  over all places (u, v) and taps (i, j),
//   r = u strideH + i dilationH - padTop,  q = v strideW + j dilationW - padLeft,
//
// and share its index sets: an element of x is found at place(u, v) + tap(c, i, j), one of y at place(u, v) + channel(o).
// The panels of the products are gathered through tables of these offsets; no matrix of patches is written down.

import { ArgumentError } from '../../errors';
import type { Kernel } from '../../primitives/primitive';
import { type Axis, gatheredProduct, scatteredProduct, sizeOfAxes, sumOfChunks } from './gathered-product';
import { type Frame, framePlanes, insideOf } from './images';
import { inputAt, type NativeKernel, type NativeStage, outputAt, type Place, partsFor, scratchAt } from './native';
import { type FloatType, panelShape } from './panels';
import { evenly, product } from './product';

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

/** Native code, or a loop where all sums are empty. Its inputs come in the order of the arguments named below. */
export type Convolution = NativeKernel | Kernel;

/** out = conv(x, w), [n, o, oh, ow]; the kernel is not flipped. */
export function convForward(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convForward', spec);
  if (plan.empty) return clear;
  return plan.pointwise ? pointwiseForward(spec) : correlation(spec, forward(spec, plan));
}

/** gradInput = the x for which sum(x gradInput) = sum(conv(x, w) gradOut), [n, c, h, w], from gradOut and w. */
export function convInputGradient(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convInputGradient', spec);
  const { h, w, strideH, strideW } = spec;
  if (plan.empty) return clear;
  if (plan.pointwise) return pointwiseInputGradient(spec);
  // The correlation gathers each filter's places, the other way scatters each channel's.
  const correlates = strideH * strideW === 1 && h * w <= 1.25 * plan.places && plan.filters <= 4 * plan.channels;
  return correlates ? correlation(spec, backward(spec, plan)) : scatteredInputGradient(spec, plan);
}

/** gradWeight: sum(w gradWeight) = sum(conv(x, w) gradOut), [o, c / groups, kh, kw], from x and gradOut. */
export function convWeightGradient(spec: ConvolutionSpec): Convolution {
  const plan = planOf('convWeightGradient', spec);
  return plan.empty ? clear : weightGradient(spec, plan);
}

const clear: Kernel = (_inputs, outputs) => {
  for (const out of outputs) out.fill(0);
};

interface Plan {
  weightSize: number;
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
    weightSize,
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

function pointwiseForward({ dtype, n, c, h, w, o }: ConvolutionSpec): NativeKernel {
  return product(
    {
      ...{ dtype, batch: n, m: o, n: h * w, k: c },
      a: { offset: 0, batchStride: 0, rowStride: c, colStride: 1 },
      b: { offset: 0, batchStride: c * h * w, rowStride: h * w, colStride: 1 },
    },
    { a: inputAt(1), b: inputAt(0), out: outputAt(0), scratchBytes: 0 },
  );
}

function pointwiseInputGradient({ dtype, n, c, h, w, o }: ConvolutionSpec): NativeKernel {
  return product(
    {
      ...{ dtype, batch: n, m: c, n: h * w, k: o },
      a: { offset: 0, batchStride: 0, rowStride: 1, colStride: c },
      b: { offset: 0, batchStride: o * h * w, rowStride: h * w, colStride: 1 },
    },
    { a: inputAt(1), b: inputAt(0), out: outputAt(0), scratchBytes: 0 },
  );
}

/**
 * result[s, unit, place] = sum over terms of weights[unit, term] source[s, term, place], for each group. Units, terms and
 * places are found at sums of offsets: one offset of each of the axes given.
 */
interface Correlation {
  weights: { units: Axis[]; terms: Axis[] };
  source: { channels: number; h: number; w: number; frame: Frame | undefined };
  /** In the planes of the source; `first` is the offset of the first term at the first place. */
  first: number;
  terms: Axis[];
  places: Axis[];
}

function forward(spec: ConvolutionSpec, plan: Plan): Correlation {
  const { channels, filters, taps, frame } = plan;
  return {
    weights: { units: [[filters, taps]], terms: [[taps, 1]] },
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

/** The most units and places of a part of a product; about how many bytes of images are framed, and scattered, at a time. */
const limits = { rows: 512, columns: 512, framedBytes: 2 ** 25, scatteredBytes: 2 ** 22 };
/** Images with fewer places are taken together. */
const placesTogether = 256;
/** Parts of one stage at most: of a product, and of one whose parts have results of their own. */
const mostParts = 32;
const mostChunks = 32;

/** The images of one operand: all, or as many at a time as are framed together. */
interface Source {
  /** The stage that frames so many images from the given one on, if they need it. */
  prepare(image: number, count: number): NativeStage[];
  /** Where image `image` lies when it is among those that are prepared together. */
  place(image: number): Place;
  /** Images that are prepared together at most. */
  together: number;
  /** Elements of a plane and of all planes of an image. */
  plane: number;
  image: number;
  scratchBytes: number;
}

function imageSource(
  input: number,
  { dtype, n }: ConvolutionSpec,
  { channels, h, w, frame }: { channels: number; h: number; w: number; frame: Frame | undefined },
): Source {
  const { bytes } = panelShape(dtype);
  const plane = frame ? frame.rows * frame.columns : h * w;
  const at = (image: number) => inputAt(input, image * channels * h * w * bytes);
  const common = { plane, image: channels * plane };
  if (frame === undefined) return { ...common, prepare: () => [], place: at, together: n, scratchBytes: 0 };
  const imageBytes = channels * plane * bytes;
  const together = evenly(n, Math.max(1, Math.floor(limits.framedBytes / imageBytes)), 1);
  return {
    ...common,
    prepare: (image, count) => [framePlanes(at(image), scratchAt(0), { planes: count * channels, h, w, frame, bytes })],
    place: () => scratchAt(0),
    together,
    // Whole vectors are read at the end of the last row.
    scratchBytes: 64 * Math.ceil((together * imageBytes + 16) / 64),
  };
}

/** The sizes of blocks of an operation that is worth about so many parts. */
function chooseBlocks(rows: number, span: number, spans: number, fixed: number, wanted: number) {
  const { columns: granule } = panelShape('float32');
  let together = Math.min(spans, Math.max(1, Math.floor(placesTogether / span)));
  let columns = evenly(span, limits.columns, 2 * granule);
  let rowBlock = evenly(rows, limits.rows, 4);
  const width = () => (together > 1 ? together * span : columns);
  const count = () =>
    fixed *
    Math.ceil(rows / rowBlock) *
    (together > 1 ? Math.ceil(spans / together) : spans * Math.ceil(span / columns));
  while (count() < wanted) {
    if (together > 1 && together * span >= 256) together = Math.ceil(together / 2);
    else if (together === 1 && columns >= 256) columns = evenly(span, columns / 2, 2 * granule);
    else if (rowBlock >= 64) rowBlock = evenly(rows, rowBlock / 2, 4);
    else break;
  }
  return { rowBlock, columnBlock: width() };
}

function correlation(spec: ConvolutionSpec, { weights, source, first, terms, places }: Correlation): NativeKernel {
  const { dtype, n, groups } = spec;
  const { bytes } = panelShape(dtype);
  const [units, depth, span] = [sizeOfAxes(weights.units), sizeOfAxes(terms), sizeOfAxes(places)];
  const images = imageSource(0, spec, { ...source, channels: groups * source.channels });
  const stages: NativeStage[] = [];
  let ownBytes = 0;
  for (let s = 0; s < n; s += images.together) {
    const count = Math.min(images.together, n - s);
    const wanted = partsFor((groups * units * depth * span * count) / 8, mostParts);
    const from = images.place(s);
    const run = gatheredProduct(
      {
        ...{ dtype, groups, depthChunk: depth },
        a: { place: inputAt(1), groupStride: units * depth, units: weights.units, depth: weights.terms },
        b: {
          place: { ...from, bytes: from.bytes + first * bytes },
          groupStride: source.channels * images.plane,
          units: [[count, images.image], ...places],
          depth: terms,
        },
        ...chooseBlocks(units, span, count, groups, wanted),
      },
      {
        place: outputAt(0, s * groups * units * span * bytes),
        columnsOfSpan: span,
        ...{ group: units * span, chunk: 0, row: span, span: groups * units * span, accumulate: false },
      },
      4 * wanted,
    );
    stages.push(...images.prepare(s, count), ...run.stages);
    ownBytes = Math.max(ownBytes, run.ownBytes ?? 0);
  }
  return { stages, scratchBytes: images.scratchBytes, ownBytes };
}

/** The input gradient for any strides: the terms are multiplied first and then added where they belong. */
function scatteredInputGradient(spec: ConvolutionSpec, plan: Plan): NativeKernel {
  const { dtype, n, c, o, h, w, groups, kh, kw } = spec;
  const { channels, filters, taps, places } = plan;
  const frame = plan.frame ?? { rows: h, columns: w, top: 0, left: 0 };
  const axes = inputAxes(spec, plan);
  const work = n * o * places * taps;
  const wanted = partsFor(work / 8, mostParts);
  const frameBytes = frame.rows * frame.columns * panelShape(dtype).bytes;
  const together = Math.min(placesTogether / places, limits.scatteredBytes / frameBytes);
  const imageBlock = Math.min(n, Math.max(1, Math.floor(together)));
  const channelBlock = evenly(channels, Math.max(1, Math.floor(128 / (kh * kw))), 1);
  return scatteredProduct(
    {
      ...{ dtype, groups, depthChunk: filters, rowBlock: channelBlock * kh * kw },
      columnBlock: evenly(imageBlock * places, limits.columns, 1),
      a: { place: inputAt(1), groupStride: filters * taps, units: [[taps, 1]], depth: [[filters, taps]] },
      b: {
        place: inputAt(0),
        groupStride: filters * places,
        units: [
          [n, o * places],
          [places, 1],
        ],
        depth: [[filters, places]],
      },
    },
    {
      ...{ place: outputAt(0), images: n, channels, h, w, channelBlock, imageBlock },
      taps: axes.terms.slice(1),
      places: axes.places,
      framePlane: frame.rows * frame.columns,
      frameRow: frame.columns,
      inside: insideOf(h, w, frame),
      imageStride: c * h * w,
      groupStride: channels * h * w,
    },
    4 * wanted,
  );
}

function weightGradient(spec: ConvolutionSpec, plan: Plan): NativeKernel {
  const { dtype, n, c, o, h, w, groups } = spec;
  const { channels, filters, taps, places, frame, weightSize } = plan;
  const { bytes } = panelShape(dtype);
  const images = imageSource(0, spec, { channels: c, h, w, frame });
  const axes = inputAxes(spec, plan);
  const depth = images.together * places;
  const wanted = partsFor((groups * filters * taps * depth) / 8, mostParts);
  // Parts of the depth have results of their own, which are added up; they are long, and the results not too large.
  const mostDepthChunks = Math.min(mostChunks, Math.floor(depth / 1024), Math.floor(2 ** 22 / (weightSize * bytes)));
  const chunks = Math.max(1, Math.min(mostDepthChunks, Math.ceil(wanted / groups)));
  const depthChunk = Math.ceil(depth / chunks);
  const partials = { place: scratchAt(images.scratchBytes), count: Math.ceil(depth / depthChunk) };
  const blocks = chooseBlocks(filters, taps, 1, groups * partials.count, wanted);
  const stages: NativeStage[] = [];
  let ownBytes = 0;
  for (let s = 0; s < n; s += images.together) {
    const count = Math.min(images.together, n - s);
    const run = gatheredProduct(
      {
        ...{ dtype, groups, depthChunk },
        a: {
          place: inputAt(1, s * o * places * bytes),
          groupStride: filters * places,
          units: [[filters, places]],
          depth: [
            [count, o * places],
            [places, 1],
          ],
        },
        b: {
          place: images.place(s),
          groupStride: channels * images.plane,
          units: axes.terms,
          depth: [[count, images.image], ...axes.places],
        },
        ...blocks,
      },
      {
        place: partials.count === 1 ? outputAt(0) : partials.place,
        columnsOfSpan: taps,
        ...{ group: filters * taps, chunk: weightSize, row: taps, span: 0, accumulate: s > 0 },
      },
      4 * wanted,
    );
    stages.push(...images.prepare(s, count), ...run.stages);
    ownBytes = Math.max(ownBytes, run.ownBytes ?? 0);
  }
  let { scratchBytes } = images;
  if (partials.count > 1) {
    stages.push(sumOfChunks(dtype, partials.place, outputAt(0), partials.count, weightSize));
    scratchBytes += 64 * Math.ceil((partials.count * weightSize * bytes + 16) / 64);
  }
  return { stages, scratchBytes, ownBytes };
}
