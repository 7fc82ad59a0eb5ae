// Sums and extrema over axes, of operands or of what a fused body makes of them. The order in which elements meet depends
// on the logical shape alone, never on strides or threads:
// - Where the last axis is reduced, its element i goes to accumulator i mod 4; the four are joined at the end.
// - Where the last axis stays, each result takes its elements one after another.
// Long reductions are cut into pieces, whose results are joined in order. Sums are kept in double precision.

import { bytesPerElement, type DType } from '../../array/dtype';
import { denseLayout, type Layout, type Shape, type ShapedType, sizeOf } from '../../array/shape';
import type { Reduction } from '../../primitives/primitive';
import type { Program } from '../../program/program';
import {
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  v128,
} from './assembler';
import { copyStages } from './copy-kernel';
import { applyBody, bodyKey, mathOf } from './fused-kernel';
import { type Access, accessOf } from './iteration';
import { LaneSource } from './lane-memory';
import {
  inputAt,
  type NativeKernel,
  type NativeModule,
  type NativeStage,
  nativeSignature,
  outputAt,
  type Place,
  partsFor,
  scratchAt,
  WordNames,
} from './native';
import { reader, smaller } from './table-code';
import { VectorCode } from './vector-code';

/** One size and, for each operand, the bytes from one element to the next. */
interface Axis {
  readonly size: number;
  readonly steps: readonly number[];
}

/** The axes of a reduction, each of one step: those around that stay, those around that are reduced, the innermost. */
interface Pattern {
  readonly kept: Axis;
  readonly reduced: Axis;
  readonly inner: Axis;
  readonly innerReduced: boolean;
}

const elementsPerPiece = 16384;
/** Below so many elements, a plain loop is faster than what native code needs around it. */
const smallReduction = 256;

/** Whether there is a kernel for reductions of a value over some axes. */
export function isReducible({ shape, dtype }: ShapedType, axes: readonly number[]): boolean {
  if (dtype !== 'float32' || sizeOf(shape) < smallReduction) return false;
  return findPattern(shape, [denseLayout({ shape, dtype })], axes) !== null;
}

/** The reduction of `body`'s result over `axes`; null where the pattern of axes is too intricate for native code. */
export function reduceKernel(
  reduction: Reduction,
  body: Program,
  inputs: readonly Layout[],
  axes: readonly number[],
): NativeKernel | null {
  const shape = inputs[0]?.shape ?? [];
  if (sizeOf(shape) === 0 || inputs.length === 0) return null;
  const logical = findPattern(shape, [denseLayout({ shape, dtype: 'float32' })], axes);
  if (logical === null) return null;
  const copies: NativeStage[] = [];
  const places: Place[] = [];
  let scratchBytes = 0;
  const layouts = inputs.map((layout, i) => {
    const from = inputAt(i);
    if (sameSizes(findPattern(shape, [layout], axes), logical)) {
      places.push({ ...from, bytes: layout.offset * bytesPerElement(layout.dtype) });
      return layout;
    }
    const to = scratchAt(scratchBytes);
    places.push(to);
    copies.push(...copyStages(layout, from, to));
    scratchBytes += 64 * Math.ceil((sizeOf(shape) * bytesPerElement(layout.dtype) + 16) / 64);
    return denseLayout(layout);
  });
  const pattern = findPattern(shape, layouts, axes) ?? logical;
  const { stages, bytes } = stagesOf(reduction, body, layouts, places, pattern, scratchBytes);
  return { stages: [...copies, ...stages], scratchBytes: bytes };
}

function sameSizes(x: Pattern | null, y: Pattern): boolean {
  const sizes = (p: Pattern) => [p.kept.size, p.reduced.size, p.inner.size, p.innerReduced].join();
  return x !== null && sizes(x) === sizes(y);
}

