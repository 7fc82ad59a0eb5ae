// Matrix products in the engine's memory: both operands are packed into panels, then tiles of the result are multiplied, each
// part of the work its own rectangle. (The panels are those of Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008.)

import { ArgumentError } from '../../errors';
import { call, i32, type ModuleBuilder } from './assembler';
import {
  type NativeKernel,
  type NativeModule,
  type NativeStage,
  nativeSignature,
  ownAt,
  type Place,
  partsFor,
  scratchAt,
  WordNames,
} from './native';
import { type FloatType, importPanels, panelModule, panelShape, tableBytes } from './panels';
import { reader, smaller, split } from './table-code';

/** Where a matrix lies from its place on, in elements. Strides may be zero or negative. */
export interface MatrixLayout {
  offset: number;
  batchStride: number;
  rowStride: number;
  colStride: number;
}

export interface ProductSpec {
  dtype: FloatType;
  batch: number;
  m: number;
  n: number;
  k: number;
  /** m x k */
  a: MatrixLayout;
  /** k x n */
  b: MatrixLayout;
}

export interface ProductPlaces {
  a: Place;
  b: Place;
  out: Place;
  /** Where this kernel's part of the scratch memory begins. */
  scratchBytes: number;
}

/** The most units and depth that are packed together: a left block fits the L2 cache, a right panel the L1 cache. */
const limits = { rows: 128, columns: 1024, depth: 256 };
/** Operands are packed in pieces of about so many bytes. */
const packedBytes = 2 ** 26;
/** Parts of one stage at most. */
const mostParts = 64;

/**
 * out[i] = a[i] b[i] for each i of the batch; `out` is dense and row-major, [batch, m, n], none of it empty, k > 0.
 * |error| <= k eps (|a| |b|) with eps = 2^-23 or 2^-52; the bits depend on the spec and the numbers alone.
 */
export function product(spec: ProductSpec, places: ProductPlaces): NativeKernel {
  for (const name of ['batch', 'm', 'n', 'k'] as const) {
    if (Number.isSafeInteger(spec[name]) && spec[name] > 0) continue;
    throw new ArgumentError(`product: expected ${name} to be a positive whole number, got ${spec[name]}`);
  }
  const { batch, m, n, a, b } = spec;
  if (n === 1 && m > 1) {
    // (a b)^T = b^T a^T, and a vector is its own transpose in memory.
    const transposed = { ...spec, m: n, n: m, a: transposeOf(b), b: transposeOf(a) };
    return product(transposed, { ...places, a: places.b, b: places.a });
  }
  if (batch > 1) {
    const rowsContinue = m === 1 || a.batchStride === m * a.rowStride;
    if (b.batchStride === 0 && rowsContinue) {
      const rowStride = m === 1 ? a.batchStride : a.rowStride;
      return product({ ...spec, batch: 1, m: batch * m, a: { ...a, rowStride, batchStride: 0 } }, places);
    }
    const columnsContinue = n === 1 || b.batchStride === n * b.colStride;
    if (a.batchStride === 0 && m === 1 && columnsContinue) {
      const colStride = n === 1 ? b.batchStride : b.colStride;
      return product({ ...spec, batch: 1, n: batch * n, b: { ...b, colStride, batchStride: 0 } }, places);
    }
  }
  const direct = m === 1 && a.colStride === 1 && (b.rowStride === 1 || b.colStride === 1);
  return direct ? vectorProduct(spec, places) : packedProduct(spec, places);
}

function transposeOf({ rowStride, colStride, ...rest }: MatrixLayout): MatrixLayout {
  return { ...rest, rowStride: colStride, colStride: rowStride };
}

function moved(place: Place, bytes: number): Place {
  return { ...place, bytes: place.bytes + bytes };
}

/** The size of blocks of nearly the same size, in multiples. */
export function evenly(total: number, limit: number, multiple: number): number {
  return multiple * Math.ceil(total / Math.ceil(total / limit) / multiple);
}

interface Blocks {
  rows: number;
  columns: number;
}

