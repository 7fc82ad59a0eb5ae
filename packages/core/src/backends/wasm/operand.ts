// How the operands of a product get from a JS buffer into scratch memory.

import type { ScratchLayout } from './memory';
import { type PanelKernels, tableBytes } from './panels';

export type Floats = Float32Array | Float64Array;

/** Up to so many elements, a loop is faster than a call to `set`. */
const shortRun = 24;
/** Up to so many elements, an operand that is read again stays packed. */
const residentElements = 2 ** 22;

/** Copies elements that follow one another into scratch memory or out of it. */
export function copySpan(source: Floats, from: number, count: number, target: Floats, to: number): void {
  if (count <= shortRun) for (let i = 0; i < count; i++) target[to + i] = source[from + i] as number;
  else target.set(from === 0 && count === source.length ? source : source.subarray(from, from + count), to);
}

/** A rectangle of a strided matrix, copied to scratch memory in as few calls as its strides allow. */
export class Stage {
  /** Where element (0, 0) lies after `copy`, and how far apart its neighbours are, in bytes. */
  address = 0;
  outerStep = 0;
  innerStep = 0;
  readonly #bytes: number;
  readonly #base: number;

  /** Room for `outer` x `inner` elements. */
  constructor(layout: ScratchLayout, bytes: number, outer: number, inner: number) {
    this.#bytes = bytes;
    this.#base = layout.take(2 * outer * inner * bytes) / bytes;
  }

  copy(
    data: Floats,
    heap: Floats,
    from: number,
    outerStride: number,
    innerStride: number,
    outer: number,
    inner: number,
  ): void {
    const base = this.#base;
    const outerReach = outerStride * (outer - 1);
    const innerReach = innerStride * (inner - 1);
    const span = Math.abs(outerReach) + Math.abs(innerReach) + 1;
    if (span <= 2 * outer * inner) {
      const before = Math.max(0, -outerReach) + Math.max(0, -innerReach);
      copySpan(data, from - before, span, heap, base);
      this.#placed(base + before, outerStride, innerStride);
    } else if (Math.abs(innerStride) === 1) {
      const before = Math.max(0, -innerReach);
      for (let i = 0; i < outer; i++) copySpan(data, from + i * outerStride - before, inner, heap, base + i * inner);
      this.#placed(base + before, inner, innerStride);
    } else if (Math.abs(outerStride) === 1) {
      const before = Math.max(0, -outerReach);
      for (let j = 0; j < inner; j++) copySpan(data, from + j * innerStride - before, outer, heap, base + j * outer);
      this.#placed(base + before, outerStride, outer);
    } else {
      let to = base;
      for (let i = 0; i < outer; i++) {
        const start = from + i * outerStride;
        for (let j = 0; j < inner; j++) heap[to++] = data[start + j * innerStride] as number;
      }
      this.#placed(base, inner, 1);
    }
  }

  #placed(first: number, outerStride: number, innerStride: number): void {
    this.address = first * this.#bytes;
    this.outerStep = outerStride * this.#bytes;
    this.innerStep = innerStride * this.#bytes;
  }
}

export interface OperandSize {
  /** Rows of a left operand, columns of a right one. */
  units: number;
  depth: number;
  /** Whether a block is asked for again after others. */
  readAgain: boolean;
}

export type Side = 'rows' | 'columns';

/** An operand whose blocks are packed when they are asked for, and kept where that saves work and fits. */
abstract class PackedOperand {
  protected readonly kernels: PanelKernels;
  /** What is packed together: whole panels of so many units, and so much of the depth. */
  readonly unitBlock: number;
  readonly depthBlock: number;
  protected units: number;
  #depth: number;
  protected readonly pack: PanelKernels['packRows'];
  readonly #depthBlocks: number;
  readonly #blocks: number;
  readonly #slotBytes: number;
  readonly #panels: number;
  /** Which block each slot holds. */
  readonly #held: Float64Array;

  constructor(layout: ScratchLayout, kernels: PanelKernels, side: Side, size: OperandSize) {
    this.kernels = kernels;
    this.pack = side === 'rows' ? kernels.packRows : kernels.packColumns;
    const { units, depth, readAgain } = size;
    this.units = units;
    this.#depth = depth;
    this.unitBlock = evenly(units, blockLimits[side], kernels[side]);
    this.depthBlock = evenly(depth, blockLimits.depth, 1);
    const slotElements = this.unitBlock * this.depthBlock;
    this.#depthBlocks = Math.ceil(depth / this.depthBlock);
    this.#blocks = Math.ceil(units / this.unitBlock) * this.#depthBlocks;
    this.#slotBytes = slotElements * kernels.bytes;
    this.#held = new Float64Array(readAgain && this.#blocks * slotElements <= residentElements ? this.#blocks : 1);
    this.#panels = layout.take(this.#held.length * this.#slotBytes);
  }

  get depth(): number {
    return this.#depth;
  }

  /** The address of the packed block that begins at the given unit and depth. */
  block(batch: number, unit: number, depth: number): number {
    const { unitBlock, depthBlock } = this;
    const index = (unit / unitBlock) * this.#depthBlocks + depth / depthBlock;
    const slot = this.#held.length === 1 ? 0 : index;
    const key = batch * this.#blocks + index;
    const address = this.#panels + slot * this.#slotBytes;
    if (this.#held[slot] !== key) {
      this.#held[slot] = key;
      const unitCount = Math.min(unitBlock, this.units - unit);
      const depthCount = Math.min(depthBlock, this.depth - depth);
      this.packBlock(batch, unit, unitCount, depth, depthCount, address);
    }
    return address;
  }