function findPattern(shape: Shape, operands: readonly Layout[], axes: readonly number[]): Pattern | null {
  const groups: { reduced: boolean; axis: Axis }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const reduced = axes.includes(i);
    const steps = operands.map((o) => (o.strides[i] as number) * bytesPerElement(o.dtype));
    const outer = groups.at(-1);
    if (outer?.reduced === reduced && outer.axis.steps.every((step, k) => step === (steps[k] as number) * size)) {
      groups[groups.length - 1] = { reduced, axis: { size: outer.axis.size * size, steps } };
    } else {
      groups.push({ reduced, axis: { size, steps } });
    }
  });
  const none: Axis = { size: 1, steps: operands.map(() => 0) };
  const inner = groups.pop() ?? { reduced: true, axis: none };
  const kept = groups.filter((g) => !g.reduced);
  const reduced = groups.filter((g) => g.reduced);
  if (kept.length > 1 || reduced.length > 1) return null;
  return {
    kept: kept[0]?.axis ?? none,
    reduced: reduced[0]?.axis ?? none,
    inner: inner.axis,
    innerReduced: inner.reduced,
  };
}

const words = new WordNames([
  'perPart',
  'items',
  'pieces',
  'rowsPerPiece',
  'innerPieces',
  'innerPerPiece',
  'rows',
  'inner',
  'target',
]);

const joinWords = new WordNames(['perPart', 'results', 'columns', 'pieces', 'partials', 'target']);

interface ReduceCode {
  readonly reduction: Reduction;
  readonly body: Program;
  readonly access: readonly Access[];
  readonly innerReduced: boolean;
  /** Results of pieces are doubles. */
  readonly partial: boolean;
}

function stagesOf(
  reduction: Reduction,
  body: Program,
  layouts: readonly Layout[],
  places: readonly Place[],
  { kept, reduced, inner, innerReduced }: Pattern,
  scratchBytes: number,
): { stages: NativeStage[]; bytes: number } {
  const access = layouts.map(({ dtype }, i) => accessOf(inner.steps[i] as number, bytesPerElement(dtype)));
  const cost = body.equations.length + layouts.length + 1;
  // Row mode cuts the inner axis or groups rows; column mode cuts the columns for the threads, the rows into pieces.
  const innerPerPiece = innerReduced ? Math.min(inner.size, elementsPerPiece) : columnBlock(inner.size);
  const innerPieces = Math.ceil(inner.size / innerPerPiece);
  const rowsPerPiece = innerReduced
    ? Math.max(1, Math.floor(elementsPerPiece / inner.size))
    : Math.max(64, Math.ceil((4 * elementsPerPiece) / inner.size));
  const rowPieces = Math.ceil(reduced.size / rowsPerPiece);
  const pieces = rowPieces * (innerReduced ? innerPieces : 1);
  const items = kept.size * rowPieces * innerPieces;
  const partial = pieces > 1;
  const columns = innerReduced ? 1 : inner.size;
  const code: ReduceCode = { reduction, body, access, innerReduced, partial };
  const total = kept.size * reduced.size * inner.size;
  const perPart = Math.ceil(items / partsFor(total * cost, 64));
  const stages: NativeStage[] = [
    {
      run: { module: reduceModule(code), name: 'part' },
      parts: Math.ceil(items / perPart),
      words: [
        ...words.table({
          perPart,
          items,
          pieces: rowPieces,
          rowsPerPiece,
          innerPieces,
          innerPerPiece,
          rows: reduced.size,
          inner: inner.size,
          target: partial ? scratchAt(scratchBytes) : outputAt(0),
        }),
        ...places.flatMap((place, i) => [
          place,
          kept.steps[i] as number,
          reduced.steps[i] as number,
          inner.steps[i] as number,
        ]),
      ],
    },
  ];
  if (!partial) return { stages, bytes: scratchBytes };
  const results = kept.size * columns;
  const joinPerPart = 16 * Math.ceil(results / partsFor(results * pieces, 64) / 16);
  stages.push({
    run: { module: joinModule(reduction), name: 'part' },
    parts: Math.ceil(results / joinPerPart),
    words: joinWords.table({
      perPart: joinPerPart,
      results,
      columns,
      pieces,
      partials: scratchAt(scratchBytes),
      target: outputAt(0),
    }),
  });
  return { stages, bytes: scratchBytes + 8 * (results * pieces + 8) };
}

/** Columns of an item: whole cache lines. */
function columnBlock(columns: number): number {
  return columns <= 1024 ? columns : 16 * Math.ceil(columns / Math.ceil(columns / 512) / 16);
}