/** Rectangles of the result, small enough that there are about as many as the work is worth. */
function chooseBlocks({ batch, m, n, k }: ProductSpec, panel: { rows: number; columns: number }): Blocks {
  const wanted = partsFor((batch * m * n * k) / 4, mostParts);
  let rows = evenly(m, limits.rows, panel.rows);
  let columns = evenly(n, limits.columns, panel.columns);
  const count = () => batch * Math.ceil(m / rows) * Math.ceil(n / columns);
  while (count() < wanted) {
    if (columns >= 2 * rows && columns >= 8 * panel.columns) columns = evenly(n, columns / 2, panel.columns);
    else if (rows >= 16 * panel.rows) rows = evenly(m, rows / 2, panel.rows);
    else if (columns >= 8 * panel.columns) columns = evenly(n, columns / 2, panel.columns);
    else break;
  }
  return { rows, columns };
}

function packedProduct(spec: ProductSpec, places: ProductPlaces): NativeKernel {
  const { dtype, batch, m, n, k, a, b } = spec;
  const shape = panelShape(dtype);
  const { bytes } = shape;
  const blocks = chooseBlocks(spec, shape);
  const depthBlock = evenly(k, limits.depth, 1);
  const depthBlocks = Math.ceil(k / depthBlock);
  const unitBlocks = { a: Math.ceil(m / blocks.rows), b: Math.ceil(n / blocks.columns) };
  const slot = { a: blocks.rows * depthBlock * bytes, b: blocks.columns * depthBlock * bytes };
  const batches = { a: a.batchStride === 0 ? 1 : batch, b: b.batchStride === 0 ? 1 : batch };
  // What is packed at a time: some of the depth for all of the batch, or all of the depth for some of the batch.
  const bytesPerDepth = unitBlocks.a * slot.a * batches.a + unitBlocks.b * slot.b * batches.b;
  const depthGroup = Math.max(1, Math.min(depthBlocks, Math.floor(packedBytes / bytesPerDepth)));
  const bytesPerBatch = (unitBlocks.a * slot.a + unitBlocks.b * slot.b) * depthGroup;
  const batchGroup = Math.max(1, Math.min(batch, Math.floor(packedBytes / bytesPerBatch)));

  const packedA = { count: Math.min(batchGroup, batches.a), at: places.scratchBytes };
  const packedB = {
    count: Math.min(batchGroup, batches.b),
    at: packedA.at + packedA.count * depthGroup * unitBlocks.a * slot.a,
  };
  const end = packedB.at + packedB.count * depthGroup * unitBlocks.b * slot.b;
  const unitTable = tableBytes(Math.max(blocks.rows, blocks.columns));
  const spare = unitTable + tableBytes(depthBlock);
  const module = productModule(dtype);
  const stages: NativeStage[] = [];
  for (let s = 0; s < batch; s += batchGroup) {
    const some = Math.min(batchGroup, batch - s);
    for (let d = 0; d < depthBlocks; d += depthGroup) {
      const deep = Math.min(depthGroup, depthBlocks - d);
      const depth = Math.min(k, (d + deep) * depthBlock) - d * depthBlock;
      const common = { depth, depthBlock, depthBlocks: deep };
      const operand = (side: 'a' | 'b') => {
        const matrix = side === 'a' ? a : b;
        const [unitStride, depthStride] = side === 'a' ? [a.rowStride, a.colStride] : [b.colStride, b.rowStride];
        const first = matrix.offset + s * matrix.batchStride + d * depthBlock * depthStride;
        const count = matrix.batchStride === 0 ? 1 : some;
        return {
          parts: count * deep * unitBlocks[side],
          words: packWords.table({
            ...common,
            source: moved(places[side], first * bytes),
            target: scratchAt(side === 'a' ? packedA.at : packedB.at),
            batchStride: matrix.batchStride * bytes,
            unitStride: unitStride * bytes,
            depthStride: depthStride * bytes,
            units: side === 'a' ? m : n,
            unitBlock: side === 'a' ? blocks.rows : blocks.columns,
            unitBlocks: unitBlocks[side],
            slotBytes: slot[side],
            unitTable: ownAt(0),
            depthTable: ownAt(unitTable),
            ownBytes: ownBytes(spare, shape),
          }),
        };
      };
      const [left, right] = [operand('a'), operand('b')];
      stages.push({
        run: { module, name: 'pack' },
        parts: left.parts + right.parts,
        serial: partsFor(some * (m + n) * depth, 2) === 1,
        words: [left.parts, ...left.words, ...right.words],
      });
      stages.push({
        run: { module, name: 'multiply' },
        parts: some * unitBlocks.a * unitBlocks.b,
        words: multiplyWords.table({
          ...common,
          a: scratchAt(packedA.at),
          b: scratchAt(packedB.at),
          c: moved(places.out, s * m * n * bytes),
          aBatch: a.batchStride === 0 ? 0 : deep * unitBlocks.a * slot.a,
          bBatch: b.batchStride === 0 ? 0 : deep * unitBlocks.b * slot.b,
          aSlot: slot.a,
          bSlot: slot.b,
          cBatch: m * n * bytes,
          cRow: n * bytes,
          rows: m,
          columns: n,
          rowBlock: blocks.rows,
          columnBlock: blocks.columns,
          rowBlocks: unitBlocks.a,
          columnBlocks: unitBlocks.b,
          accumulate: d > 0 ? 1 : 0,
          spare: ownAt(spare),
          ownBytes: ownBytes(spare, shape),
        }),
      });
    }
  }
  return { stages, scratchBytes: end, ownBytes: ownBytes(spare, shape) };
}

