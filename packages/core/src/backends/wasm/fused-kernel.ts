// Fused elementwise operations as one generated loop over operands of any layout.

import { bytesPerElement, type DType } from '../../array/dtype';
import { denseLayout, sizeOf } from '../../array/shape';
import type { LoweringContext } from '../../primitives/primitive';
import type { FusedParams } from '../../program/fuse';
import { type Atom, type Program, paramsKey } from '../../program/program';
import {
  call,
  type Expr,
  type FunctionBuilder,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  type Statement,
  select,
  v128,
} from './assembler';
import { type Access, accessOf, iterationAxes } from './iteration';
import { inputAt, type NativeKernel, nativeSignature, outputAt, partsFor, type Word } from './native';
import { type Lanes, type LaneType, VectorCode } from './vector-code';

type Address = Expr<'i32'>;
type Builder = FunctionBuilder<'void'>;

interface Operand {
  readonly dtype: DType;
  readonly access: Access;
}

/** What the code of a loop depends on. Operands are the inputs, then the outputs. */
interface LoopShape {
  readonly body: Program;
  readonly operands: readonly Operand[];
  readonly outerAxes: number;
}

/** Words of a loop's table: how the work is split, the sizes, then for each operand its address and steps. */
const perPart = 0;
const innerSize = 4;
const outerSize = 8;
const firstAxis = 12;

/** Word of an operand: 0 its address, 1 its inner step, 2 ... its steps along the outer axes, from the outermost. */
function operandOffset({ outerAxes }: LoopShape, operand: number, word: number): number {
  return firstAxis + 4 * (outerAxes + operand * (2 + outerAxes) + word);
}

export function fusedKernel({ inputs, outputs, params }: LoweringContext<FusedParams>): NativeKernel {
  const { body } = params;
  const shape = outputs[0]?.shape ?? [];
  const layouts = [...inputs, ...outputs.map(denseLayout)];
  const axes = iterationAxes(shape, layouts);
  const inner = axes.pop() ?? { size: sizeOf(shape), steps: layouts.map(() => 0) };
  const operands = layouts.map(({ dtype }, i): Operand => {
    const step = inner.steps[i] as number;
    // Results are dense: along the inner axis, of which there may be one element, they are written as vectors.
    const access = i < inputs.length ? accessOf(step, bytesPerElement(dtype)) : 'stream';
    return { dtype, access };
  });
  const loop: LoopShape = { body, operands, outerAxes: axes.length };
  const runs = sizeOf(axes.map((a) => a.size));
  const total = runs * inner.size;
  const most = partsFor(total * (body.equations.length + operands.length), 256);
  const units = axes.length === 0 ? inner.size : runs;
  // Along the inner axis parts begin at cache lines.
  const chunk = axes.length === 0 ? 64 * Math.ceil(units / most / 64) : Math.ceil(units / most);
  const parts = total === 0 ? 0 : Math.ceil(units / chunk);
  const addresses = layouts.map(({ offset, dtype }, i): Word => {
    const bytes = offset * bytesPerElement(dtype);
    return i < inputs.length ? inputAt(i, bytes) : outputAt(i - inputs.length, bytes);
  });
  const words: Word[] = [
    ...[chunk, inner.size, runs, ...axes.map((a) => a.size)],
    ...layouts.flatMap((_, i) => [
      addresses[i] as Word,
      inner.steps[i] as number,
      ...axes.map((a) => a.steps[i] as number),
    ]),
  ];
  const module = { key: loopKey(loop), define: (m: ModuleBuilder) => defineLoop(m, loop) };
  return { stages: [{ run: { module, name: 'part' }, parts, words }] };
}

function loopKey({ body, operands, outerAxes }: LoopShape): string {
  return `fused ${outerAxes} ${operands.map((o) => o.access[0]).join('')} ${bodyKey(body)}`;
}

/** Like a program's key, but without its shape: the loop serves all. */
export function bodyKey(body: Program): string {
  const names = new Map<number, number>();
  const name = (id: number) => {
    if (!names.has(id)) names.set(id, names.size);
    return names.get(id);
  };
  const atom = (a: Atom) => (a.kind === 'var' ? `${name(a.id)}` : `${a.dtype}:${paramsKey(a.value.item())}`);
  const lines = [
    body.inputs.map((v) => `${name(v.id)}:${v.dtype}`).join(),
    ...body.equations.map(
      (e) =>
        `${e.outputs.map((v) => `${name(v.id)}:${v.dtype}`).join()}=${e.primitive.id}(${paramsKey(e.params)})${e.inputs.map(atom).join()}`,
    ),
    body.outputs.map(atom).join(),
  ];
  return lines.join(';');
}