function reduceModule(code: ReduceCode): NativeModule {
  const { reduction, body, access, innerReduced, partial } = code;
  const kind = `${reduction} ${innerReduced ? 'rows' : 'columns'} ${partial ? 'partial' : 'whole'}`;
  return {
    key: `reduce ${kind} ${access.map((a) => a[0]).join('')} ${bodyKey(body)}`,
    define: (module) => defineReduce(module, code),
  };
}

type Builder = FunctionBuilder<'void'>;
type Vector = Expr<'v128'>;

const vectorJoin = { sum: f64x2.add, max: f64x2.max, min: f64x2.min };
const scalarJoin = { sum: f64.add, max: f64.max, min: f64.min };
const neutral = { sum: 0, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY };

function defineReduce(module: ModuleBuilder, code: ReduceCode): void {
  const math = mathOf(module, code.body);
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table, words);
    const operand = (k: number, w: number) => i32.load(table, 4 * (words.names.length + 4 * k + w));
    const item = f.local('i32', i32.mul(index, word('perPart')));
    const end = f.local('i32', i32.add(item, word('perPart')));
    f.set(end, smaller(f, end, word('items')));
    const [kept, rowPiece, innerPiece, rest] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const [row, rowEnd, first, count] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const size = f.local('i32');
    f.for(item, item, end, 1, () => {
      f.set(size, word('innerPieces'));
      f.set(innerPiece, i32.remU(item, size));
      f.set(rest, i32.divU(item, size));
      f.set(size, word('pieces'));
      f.set(rowPiece, i32.remU(rest, size));
      f.set(kept, i32.divU(rest, size));
      f.set(row, i32.mul(rowPiece, word('rowsPerPiece')));
      f.set(rowEnd, smaller(f, i32.add(row, word('rowsPerPiece')), word('rows')));
      f.set(first, i32.mul(innerPiece, word('innerPerPiece')));
      f.set(count, smaller(f, i32.sub(word('inner'), first), word('innerPerPiece')));
      const starts = code.access.map((access, k) => {
        const inside = access === 'uniform' ? i32.const(0) : i32.mul(first, operand(k, 3));
        return f.local('i32', i32.add(i32.add(operand(k, 0), i32.mul(kept, operand(k, 1))), inside));
      });
      const rowSteps = code.access.map((_, k) => f.local('i32', operand(k, 2)));
      const innerSteps = code.access.map((access, k) => (access === 'gather' ? f.local('i32', operand(k, 3)) : null));
      const visit: Visit = { starts, rowSteps, innerSteps, row, rowEnd, count };
      // Rows of the piece, counted from the first.
      starts.forEach((start, k) => {
        f.increment(start, i32.mul(row, rowSteps[k] as Local<'i32'>));
      });
      const bytes = code.partial ? 8 : 4;
      if (code.innerReduced) {
        const to = f.local('i32', i32.add(word('target'), i32.mul(item, bytes)));
        reduceRows(f, code, visit, new VectorCode(f, math), (value) => f.emit(storeResult(code, to, value)));
      } else {
        const line = code.partial ? i32.add(i32.mul(kept, word('pieces')), rowPiece) : kept;
        const at = i32.add(i32.mul(line, word('inner')), first);
        reduceColumns(
          f,
          code,
          visit,
          new VectorCode(f, math),
          f.local('i32', i32.add(word('target'), i32.mul(at, bytes))),
        );
      }
    });
  });
  module.export('part', part);
}

function storeResult({ partial }: ReduceCode, to: Local<'i32'>, value: Expr<'f64'>) {
  return partial ? f64.store(to, value) : f32.store(to, f32.demoteF64(value));
}

interface Visit {
  readonly starts: readonly Local<'i32'>[];
  readonly rowSteps: readonly Local<'i32'>[];
  readonly innerSteps: readonly (Local<'i32'> | null)[];
  readonly row: Local<'i32'>;
  readonly rowEnd: Local<'i32'>;
  /** Elements along the inner axis. */
  readonly count: Local<'i32'>;
}

