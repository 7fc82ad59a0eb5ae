// Moving elements between values of any layouts: copies, blocks at positions known only at run time, constants, and sums.

import { bytesPerElement, type DType } from '../../array/dtype';
import { type Layout, sizeOf } from '../../array/shape';
import {
  type Expr,
  type FunctionBuilder,
  f32,
  f64,
  i8x16,
  i32,
  i64,
  type Local,
  type ModuleBuilder,
  memory,
  type Statement,
  select,
  v128,
} from './assembler';
import { type IterationAxis, iterationAxes } from './iteration';
import { type NativeStage, nativeSignature, type Place, partsFor, type Word } from './native';
import { smaller } from './table-code';

type Builder = FunctionBuilder<'void'>;
type Address = Expr<'i32'>;

/** A block that begins at int32 positions, one for each axis, moved so that it fits. */
export interface BlockStart {
  readonly positions: Place;
  readonly side: 'from' | 'to';
  /** The last position of each axis, and its step in elements. */
  readonly last: readonly number[];
  readonly strides: readonly number[];
}

export interface Move {
  /** A value, or a number that goes everywhere. */
  readonly from: { readonly place: Place; readonly layout: Layout } | number;
  readonly to: { readonly place: Place; readonly layout: Layout };
  /** Adds to what is there. */
  readonly add?: boolean;
  readonly start?: BlockStart;
}

/** What happens to one run of elements. */
type RunKind = 'block' | 'elements' | 'splat' | 'constant' | 'add';

/** Elements of a line of the cache, and what is moved at a time where nothing is in the way. */
const tile = 16;
const page = 4096;
const mostParts = 64;

/** Moves elements of one shape; no two go to the same place. */
export function moveStages(move: Move): NativeStage[] {
  const { layout } = move.to;
  const source: Layout =
    typeof move.from === 'number' ? { ...layout, strides: layout.strides.map(() => 0), offset: 0 } : move.from.layout;
  const bytes = bytesPerElement(layout.dtype);
  const axes = longestLast(iterationAxes(layout.shape, [source, layout]));
  const total = sizeOf(layout.shape);
  const inner = axes.at(-1);
  if (total === 0) return [];
  if (inner === undefined) return [stage(move, source, [{ size: 1, steps: [bytes, bytes] }])];
  // Runs of several elements for every row, so that rows that lie beside one another in the source share its cache lines.
  const across = axes.findIndex((a) => Math.abs(a.steps[0] as number) < Math.abs(inner.steps[0] as number));
  const split = axes.length === 1 ? page : across >= 0 ? tile : 0;
  const blocks = split === 0 ? 0 : Math.floor(inner.size / split);
  if (blocks < 2) return [stage(move, source, axes)];
  const outer = axes.slice(0, -1);
  const row = outer.splice(across, across >= 0 ? 1 : 0);
  const steps = inner.steps.map((s) => s * split);
  const main = stage(move, source, [...outer, { size: blocks, steps }, ...row, { size: split, steps: inner.steps }]);
  const rest = inner.size - blocks * split;
  if (rest === 0) return [main];
  const shift = inner.steps.map((s) => s * split * blocks);
  return [main, stage(move, source, [...outer, ...row, { size: rest, steps: inner.steps }], shift)];
}

/** Runs of very few elements cost more than the elements: any other axis may be the inner one. */
function longestLast(axes: IterationAxis[]): IterationAxis[] {
  const longest = Math.max(...axes.map((a) => a.size));
  if ((axes.at(-1)?.size ?? 8) >= 8 || longest < 8) return axes;
  const [axis] = axes.splice(
    axes.findLastIndex((a) => a.size === longest),
    1,
  );
  return [...axes, axis as IterationAxis];
}