function defineLoop(module: ModuleBuilder, shape: LoopShape): void {
  const rectangle = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, table, outer, outerEnd, innerFrom, innerEnd) => {
      f.for(outer, outer, outerEnd, 1, () => {
        const pointers = shape.operands.map((operand, k) => {
          const inside =
            operand.access === 'uniform' ? 0 : i32.mul(innerFrom, i32.load(table, operandOffset(shape, k, 1)));
          return f.local('i32', i32.add(i32.load(table, operandOffset(shape, k, 0)), inside));
        });
        visitAxes(f, shape, table, outer, pointers);
        defineRun(f, shape, table, pointers, f.local('i32', i32.sub(innerEnd, innerFrom)));
      });
    },
  );
  const part = module.function(nativeSignature, (f, table, index) => {
    const chunk = i32.load(table, perPart);
    const from = f.local('i32', i32.mul(index, chunk));
    const whole = i32.load(table, shape.outerAxes === 0 ? innerSize : outerSize);
    const to = f.local('i32', smaller(i32.add(from, chunk), f.local('i32', whole)));
    if (shape.outerAxes === 0) f.emit(call(rectangle, table, 0, 1, from, to));
    else f.emit(call(rectangle, table, from, to, 0, i32.load(table, innerSize)));
  });
  module.export('part', part);
  module.export('rectangle', rectangle);
}

function smaller(x: Address, y: Local<'i32'>): Address {
  return select(i32.ltS(x, y), x, y);
}

/** Moves the pointers to a run that is counted over all outer axes. */
function visitAxes(
  f: Builder,
  shape: LoopShape,
  table: Local<'i32'>,
  run: Local<'i32'>,
  pointers: readonly Local<'i32'>[],
): void {
  const rest = f.local('i32', run);
  const at = f.local('i32');
  for (let axis = shape.outerAxes - 1; axis >= 0; axis--) {
    if (axis === 0) {
      f.set(at, rest);
    } else {
      const size = i32.load(table, firstAxis + 4 * axis);
      f.set(at, i32.remU(rest, size));
      f.set(rest, i32.divU(rest, size));
    }
    pointers.forEach((pointer, k) => {
      f.increment(pointer, i32.mul(at, i32.load(table, operandOffset(shape, k, 2 + axis))));
    });
  }
}

/** One pass along the inner axis, four elements at a time; the last ones may be fewer. */
function defineRun(
  f: Builder,
  shape: LoopShape,
  table: Local<'i32'>,
  pointers: readonly Local<'i32'>[],
  left: Local<'i32'>,
): void {
  const { body, operands } = shape;
  const code = new VectorCode(f);
  const values = new Map<number, Lanes>();
  const sources = body.inputs.map((v, k): Source => {
    const { access } = operands[k] as Operand;
    const pointer = pointers[k] as Local<'i32'>;
    const step = access === 'gather' ? f.local('i32', i32.load(table, operandOffset(shape, k, 1))) : null;
    const reaches = step ? [1, 2, 3].map((lane) => f.local('i32', i32.mul(step, lane))) : [];
    return { id: v.id, dtype: v.dtype as LaneType, access, pointer, step, reaches };
  });
  for (const { id, dtype, access, pointer } of sources) {
    if (access === 'uniform') values.set(id, loadUniform(f, code, dtype, pointer));
  }
  const gathers = sources.some((s) => s.step !== null);
  f.while(i32.gtS(left, 0), () => {
    if (gathers) f.if(i32.ltS(left, 4), () => shortenReaches(f, sources, left));
    for (const s of sources) if (s.access !== 'uniform') values.set(s.id, loadOperand(code, s));
    const outputs = evaluateBody(code, body, values);
    const results = body.outputs.map((_, i) => {
      const { dtype, value } = outputs[i] as Lanes;
      return {
        dtype,
        value: f.local('v128', dtype === 'bool' ? bytesOf(value) : value),
        at: pointers[sources.length + i] as Local<'i32'>,
      };
    });
    f.if(
      i32.geS(left, 4),
      () => {
        for (const { dtype, value, at } of results) {
          f.emit(dtype === 'bool' ? v128.store32Lane(at, value, 0) : v128.store(at, value));
        }
      },
      () => {
        for (let lane = 0; lane < 3; lane++) {
          f.if(i32.gtS(left, lane), () => {
            for (const { dtype, value, at } of results) f.emit(storeLane(dtype, at, value, lane));
          });
        }
      },
    );
    for (const s of sources) advance(f, s);
    for (const { dtype, at } of results) f.increment(at, 4 * bytesPerElement(dtype));
    f.increment(left, -4);
  });
}