function ownBytes(spare: number, { bytes, rows, columns }: ReturnType<typeof panelShape>): number {
  return 64 * Math.ceil((spare + bytes * rows * columns) / 64);
}

/** m = 1, and the elements of the right matrix follow one another along one of its axes: nothing is packed. */
function vectorProduct({ dtype, batch, n, k, a, b }: ProductSpec, places: ProductPlaces): NativeKernel {
  const { bytes } = panelShape(dtype);
  const byColumns = b.rowStride === 1;
  const chunks = partsFor((batch * n * k) / 2, mostParts);
  const chunk = 16 * Math.ceil(n / Math.max(1, Math.ceil(chunks / batch)) / 16);
  const perBatch = Math.ceil(n / chunk);
  const words = vectorWords.table({
    x: moved(places.a, a.offset * bytes),
    matrix: moved(places.b, b.offset * bytes),
    out: places.out,
    xBatch: a.batchStride * bytes,
    matrixBatch: b.batchStride * bytes,
    outBatch: n * bytes,
    stride: (byColumns ? b.colStride : b.rowStride) * bytes,
    unitStride: b.colStride * bytes,
    units: n,
    depth: k,
    chunk,
    perBatch,
  });
  const name = byColumns ? 'dots' : 'combine';
  return { stages: [{ run: { module: productModule(dtype), name }, parts: batch * perBatch, words }] };
}

const packWords = new WordNames([
  'source',
  'target',
  'batchStride',
  'unitStride',
  'depthStride',
  'units',
  'unitBlock',
  'unitBlocks',
  'depth',
  'depthBlock',
  'depthBlocks',
  'slotBytes',
  'unitTable',
  'depthTable',
  'ownBytes',
]);

const multiplyWords = new WordNames([
  'a',
  'b',
  'c',
  'aBatch',
  'bBatch',
  'cBatch',
  'aSlot',
  'bSlot',
  'cRow',
  'rows',
  'columns',
  'rowBlock',
  'columnBlock',
  'rowBlocks',
  'columnBlocks',
  'depth',
  'depthBlock',
  'depthBlocks',
  'accumulate',
  'spare',
  'ownBytes',
]);

const vectorWords = new WordNames([
  'x',
  'matrix',
  'out',
  'xBatch',
  'matrixBatch',
  'outBatch',
  'stride',
  'unitStride',
  'units',
  'depth',
  'chunk',
  'perBatch',
]);

function productModule(dtype: FloatType): NativeModule {
  return {
    key: `product ${dtype}`,
    imports: [panelModule(dtype)],
    define: (module) => defineProduct(module, dtype),
  };
}