function stage(
  move: Move,
  source: Layout,
  axes: readonly IterationAxis[],
  shift: readonly number[] = [0, 0],
): NativeStage {
  const { from, to, start } = move;
  const { dtype } = to.layout;
  const bytes = bytesPerElement(dtype);
  const inner = axes.at(-1) as IterationAxis;
  const rows = axes.at(-2) ?? { size: 1, steps: [0, 0] };
  const outer = axes.slice(0, -2);
  const [fromStep, toStep] = inner.steps as [number, number];
  const units = sizeOf(axes.slice(0, -1).map((a) => a.size));
  const chunk = Math.ceil(units / partsFor(units * inner.size, mostParts));
  const kind = kindOf(move, fromStep, toStep, bytes);
  const at = (place: Place, layout: Layout, side: 0 | 1): Place => ({
    ...place,
    bytes: place.bytes + layout.offset * bytes + (shift[side] as number),
  });
  const words: Word[] = [
    typeof from === 'number' ? 0 : at(from.place, source, 0),
    at(to.place, to.layout, 1),
    ...(typeof from === 'number' ? patternOf(from, dtype) : [0, 0]),
    ...[chunk, units, rows.size, ...rows.steps, inner.size, fromStep, toStep],
    ...outer.flatMap((a) => [a.size, ...a.steps]),
  ];
  if (start) {
    words.push(start.positions, ...start.last.flatMap((n, i) => [n, (start.strides[i] as number) * bytes]));
  }
  const shape = {
    dtype,
    bytes,
    kind,
    outer: outer.length,
    start: start && { side: start.side, rank: start.last.length },
  };
  const sort = kind === 'add' ? dtype : bytes;
  const module = {
    key: `move ${sort} ${kind} ${outer.length} ${start ? `${start.side}${start.last.length}` : ''}`,
    define: (m: ModuleBuilder) => defineMove(m, shape),
  };
  return { run: { module, name: 'part' }, parts: Math.ceil(units / chunk), words };
}

function kindOf({ from, add }: Move, fromStep: number, toStep: number, bytes: number): RunKind {
  if (add) return 'add';
  if (toStep !== bytes) return 'elements';
  if (typeof from === 'number') return 'constant';
  return fromStep === bytes ? 'block' : fromStep === 0 ? 'splat' : 'elements';
}

/** The element as often as it fits in eight bytes. */
function patternOf(value: number, dtype: DType): number[] {
  const views = {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  const words = new Int32Array(2);
  new views[dtype](words.buffer).fill(value);
  return [...words];
}

interface MoveShape {
  readonly dtype: DType;
  readonly bytes: number;
  readonly kind: RunKind;
  readonly outer: number;
  readonly start: { readonly side: 'from' | 'to'; readonly rank: number } | undefined;
}

const pattern = 8;
const firstAxis = 12;

function defineMove(module: ModuleBuilder, { dtype, bytes, kind, outer, start }: MoveShape): void {
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = (i: number) => i32.load(table, 4 * i);
    const fromBase = f.local('i32', word(0));
    const toBase = f.local('i32', word(1));
    if (start) {
      const positions = f.local('i32', word(firstAxis + 3 * outer));
      const at = f.local('i32');
      for (let axis = 0; axis < start.rank; axis++) {
        const last = firstAxis + 3 * outer + 1 + 2 * axis;
        f.set(at, i32.load(positions, 4 * axis));
        f.set(at, select(i32.ltS(at, word(last)), at, word(last)));
        f.set(at, select(i32.gtS(at, 0), at, i32.const(0)));
        f.increment(start.side === 'from' ? fromBase : toBase, i32.mul(at, word(last + 1)));
      }
    }
    const unit = f.local('i32', i32.mul(index, word(4)));
    const end = f.local('i32', smaller(f, i32.add(unit, word(4)), word(5)));
    const rows = f.local('i32', word(6));
    const [fromRow, toRow] = [f.local('i32', word(7)), f.local('i32', word(8))];
    const count = f.local('i32', word(9));
    const [fromStep, toStep] = [f.local('i32', word(10)), f.local('i32', word(11))];
    const length = f.local('i32', i32.mul(count, bytes));
    const [from, to, rest, left, size] = [0, 1, 2, 3, 4].map(() => f.local('i32')) as [
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
    ];
    f.while(i32.ltS(unit, end), () => {
      f.set(rest, i32.divU(unit, rows));
      f.set(left, i32.remU(unit, rows));
      f.set(from, i32.add(fromBase, i32.mul(left, fromRow)));
      f.set(to, i32.add(toBase, i32.mul(left, toRow)));
      f.set(left, smaller(f, i32.sub(rows, left), i32.sub(end, unit)));
      f.increment(unit, left);
      for (let axis = outer - 1; axis >= 0; axis--) {
        const at = firstAxis + 3 * axis;
        f.set(size, word(at));
        const position = axis === 0 ? rest : i32.remU(rest, size);
        f.increment(from, i32.mul(position, word(at + 1)));
        f.increment(to, i32.mul(position, word(at + 2)));
        f.set(rest, i32.divU(rest, size));
      }
      f.loop((again) => {
        if (kind === 'block') copyRun(f, to, from, length, bytes);
        else if (kind === 'splat') fillRun(f, to, from, length, bytes);
        else if (kind === 'constant') fillRun(f, to, i32.add(table, pattern), length, bytes);
        else stepRun(f, to, from, count, { fromStep, toStep }, kind === 'add' ? adder(dtype) : copier(bytes));
        f.increment(from, fromRow);
        f.increment(to, toRow);
        f.branchIf(again, countDown(f, left));
      });
    });
  });
  module.export('part', part);
}

