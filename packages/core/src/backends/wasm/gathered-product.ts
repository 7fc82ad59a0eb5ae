// Products of operands whose elements lie anywhere: those of a unit at a depth lie at sums of one offset of each of a few
// axes. That is how the patches of a convolution lie in its images. Every part packs the blocks that it multiplies into
// memory of its own, so no matrix of patches is ever written down.

import { call, type Expr, type FunctionRef, i32, type Local, type ModuleBuilder, memory, v128 } from './assembler';
import { defineCopyPlanes, defineScatter } from './images';
import {
  type NativeFunction,
  type NativeKernel,
  type NativeModule,
  type NativeStage,
  nativeSignature,
  ownAt,
  type Place,
  type Word,
  WordNames,
} from './native';
import { type FloatType, importPanels, lanesOf, panelModule, panelShape, tableBytes } from './panels';
import { evenly } from './product';
import { reader, smaller, split } from './table-code';

/** So many steps of a stride, in elements. */
export type Axis = readonly [count: number, stride: number];

export function sizeOfAxes(axes: readonly Axis[]): number {
  return axes.reduce((size, [count]) => size * count, 1);
}

/** At most three axes each, the outermost first. */
export interface GatheredOperand {
  /** Of the first element of the first group. */
  place: Place;
  /** Elements from one group to the next. */
  groupStride: number;
  units: readonly Axis[];
  depth: readonly Axis[];
}

/** For each group, rows of a times columns of b. */
export interface GatheredProduct {
  dtype: FloatType;
  groups: number;
  a: GatheredOperand;
  b: GatheredOperand;
  /** How the result is split: so many rows, columns and so much of the depth to a part at most. */
  rowBlock: number;
  columnBlock: number;
  depthChunk: number;
}

/** Where a result lies; strides in elements. The columns are spans that are each dense and `span` apart. */
export interface GatheredResult {
  place: Place;
  columnsOfSpan: number;
  group: number;
  chunk: number;
  row: number;
  span: number;
  /** Whether the product is added to what is there; for one span. */
  accumulate: boolean;
}

/** What is packed together: left blocks fit the L2 cache, right panels the L1 cache. */
const packed = { rows: 128, depth: 256 };

/** Working memory of a thread for blocks of so many columns. */
function ownRegions({ dtype, rowBlock, columnBlock, depthChunk }: GatheredProduct, resultBytes: number) {
  const { bytes, rows, columns } = panelShape(dtype);
  const depthBlock = evenly(depthChunk, packed.depth, 1);
  const rowStep = evenly(rowBlock, packed.rows, rows);
  let end = 0;
  const take = (size: number) => {
    const at = end;
    end += 64 * Math.ceil(size / 64);
    return ownAt(at);
  };
  const places = {
    rowTable: take(tableBytes(rowStep)),
    columnTable: take(tableBytes(columnBlock)),
    depthTable: take(tableBytes(depthBlock)),
    packedA: take(rowStep * depthBlock * bytes),
    packedB: take(columns * Math.ceil(columnBlock / columns) * depthBlock * bytes),
    spare: take(rows * columns * bytes),
    result: take(resultBytes),
  };
  return { depthBlock, rowStep, places, take, size: () => end };
}

/** Axes as the code reads them. */
function axisWords(axes: readonly Axis[], bytes: number): number[] {
  const [outer, middle, inner] = [[1, 0] as const, [1, 0] as const, [1, 0] as const, ...axes].slice(-3) as [
    Axis,
    Axis,
    Axis,
  ];
  return [middle[0], inner[0], outer[1] * bytes, middle[1] * bytes, inner[1] * bytes];
}

function rectangleWords(product: GatheredProduct, own: ReturnType<typeof ownRegions>, ownBytes: number): Word[] {
  const { dtype, a, b } = product;
  const { bytes } = panelShape(dtype);
  return [
    ...rectangleNames.table({ ...own.places, rowStep: own.rowStep, depthBlock: own.depthBlock, ownBytes }),
    ...[a.units, a.depth, b.units, b.depth].flatMap((axes) => axisWords(axes, bytes)),
  ];
}