  /** The data are new: the first so many units and elements of depth. */
  protected renew(units: number, depth: number): void {
    this.units = units;
    this.#depth = depth;
    this.#held.fill(-1);
  }

  protected abstract packBlock(
    batch: number,
    unit: number,
    unitCount: number,
    depth: number,
    depthCount: number,
    target: number,
  ): void;
}

const empty = new Float32Array();

/** Where the elements of a matrix operand lie in its buffer, in elements. */
export interface OperandLayout {
  offset: number;
  batchStride: number;
  unitStride: number;
  depthStride: number;
}

/** A strided matrix in a JS buffer. */
export class MatrixOperand extends PackedOperand {
  readonly #place: OperandLayout;
  readonly #stage: Stage;
  readonly #unitTable: number;
  readonly #depthTable: number;
  #data: Floats = empty;
  #heap: Floats = empty;

  constructor(layout: ScratchLayout, kernels: PanelKernels, side: Side, place: OperandLayout, size: OperandSize) {
    super(layout, kernels, side, size);
    this.#place = place;
    this.#unitTable = layout.take(tableBytes(this.unitBlock));
    this.#depthTable = layout.take(tableBytes(this.depthBlock));
    this.#stage = new Stage(layout, kernels.bytes, this.unitBlock, this.depthBlock);
  }

  /** Starts a run on new data. */
  bind(data: Floats, heap: Floats): void {
    this.#data = data;
    this.#heap = heap;
    this.renew(this.units, this.depth);
  }

  /** Lets go of the data of the run. */
  release(): void {
    this.#data = empty;
    this.#heap = empty;
  }

  override block(batch: number, unit: number, depth: number): number {
    return super.block(this.#place.batchStride === 0 ? 0 : batch, unit, depth);
  }

  protected override packBlock(
    batch: number,
    unit: number,
    unitCount: number,
    depth: number,
    depthCount: number,
    target: number,
  ): void {
    const { offset, batchStride, unitStride, depthStride } = this.#place;
    const from = offset + batch * batchStride + unit * unitStride + depth * depthStride;
    const stage = this.#stage;
    stage.copy(this.#data, this.#heap, from, unitStride, depthStride, unitCount, depthCount);
    this.kernels.offsets(this.#unitTable, unitCount, stage.outerStep);
    this.kernels.offsets(this.#depthTable, depthCount, stage.innerStep);
    this.pack(stage.address, this.#unitTable, unitCount, this.#depthTable, depthCount, target);
  }
}

/** An operand that lies in scratch memory already, at the offsets of two tables. */
export class TableOperand extends PackedOperand {
  readonly #source: number;
  readonly #unitTable: number;
  readonly #depthTable: number;

  constructor(
    layout: ScratchLayout,
    kernels: PanelKernels,
    side: Side,
    place: { source: number; unitTable: number; depthTable: number },
    size: OperandSize,
  ) {
    super(layout, kernels, side, size);
    this.#source = place.source;
    this.#unitTable = place.unitTable;
    this.#depthTable = place.depthTable;
  }

  /** The scratch memory holds new data: the first so many units and elements of depth. */
  bind(units: number, depth: number): void {
    this.renew(units, depth);
  }

  protected override packBlock(
    _batch: number,
    unit: number,
    unitCount: number,
    depth: number,
    depthCount: number,
    target: number,
  ): void {
    this.pack(this.#source, this.#unitTable + 4 * unit, unitCount, this.#depthTable + 4 * depth, depthCount, target);
  }
}

/** A rectangle of a product; it begins where blocks of the operands begin. */
export interface ProductRange {
  leftBatch: number;
  rightBatch: number;
  top: number;
  bottom: number;
  first: number;
  last: number;
  /** Address of the rectangle, and how far apart its rows are, in bytes. */
  result: number;
  rowBytes: number;
  /** Whether the product is added to what is there. */
  accumulate: boolean;
  /** Address of room for one tile. */
  spare: number;
}

export function multiplyBlocks(
  kernels: PanelKernels,
  left: MatrixOperand | TableOperand,
  right: MatrixOperand | TableOperand,
  range: ProductRange,
): void {
  const { leftBatch, rightBatch, top, bottom, first, last, result, rowBytes, accumulate, spare } = range;
  for (let j = first; j < last; j += right.unitBlock) {
    const width = Math.min(right.unitBlock, last - j);
    for (let p = 0; p < left.depth; p += left.depthBlock) {
      const depth = Math.min(left.depthBlock, left.depth - p);
      const add = accumulate || p > 0 ? 1 : 0;
      const bPanels = right.block(rightBatch, j, p);
      for (let i = top; i < bottom; i += left.unitBlock) {
        const height = Math.min(left.unitBlock, bottom - i);
        const aPanels = left.block(leftBatch, i, p);
        const c = result + (i - top) * rowBytes + (j - first) * kernels.bytes;
        kernels.multiply(aPanels, bPanels, c, rowBytes, height, width, depth, add, spare);
      }
    }
  }
}

/** Block sizes: a left block fits the L2 cache, a panel of the right block the L1 cache. */
export const blockLimits = { rows: 256, columns: 1024, depth: 256 };

/** The size of blocks of nearly the same size, in multiples. */
function evenly(total: number, limit: number, multiple: number): number {
  return multiple * Math.ceil(total / Math.ceil(total / limit) / multiple);
}

export function spareBytes({ rows, columns, bytes }: PanelKernels): number {
  return rows * columns * bytes;
}