function sourcesOf(
  f: Builder,
  { body, access }: ReduceCode,
  lanes: VectorCode,
  visit: Visit,
  pointers: readonly Local<'i32'>[],
): LaneSource[] {
  return body.inputs.map(({ dtype }, k) => {
    const step = visit.innerSteps[k] ?? i32.const(0);
    return new LaneSource(f, lanes, dtype, access[k] as Access, pointers[k] as Local<'i32'>, step);
  });
}

/** What the body makes of the next four elements. */
function nextOf({ body }: ReduceCode, lanes: VectorCode, sources: readonly LaneSource[]): Vector {
  const [result] = applyBody(
    body,
    lanes,
    sources.map((source) => source.read()),
  );
  return result?.value as Vector;
}

/** The low and the high pair of four floats as doubles. */
function widen(value: Local<'v128'>): [Vector, Vector] {
  const high = i8x16.shuffle(value, value, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
  return [f64x2.promoteLowF32x4(value), f64x2.promoteLowF32x4(high)];
}

/** One result: four accumulators along the inner axis. */
function reduceRows(
  f: Builder,
  code: ReduceCode,
  visit: Visit,
  lanes: VectorCode,
  store: (value: Expr<'f64'>) => void,
): void {
  const { reduction } = code;
  const join = vectorJoin[reduction];
  const start = neutral[reduction];
  const low = f.local('v128', f64x2.const(start, start));
  const high = f.local('v128', f64x2.const(start, start));
  const left = f.local('i32');
  const pointers = visit.starts.map(() => f.local('i32'));
  const value = f.local('v128');
  const take = () => {
    const [x, y] = widen(value);
    f.set(low, join(low, x));
    f.set(high, join(high, y));
  };
  f.for(visit.row, visit.row, visit.rowEnd, 1, () => {
    pointers.forEach((pointer, k) => {
      f.set(pointer, visit.starts[k] as Local<'i32'>);
    });
    f.set(left, visit.count);
    const sources = sourcesOf(f, code, lanes, visit, pointers);
    f.while(i32.geS(left, 4), () => {
      f.set(value, nextOf(code, lanes, sources));
      take();
      for (const source of sources) source.advance();
      f.increment(left, -4);
    });
    f.if(left, () => {
      for (const source of sources) if (source.limited) source.limit(left);
      // Lanes beyond the end hold whatever follows in memory.
      const beyond = f32x4.const(start, start, start, start);
      const inside = i32x4.ltS(i32x4.const(0, 1, 2, 3), i32x4.splat(left));
      f.set(value, v128.bitselect(nextOf(code, lanes, sources), beyond, inside));
      take();
    });
    visit.starts.forEach((pointer, k) => {
      f.increment(pointer, visit.rowSteps[k] as Local<'i32'>);
    });
  });
  const joined = f.local('v128', join(low, high));
  store(scalarJoin[reduction](f64x2.extractLane(joined, 0), f64x2.extractLane(joined, 1)));
}

/** A line of results, sixteen at a time: each takes its elements row by row. */
function reduceColumns(f: Builder, code: ReduceCode, visit: Visit, lanes: VectorCode, to: Local<'i32'>): void {
  const left = f.local('i32', visit.count);
  const bytes = code.partial ? 8 : 4;
  const column = (vectors: number): void => {
    columnGroup(f, code, visit, lanes, vectors, to, left);
    visit.starts.forEach((start, k) => {
      const step = visit.innerSteps[k];
      if (code.access[k] === 'stream') f.increment(start, 4 * vectors * bytesOf(code, k));
      else if (step) f.increment(start, i32.mul(step, 4 * vectors));
    });
    f.increment(to, 4 * vectors * bytes);
    f.increment(left, -4 * vectors);
  };
  f.while(i32.geS(left, 16), () => column(4));
  f.while(i32.gtS(left, 0), () => column(1));
}

function bytesOf({ body }: ReduceCode, operand: number): number {
  return bytesPerElement((body.inputs[operand] as { dtype: DType }).dtype);
}

function columnGroup(
  f: Builder,
  code: ReduceCode,
  visit: Visit,
  lanes: VectorCode,
  vectors: number,
  to: Local<'i32'>,
  left: Local<'i32'>,
): void {
  const { reduction } = code;
  const join = vectorJoin[reduction];
  const start = neutral[reduction];
  const groups = Array.from({ length: vectors }, (_, v) => {
    const pointers = visit.starts.map((first, k) => {
      const step = visit.innerSteps[k];
      const skip = step ? i32.mul(step, 4 * v) : i32.const(code.access[k] === 'stream' ? 4 * v * bytesOf(code, k) : 0);
      return f.local('i32', i32.add(first, skip));
    });
    const low = f.local('v128', f64x2.const(start, start));
    const high = f.local('v128', f64x2.const(start, start));
    return { pointers, low, high };
  });
  const row = f.local('i32');
  const value = f.local('v128');
  f.for(row, visit.row, visit.rowEnd, 1, () => {
    for (const { pointers, low, high } of groups) {
      // An operand may be one element for all of the row.
      const sources = sourcesOf(f, code, lanes, visit, pointers);
      const limited = vectors === 1 ? sources.filter((source) => source.limited) : [];
      if (limited.length > 0) {
        f.if(i32.ltS(left, 4), () => {
          for (const source of limited) source.limit(left);
        });
      }
      f.set(value, nextOf(code, lanes, sources));
      const [x, y] = widen(value);
      f.set(low, join(low, x));
      f.set(high, join(high, y));
      pointers.forEach((pointer, k) => {
        f.increment(pointer, visit.rowSteps[k] as Local<'i32'>);
      });
    }
  });
  groups.forEach(({ low, high }, v) => {
    if (code.partial) {
      const whole = () => {
        f.emit(v128.store(to, low, 32 * v));
        f.emit(v128.store(to, high, 32 * v + 16));
      };
      if (vectors > 1) whole();
      else storeSome(f, left, whole, (lane) => v128.store64Lane(to, lane < 2 ? low : high, lane % 2, 8 * lane));
      return;
    }
    const lowHigh = [...Array.from({ length: 8 }, (_, i) => i), ...Array.from({ length: 8 }, (_, i) => 16 + i)];
    const single = i8x16.shuffle(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), lowHigh);
    const result = f.local('v128', single);
    const whole = () => f.emit(v128.store(to, result, 16 * v));
    if (vectors > 1) whole();
    else storeSome(f, left, whole, (lane) => v128.store32Lane(to, result, lane, 4 * lane));
  });
}