/** c = a b or c += a b for each group; where the depth is split, each chunk has a result of its own. */
export function gatheredProduct(
  product: GatheredProduct,
  result: GatheredResult,
  mostParts: number,
): NativeKernel & { stages: [NativeStage] } {
  const { dtype, groups, a, b, rowBlock, columnBlock, depthChunk } = product;
  const { bytes } = panelShape(dtype);
  const [rows, columns, depth] = [sizeOfAxes(a.units), sizeOfAxes(b.units), sizeOfAxes(a.depth)];
  const { columnsOfSpan } = result;
  const spans = columns / columnsOfSpan;
  // A block is several whole spans or a part of one.
  const spansPerBlock = Math.max(1, Math.min(spans, Math.floor(columnBlock / columnsOfSpan)));
  const blocksPerSpan = spansPerBlock > 1 ? 1 : Math.ceil(columnsOfSpan / columnBlock);
  const rowParts = Math.ceil(rows / rowBlock);
  const chunks = Math.ceil(depth / depthChunk);
  const columnBlocks = Math.ceil(spans / spansPerBlock) * blocksPerSpan;
  const items = groups * chunks * rowParts * columnBlocks;
  const perPart = Math.ceil(items / mostParts);
  const own = ownRegions(product, spansPerBlock > 1 ? rowBlock * columnBlock * bytes : 0);
  const ownBytes = own.size();
  const words = [
    ...rectangleWords(product, own, ownBytes),
    ...productWords.table({
      ...{ perPart, items, columnBlocks, rowParts, chunks },
      ...{ rows, rowBlock, depth, depthChunk, spans, columnsOfSpan, columnBlock, blocksPerSpan, spansPerBlock },
      ...{ a: a.place, aGroup: a.groupStride * bytes, b: b.place, bGroup: b.groupStride * bytes },
      ...{ c: result.place, cGroup: result.group * bytes, cChunk: result.chunk * bytes },
      ...{ cRow: result.row * bytes, cSpan: result.span * bytes, accumulate: result.accumulate ? 1 : 0 },
    }),
  ];
  return { stages: [{ run: codeFor(dtype, 'product'), parts: Math.ceil(items / perPart), words }], ownBytes };
}

/** Where the columns of a product are added up: planes, and images of so many channels. Sizes in elements. */
export interface ScatterTarget {
  place: Place;
  images: number;
  channels: number;
  /** Rows of the product that belong to one channel. */
  taps: readonly Axis[];
  /** Columns of the product that belong to one image. */
  places: readonly Axis[];
  /** How far apart the planes in working memory begin. */
  framePlane: number;
  frameRow: number;
  h: number;
  w: number;
  /** What of a frame belongs to the plane. */
  inside: { rows: number; columns: number; inPlane: number; inFrame: number };
  /** Elements of all groups' channels in an image. */
  imageStride: number;
  groupStride: number;
  channelBlock: number;
  imageBlock: number;
}