/** Takes one away; what is left. */
function countDown(f: Builder, left: Local<'i32'>): Address {
  f.increment(left, -1);
  return left;
}

type StepCode = (to: Local<'i32'>, from: Local<'i32'>) => Statement;

export function copier(bytes: number): StepCode {
  if (bytes === 1) return (to, from) => i32.store8(to, i32.load8U(from));
  return bytes === 4 ? (to, from) => i32.store(to, i32.load(from)) : (to, from) => i64.store(to, i64.load(from));
}

/** to += from; sums of integers wrap. */
export function adder(dtype: DType): StepCode {
  if (dtype === 'float32') return (to, from) => f32.store(to, f32.add(f32.load(to), f32.load(from)));
  if (dtype === 'float64') return (to, from) => f64.store(to, f64.add(f64.load(to), f64.load(from)));
  return (to, from) => i32.store(to, i32.add(i32.load(to), i32.load(from)));
}

function stepRun(
  f: Builder,
  to: Local<'i32'>,
  from: Local<'i32'>,
  count: Local<'i32'>,
  { fromStep, toStep }: { fromStep: Local<'i32'>; toStep: Local<'i32'> },
  code: StepCode,
): void {
  const [target, source, left] = [f.local('i32', to), f.local('i32', from), f.local('i32', count)];
  f.loop((again) => {
    f.emit(code(target, source));
    f.increment(source, fromStep);
    f.increment(target, toStep);
    f.branchIf(again, countDown(f, left));
  });
}

/** From here on a call of the engine's own copy is faster than a loop. */
const longRun = 512;

/** Copies a run of bytes that lie behind one another. */
export function copyRun(f: Builder, to: Address, from: Address, length: Local<'i32'>, bytes: number): void {
  f.if(
    i32.gtU(length, longRun),
    () => f.emit(memory.copy(to, from, length)),
    () => {
      const [target, source] = [f.local('i32', to), f.local('i32', from)];
      const end = f.local('i32', i32.add(target, length));
      f.if(
        i32.geU(length, 16),
        () => {
          // The last vector may overlap the one before.
          const last = f.local('i32', i32.sub(end, 16));
          const lastSource = f.local('i32', i32.add(source, i32.sub(length, 16)));
          f.while(i32.ltU(target, last), () => {
            f.emit(v128.store(target, v128.load(source)));
            f.increment(source, 16);
            f.increment(target, 16);
          });
          f.emit(v128.store(last, v128.load(lastSource)));
        },
        () => {
          f.while(i32.ltU(target, end), () => {
            f.emit(copier(bytes)(target, source));
            f.increment(source, bytes);
            f.increment(target, bytes);
          });
        },
      );
    },
  );
}

/** Writes the element at an address over a run. */
function fillRun(f: Builder, to: Address, element: Address, length: Local<'i32'>, bytes: number): void {
  const target = f.local('i32', to);
  const source = f.local('i32', element);
  const end = f.local('i32', i32.add(target, length));
  const last = f.local('i32', i32.sub(end, 16));
  const byte = i8x16.splat(i32.load8U(source));
  const value = f.local('v128', bytes === 1 ? byte : (bytes === 4 ? v128.load32Splat : v128.load64Splat)(source));
  f.while(i32.leS(target, last), () => {
    f.emit(v128.store(target, value));
    f.increment(target, 16);
  });
  f.while(i32.ltS(target, end), () => {
    f.emit(copier(bytes)(target, source));
    f.increment(target, bytes);
  });
}