/** An input of a body inside a loop. */
export interface Source {
  readonly id: number;
  readonly dtype: LaneType;
  readonly access: Access;
  readonly pointer: Local<'i32'>;
  /** Bytes between the elements that are gathered, and from the first to each of the others. */
  readonly step: Local<'i32'> | null;
  readonly reaches: readonly Local<'i32'>[];
}

/** The next four elements. */
export function loadOperand(code: VectorCode, { dtype, access, pointer, reaches }: Source): Lanes {
  if (access === 'gather') return code.keep(dtype, gather(dtype, pointer, reaches));
  return code.keep(dtype, dtype === 'bool' ? loadMask(pointer) : v128.load(pointer));
}

/** What follows the last element may lie outside the memory: the last one is gathered again instead. */
export function shortenReaches(f: Builder, sources: readonly Source[], left: Local<'i32'>): void {
  const last = f.local('i32', i32.sub(left, 1));
  for (const { step, reaches } of sources) {
    if (step === null) continue;
    reaches.forEach((reach, lane) => {
      f.set(reach, i32.mul(step, smaller(i32.const(lane + 1), last)));
    });
  }
}

/** Moves on by four elements. */
export function advance(f: Builder, { dtype, access, pointer, step }: Source): void {
  if (access === 'stream') f.increment(pointer, 4 * bytesPerElement(dtype));
  else if (step) f.increment(pointer, i32.mul(step, 4));
}

/** The results of a body on values of its inputs by number. */
export function evaluateBody(code: VectorCode, body: Program, inputs: ReadonlyMap<number, Lanes>): Lanes[] {
  const values = new Map(inputs);
  const read = (a: Atom): Lanes =>
    a.kind === 'var' ? (values.get(a.id) as Lanes) : code.constant(a.value.item(), a.dtype);
  for (const e of body.equations) {
    const rule = e.primitive.lower.scalar as NonNullable<typeof e.primitive.lower.scalar>;
    values.set((e.outputs[0] as { id: number }).id, rule(code, e.inputs.map(read), e.params));
  }
  return body.outputs.map(read);
}

export function loadUniform(f: Builder, code: VectorCode, dtype: LaneType, address: Local<'i32'>): Lanes {
  if (dtype !== 'bool') return code.keep(dtype, v128.load32Splat(address));
  const bit = f.local('i32', i32.load8U(address));
  return code.keep(dtype, i32x4.splat(i32.sub(0, bit)));
}

/** Four elements that lie `reaches` apart from the first. */
function gather(dtype: LaneType, first: Local<'i32'>, reaches: readonly Local<'i32'>[]): Expr<'v128'> {
  if (dtype === 'bool') {
    const bits = reaches.reduce(
      (vector, reach, i) => i32x4.replaceLane(vector, i + 1, i32.load8U(i32.add(first, reach))),
      i32x4.splat(i32.load8U(first)),
    );
    return i32x4.neg(bits);
  }
  return reaches.reduce(
    (vector, reach, i) => v128.load32Lane(i32.add(first, reach), vector, i + 1),
    v128.load32Zero(first),
  );
}

/** Four bytes 0 or 1 to four masks. */
function loadMask(address: Address): Expr<'v128'> {
  const bytes = v128.load32Zero(address);
  return i32x4.neg(i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(bytes)));
}

/** Four masks to four bytes 0 or 1, in front. */
function bytesOf(mask: Lanes['value']): Expr<'v128'> {
  const firstBytes = i8x16.shuffle(mask, mask, [0, 4, 8, 12, ...Array.from({ length: 12 }, () => 0)]);
  return v128.and(firstBytes, i8x16.splat(1));
}

function storeLane(dtype: DType, at: Local<'i32'>, value: Local<'v128'>, lane: number): Statement {
  if (dtype === 'bool') return i32.store8(at, i8x16.extractLane(value, lane), lane);
  return v128.store32Lane(at, value, lane, 4 * lane);
}