/** The product, each row of it added to the planes with the offset of its tap, each column with the offset of its place. */
export function scatteredProduct(product: GatheredProduct, target: ScatterTarget, mostParts: number): NativeKernel {
  const { dtype, groups, a, b, columnBlock } = product;
  const { bytes } = panelShape(dtype);
  const { images, channels, imageBlock, channelBlock, taps, places, inside, framePlane, w, h } = target;
  const tapCount = sizeOfAxes(taps);
  const placeCount = sizeOfAxes(places);
  const own = ownRegions(product, channelBlock * tapCount * columnBlock * bytes);
  const tapTable = own.take(tableBytes(channelBlock * tapCount));
  const placeTable = own.take(tableBytes(columnBlock));
  const frameImage = channelBlock * framePlane;
  const frameBytes = imageBlock * frameImage * bytes;
  // The last place may be read as a whole vector.
  const frame = own.take(frameBytes + 16);
  const ownBytes = own.size();
  const channelBlocks = Math.ceil(channels / channelBlock);
  const imageBlocks = Math.ceil(images / imageBlock);
  const items = groups * channelBlocks * imageBlocks;
  const perPart = Math.ceil(items / mostParts);
  const words = [
    ...rectangleWords(product, own, ownBytes),
    ...axisWords([[channelBlock, framePlane], ...taps], bytes),
    ...axisWords([[imageBlock, frameImage], ...places], bytes),
    ...scatterWords.table({
      ...{ perPart, items, channels, channelBlock, channelBlocks, images, imageBlock, imageBlocks, tapTable },
      ...{ tapCount, placeTable, placeCount, columnBlock, frame, frameBytes, depth: sizeOfAxes(a.depth) },
      ...{ a: a.place, aGroup: a.groupStride * bytes, b: b.place, bGroup: b.groupStride * bytes },
      ...{ out: target.place, outImage: target.imageStride * bytes, outGroup: target.groupStride * bytes },
      ...{ outPlane: h * w * bytes, outRow: w * bytes, outInside: inside.inPlane * bytes },
      ...{ frameImage: frameImage * bytes, framePlane: framePlane * bytes, frameRow: target.frameRow * bytes },
      ...{ frameInside: inside.inFrame * bytes, rows: inside.rows, rowBytes: inside.columns * bytes },
      cut: inside.rows < h || inside.columns < w ? 1 : 0,
    }),
  ];
  return { stages: [{ run: codeFor(dtype, 'scatter'), parts: Math.ceil(items / perPart), words }], ownBytes };
}

/** out = the sum of `count` arrays of `length` elements that lie one after the other. */
export function sumOfChunks(dtype: FloatType, from: Place, out: Place, count: number, length: number): NativeStage {
  const { bytes } = panelShape(dtype);
  const perPart = 4096;
  const words = sumWords.table({
    from,
    out,
    count,
    step: length * bytes,
    bytes: length * bytes,
    part: perPart * bytes,
  });
  return { run: codeFor(dtype, 'sum'), parts: Math.ceil(length / perPart), words };
}

const rectangleNames = new WordNames([
  'rowTable',
  'columnTable',
  'depthTable',
  'packedA',
  'packedB',
  'spare',
  'result',
  'rowStep',
  'depthBlock',
  'ownBytes',
]);

/** Offsets of the axes' words, behind those of the rectangle. */
const axisBytes = 4 * 5;
const axesAt = 4 * rectangleNames.names.length;
const [rowAxes, aDepthAxes, columnAxes, bDepthAxes] = [0, 1, 2, 3].map((i) => axesAt + i * axisBytes) as [
  number,
  number,
  number,
  number,
];
const behindAxes = axesAt + 4 * axisBytes;

const productWords = new WordNames([
  'perPart',
  'items',
  'columnBlocks',
  'rowParts',
  'chunks',
  'rows',
  'rowBlock',
  'depth',
  'depthChunk',
  'spans',
  'columnsOfSpan',
  'columnBlock',
  'blocksPerSpan',
  'spansPerBlock',
  'a',
  'aGroup',
  'b',
  'bGroup',
  'c',
  'cGroup',
  'cChunk',
  'cRow',
  'cSpan',
  'accumulate',
]);

const scatterWords = new WordNames([
  'perPart',
  'items',
  'channels',
  'channelBlock',
  'channelBlocks',
  'images',
  'imageBlock',
  'imageBlocks',
  'tapTable',
  'tapCount',
  'placeTable',
  'placeCount',
  'columnBlock',
  'frame',
  'frameBytes',
  'depth',
  'a',
  'aGroup',
  'b',
  'bGroup',
  'out',
  'outImage',
  'outGroup',
  'outPlane',
  'outRow',
  'outInside',
  'frameImage',
  'framePlane',
  'frameRow',
  'frameInside',
  'rows',
  'rowBytes',
  'cut',
]);

const sumWords = new WordNames(['from', 'out', 'count', 'step', 'bytes', 'part']);

function codeFor(dtype: FloatType, name: 'product' | 'scatter' | 'sum'): NativeFunction {
  const module: NativeModule = {
    key: `gathered ${dtype}`,
    imports: [panelModule(dtype)],
    define: (builder) => defineGathered(builder, dtype),
  };
  return { module, name };
}