function storeSome(
  f: Builder,
  left: Local<'i32'>,
  whole: () => void,
  lane: (lane: number) => ReturnType<typeof v128.store>,
): void {
  f.if(i32.geS(left, 4), whole, () => {
    for (let i = 0; i < 3; i++) f.if(i32.gtS(left, i), () => f.emit(lane(i)));
  });
}

/** Joins the results of the pieces in their order. */
function joinModule(reduction: Reduction): NativeModule {
  return {
    key: `join ${reduction}`,
    define: (module) => {
      const part = module.function(nativeSignature, (f, table, index) => {
        const word = reader(table, joinWords);
        const result = f.local('i32', i32.mul(index, word('perPart')));
        const end = f.local('i32', i32.add(result, word('perPart')));
        f.set(end, smaller(f, end, word('results')));
        const columns = f.local('i32', word('columns'));
        const pieces = f.local('i32', word('pieces'));
        const step = f.local('i32', i32.mul(columns, 8));
        const [at, piece] = [f.local('i32'), f.local('i32')];
        const value = f.local('f64');
        f.for(result, result, end, 1, () => {
          const line = i32.mul(i32.divU(result, columns), pieces);
          const first = i32.add(i32.mul(line, columns), i32.remU(result, columns));
          f.set(at, i32.add(word('partials'), i32.mul(first, 8)));
          f.set(value, neutral[reduction]);
          f.for(piece, 0, pieces, 1, () => {
            f.set(value, scalarJoin[reduction](value, f64.load(at)));
            f.increment(at, step);
          });
          f.emit(f32.store(i32.add(word('target'), i32.mul(result, 4)), f32.demoteF64(value)));
        });
      });
      module.export('part', part);
    },
  };
}