function defineProduct(module: ModuleBuilder, dtype: FloatType): void {
  const { bytes } = panelShape(dtype);
  const { offsets, packRows, packColumns, multiply: tiles, dots, combine } = importPanels(module, '0');

  const definePack = (pack: typeof packRows) =>
    module.function(nativeSignature, (f, table, part, worker) => {
      const word = reader(table, packWords);
      const depthIndex = f.local('i32');
      const unitIndex = f.local('i32');
      const batch = f.local('i32', part);
      const target = f.local('i32', i32.add(word('target'), i32.mul(part, word('slotBytes'))));
      split(f, batch, depthIndex, word('depthBlocks'));
      split(f, batch, unitIndex, word('unitBlocks'));
      const unit = f.local('i32', i32.mul(unitIndex, word('unitBlock')));
      const depth = f.local('i32', i32.mul(depthIndex, word('depthBlock')));
      const units = f.local('i32', smaller(f, i32.sub(word('units'), unit), word('unitBlock')));
      const depths = f.local('i32', smaller(f, i32.sub(word('depth'), depth), word('depthBlock')));
      const own = f.local('i32', i32.mul(worker, word('ownBytes')));
      const unitTable = f.local('i32', i32.add(word('unitTable'), own));
      const depthTable = f.local('i32', i32.add(word('depthTable'), own));
      const source = i32.add(
        i32.add(word('source'), i32.mul(batch, word('batchStride'))),
        i32.add(i32.mul(unit, word('unitStride')), i32.mul(depth, word('depthStride'))),
      );
      f.emit(call(offsets, unitTable, units, word('unitStride')));
      f.emit(call(offsets, depthTable, depths, word('depthStride')));
      f.emit(call(pack, source, unitTable, units, depthTable, depths, target));
    });
  const packLeft = definePack(packRows);
  const packRight = definePack(packColumns);
  const pack = module.function(nativeSignature, (f, table, part, worker) => {
    const left = f.local('i32', i32.load(table));
    f.if(
      i32.ltS(part, left),
      () => f.emit(call(packLeft, i32.add(table, 4), part, worker)),
      () => f.emit(call(packRight, i32.add(table, 4 + 4 * packWords.names.length), i32.sub(part, left), worker)),
    );
  });
  module.export('pack', pack);

  const multiply = module.function(nativeSignature, (f, table, part, worker) => {
    const word = reader(table, multiplyWords);
    const column = f.local('i32');
    const row = f.local('i32');
    const batch = f.local('i32', part);
    split(f, batch, column, word('columnBlocks'));
    split(f, batch, row, word('rowBlocks'));
    const slots = f.local('i32', word('depthBlocks'));
    const a = f.local(
      'i32',
      i32.add(i32.add(word('a'), i32.mul(batch, word('aBatch'))), i32.mul(i32.mul(row, slots), word('aSlot'))),
    );
    const b = f.local(
      'i32',
      i32.add(i32.add(word('b'), i32.mul(batch, word('bBatch'))), i32.mul(i32.mul(column, slots), word('bSlot'))),
    );
    const top = f.local('i32', i32.mul(row, word('rowBlock')));
    const first = f.local('i32', i32.mul(column, word('columnBlock')));
    const height = f.local('i32', smaller(f, i32.sub(word('rows'), top), word('rowBlock')));
    const width = f.local('i32', smaller(f, i32.sub(word('columns'), first), word('columnBlock')));
    const c = f.local(
      'i32',
      i32.add(
        i32.add(word('c'), i32.mul(batch, word('cBatch'))),
        i32.add(i32.mul(top, word('cRow')), i32.mul(first, bytes)),
      ),
    );
    const spare = f.local('i32', i32.add(word('spare'), i32.mul(worker, word('ownBytes'))));
    const left = f.local('i32', word('depth'));
    const depth = f.local('i32');
    const add = f.local('i32', word('accumulate'));
    f.loop((again) => {
      f.set(depth, smaller(f, left, word('depthBlock')));
      f.emit(call(tiles, a, b, c, word('cRow'), height, width, depth, add, spare));
      f.increment(a, word('aSlot'));
      f.increment(b, word('bSlot'));
      f.set(add, 1);
      f.set(left, i32.sub(left, depth));
      f.branchIf(again, left);
    });
  });
  module.export('multiply', multiply);

  for (const [name, kernel] of [
    ['dots', dots],
    ['combine', combine],
  ] as const) {
    const run = module.function(nativeSignature, (f, table, part) => {
      const word = reader(table, vectorWords);
      const index = f.local('i32');
      const batch = f.local('i32', part);
      split(f, batch, index, word('perBatch'));
      const unit = f.local('i32', i32.mul(index, word('chunk')));
      const units = f.local('i32', smaller(f, i32.sub(word('units'), unit), word('chunk')));
      const x = i32.add(word('x'), i32.mul(batch, word('xBatch')));
      const matrix = i32.add(
        i32.add(word('matrix'), i32.mul(batch, word('matrixBatch'))),
        i32.mul(unit, word('unitStride')),
      );
      const out = i32.add(i32.add(word('out'), i32.mul(batch, word('outBatch'))), i32.mul(unit, bytes));
      f.emit(call(kernel, x, matrix, word('stride'), out, units, word('depth'), 0));
    });
    module.export(name, run);
  }
}

/** Reads words by name from a table, or from a part of it that begins `start` bytes behind its address. */