type Address = Expr<'i32'>;

function defineGathered(module: ModuleBuilder, dtype: FloatType): void {
  const lanes = lanesOf[dtype];
  const { bytes } = lanes;
  const panels = importPanels(module, '0');
  const copyPlanes = defineCopyPlanes(module);
  const scatter = defineScatter(module, lanes);
  const offsets = defineAxisOffsets(module);
  const rectangle = defineRectangle(module, offsets, panels);

  const product = module.function(nativeSignature, (f, table, part, worker) => {
    const word = reader(table, productWords, behindAxes);
    const own = f.local('i32', i32.mul(worker, reader(table, rectangleNames)('ownBytes')));
    const item = f.local('i32', i32.mul(part, word('perPart')));
    const end = f.local('i32', smaller(f, i32.add(item, word('perPart')), word('items')));
    const [group, chunk, row, block, span, first] = [0, 0, 0, 0, 0, 0].map(() => f.local('i32')) as Six;
    f.for(item, item, end, 1, () => {
      f.set(group, item);
      split(f, group, block, word('columnBlocks'));
      split(f, group, row, word('rowParts'));
      split(f, group, chunk, word('chunks'));
      f.set(span, block);
      split(f, span, first, word('blocksPerSpan'));
      f.set(span, i32.mul(span, word('spansPerBlock')));
      f.set(first, i32.mul(first, word('columnBlock')));
      f.set(row, i32.mul(row, word('rowBlock')));
      f.set(chunk, i32.mul(chunk, word('depthChunk')));
      const columns = f.local('i32', word('columnsOfSpan'));
      const several = f.local('i32', i32.gtS(word('spansPerBlock'), 1));
      const width = f.local('i32', smaller(f, i32.sub(columns, first), word('columnBlock')));
      const spans = f.local('i32', smaller(f, i32.sub(word('spans'), span), word('spansPerBlock')));
      f.if(several, () => f.set(width, i32.mul(spans, columns)));
      const height = f.local('i32', smaller(f, i32.sub(word('rows'), row), word('rowBlock')));
      const target = f.local(
        'i32',
        sum(
          ...[word('c'), i32.mul(group, word('cGroup')), i32.mul(i32.divU(chunk, word('depthChunk')), word('cChunk'))],
          ...[i32.mul(row, word('cRow')), i32.mul(span, word('cSpan')), i32.mul(first, bytes)],
        ),
      );
      const result = f.local('i32', target);
      const rowBytes = f.local('i32', word('cRow'));
      f.if(several, () => {
        f.set(result, i32.add(reader(table, rectangleNames)('result'), own));
        f.set(rowBytes, i32.mul(width, bytes));
      });
      f.emit(
        call(
          rectangle,
          ...([table, own] as const),
          i32.add(word('a'), i32.mul(group, word('aGroup'))),
          i32.add(word('b'), i32.mul(group, word('bGroup'))),
          ...([row, height, i32.add(i32.mul(span, columns), first), width] as const),
          ...([chunk, smaller(f, i32.add(chunk, word('depthChunk')), word('depth'))] as const),
          ...([result, rowBytes, word('accumulate')] as const),
        ),
      );
      f.if(several, () => {
        const spanBytes = f.local('i32', i32.mul(columns, bytes));
        f.emit(
          call(
            copyPlanes,
            ...([result, rowBytes, spanBytes, target, word('cRow'), word('cSpan'), spans, height, spanBytes] as const),
          ),
        );
      });
    });
  });
  module.export('product', product);

  const scattered = module.function(nativeSignature, (f, table, part, worker) => {
    const word = reader(table, scatterWords, behindAxes + 2 * axisBytes);
    const own = f.local('i32', i32.mul(worker, reader(table, rectangleNames)('ownBytes')));
    const item = f.local('i32', i32.mul(part, word('perPart')));
    const end = f.local('i32', smaller(f, i32.add(item, word('perPart')), word('items')));
    const [group, channel, image, column, width, total] = [0, 0, 0, 0, 0, 0].map(() => f.local('i32')) as Six;
    const frame = f.local('i32', i32.add(word('frame'), own));
    const result = f.local('i32', i32.add(reader(table, rectangleNames)('result'), own));
    const tapTable = f.local('i32', i32.add(word('tapTable'), own));
    const placeTable = f.local('i32', i32.add(word('placeTable'), own));
    f.for(item, item, end, 1, () => {
      f.set(group, item);
      split(f, group, channel, word('channelBlocks'));
      split(f, group, image, word('imageBlocks'));
      f.set(channel, i32.mul(channel, word('channelBlock')));
      f.set(image, i32.mul(image, word('imageBlock')));
      const channels = f.local('i32', smaller(f, i32.sub(word('channels'), channel), word('channelBlock')));
      const images = f.local('i32', smaller(f, i32.sub(word('images'), image), word('imageBlock')));
      const taps = f.local('i32', i32.mul(channels, word('tapCount')));
      f.set(total, i32.mul(images, word('placeCount')));
      f.emit(memory.fill(frame, 0, word('frameBytes')));
      f.emit(call(offsets, tapTable, i32.add(table, behindAxes), 0, taps));
      f.for(column, 0, total, word('columnBlock'), () => {
        f.set(width, smaller(f, i32.sub(total, column), word('columnBlock')));
        f.emit(
          call(
            rectangle,
            ...([table, own] as const),
            i32.add(word('a'), i32.mul(group, word('aGroup'))),
            i32.add(word('b'), i32.mul(group, word('bGroup'))),
            ...([i32.mul(channel, word('tapCount')), taps] as const),
            ...([i32.add(i32.mul(image, word('placeCount')), column), width, 0, word('depth')] as const),
            ...([result, i32.mul(width, bytes), 0] as const),
          ),
        );
        f.emit(call(offsets, placeTable, i32.add(table, behindAxes + axisBytes), column, width));
        f.emit(call(scatter, result, frame, tapTable, taps, placeTable, width));
      });
      const from = f.local('i32', i32.add(frame, word('frameInside')));
      const to = f.local(
        'i32',
        sum(
          ...[word('out'), i32.mul(group, word('outGroup')), i32.mul(image, word('outImage'))],
          i32.mul(channel, word('outPlane')),
        ),
      );
      f.while(images, () => {
        f.if(word('cut'), () => f.emit(memory.fill(to, 0, i32.mul(channels, word('outPlane')))));
        f.emit(
          call(
            copyPlanes,
            ...([from, word('frameRow'), word('framePlane')] as const),
            ...([i32.add(to, word('outInside')), word('outRow'), word('outPlane')] as const),
            ...([channels, word('rows'), word('rowBytes')] as const),
          ),
        );
        f.increment(from, word('frameImage'));
        f.increment(to, word('outImage'));
        f.increment(images, -1);
      });
    });
  });
  module.export('scatter', scattered);

  const sums = module.function(nativeSignature, (f, table, part) => {
    const word = reader(table, sumWords);
    const at = f.local('i32', i32.mul(part, word('part')));
    const end = f.local('i32', smaller(f, i32.add(at, word('part')), word('bytes')));
    const total = f.local('v128');
    const from = f.local('i32');
    const left = f.local('i32');
    const addUp = (load: (address: Address) => Expr<'v128'>): void => {
      f.set(from, i32.add(word('from'), at));
      f.set(total, load(from));
      f.set(left, i32.sub(word('count'), 1));
      f.while(left, () => {
        f.increment(from, word('step'));
        f.set(total, lanes.add(total, load(from)));
        f.increment(left, -1);
      });
    };
    f.while(i32.leS(i32.add(at, 16), end), () => {
      addUp(v128.load);
      f.emit(v128.store(i32.add(word('out'), at), total));
      f.increment(at, 16);
    });
    f.while(i32.ltS(at, end), () => {
      addUp(lanes.loadFirst);
      f.emit(lanes.storeFirst(i32.add(word('out'), at), total));
      f.increment(at, bytes);
    });
  });
  module.export('sum', sums);
}

type Six = [Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>];

function sum(...terms: Address[]): Address {
  return terms.reduce((total, term) => i32.add(total, term));
}

const four = ['i32', 'i32', 'i32', 'i32'] as const;

/** (table, axes, first, count): writes the offsets `first` to `first + count - 1`, counted along the last axis first. */
function defineAxisOffsets(module: ModuleBuilder): FunctionRef<typeof four, 'void'> {
  return module.function({ params: four, result: 'void' }, (f, table, axes, first, count) => {
    const [middleSize, innerSize, outerStep, middleStep, innerStep] = [0, 4, 8, 12, 16].map((at) =>
      f.local('i32', i32.load(axes, at)),
    ) as [Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>];
    const outer = f.local('i32', first);
    const inner = f.local('i32');
    const middle = f.local('i32');
    split(f, outer, inner, innerSize);
    split(f, outer, middle, middleSize);
    const base = f.local('i32');
    const offset = f.local('i32');
    const start = (): void => {
      f.set(base, i32.add(i32.mul(outer, outerStep), i32.mul(middle, middleStep)));
    };
    start();
    f.set(offset, i32.add(base, i32.mul(inner, innerStep)));
    const last = f.local('i32');
    f.loop((again) => {
      f.set(last, offset);
      f.emit(i32.store(table, offset));
      f.increment(table, 4);
      f.increment(offset, innerStep);
      f.increment(inner, 1);
      f.if(i32.eq(inner, innerSize), () => {
        f.set(inner, 0);
        f.increment(middle, 1);
        f.if(i32.eq(middle, middleSize), () => {
          f.set(middle, 0);
          f.increment(outer, 1);
        });
        start();
        f.set(offset, base);
      });
      f.increment(count, -1);
      f.branchIf(again, count);
    });
    // Up to a whole group of a table's entries.
    f.while(i32.and(table, tableBytes(1) - 1), () => {
      f.emit(i32.store(table, last));
      f.increment(table, 4);
    });
  });
}

const thirteen = [...four, ...four, ...four, 'i32'] as const;

/** A block of rows and columns over some of the depth: c = a b or c += a b. */
function defineRectangle(
  module: ModuleBuilder,
  offsets: FunctionRef<typeof four, 'void'>,
  { packRows, packColumns, multiply }: ReturnType<typeof importPanels>,
): FunctionRef<typeof thirteen, 'void'> {
  return module.function(
    { params: thirteen, result: 'void' },
    (f, table, own, a, b, top, height, first, width, from, to, c, cRow, accumulate) => {
      const word = reader(table, rectangleNames);
      const ownPlace = (name: (typeof rectangleNames.names)[number]) => f.local('i32', i32.add(word(name), own));
      const rowTable = ownPlace('rowTable');
      const columnTable = ownPlace('columnTable');
      const depthTable = ownPlace('depthTable');
      const packedA = ownPlace('packedA');
      const packedB = ownPlace('packedB');
      const spare = ownPlace('spare');
      const depth = f.local('i32');
      const row = f.local('i32');
      const rows = f.local('i32');
      f.emit(call(offsets, columnTable, i32.add(table, columnAxes), first, width));
      f.for(from, from, to, word('depthBlock'), () => {
        f.set(depth, smaller(f, i32.sub(to, from), word('depthBlock')));
        f.emit(call(offsets, depthTable, i32.add(table, bDepthAxes), from, depth));
        f.emit(call(packColumns, b, columnTable, width, depthTable, depth, packedB));
        f.emit(call(offsets, depthTable, i32.add(table, aDepthAxes), from, depth));
        f.for(row, 0, height, word('rowStep'), () => {
          f.set(rows, smaller(f, i32.sub(height, row), word('rowStep')));
          f.emit(call(offsets, rowTable, i32.add(table, rowAxes), i32.add(top, row), rows));
          f.emit(call(packRows, a, rowTable, rows, depthTable, depth, packedA));
          const target = i32.add(c, i32.mul(row, cRow));
          f.emit(call(multiply, packedA, packedB, target, cRow, rows, width, depth, accumulate, spare));
        });
        f.set(accumulate, 1);
      });
    },
  );
}
