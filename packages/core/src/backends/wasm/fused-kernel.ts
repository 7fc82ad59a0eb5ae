// Fused elementwise operations as one generated loop over operands of any layout.

import { bytesPerElement, type DType } from '../../array/dtype';
import { denseLayout, sizeOf } from '../../array/shape';
import type { LoweringContext } from '../../primitives/primitive';
import type { FusedParams } from '../../program/fuse';
import { type Atom, type Program, paramsKey } from '../../program/program';
import { call, type Expr, FunctionBuilder, i32, type Local, type ModuleBuilder, select } from './assembler';
import { type Access, accessOf, iterationAxes } from './iteration';
import { LaneSource, LaneTarget } from './lane-memory';
import { inputAt, type NativeKernel, nativeSignature, outputAt, partsFor, type Word } from './native';
import { importMath, type Lanes, type MathFunctions, VectorCode } from './vector-code';

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
  const math = mathOf(module, shape.body);
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
        const left = f.local('i32', i32.sub(innerEnd, innerFrom));
        defineRun(f, shape, new VectorCode(f, math), table, pointers, left);
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
  code: VectorCode,
  table: Local<'i32'>,
  pointers: readonly Local<'i32'>[],
  left: Local<'i32'>,
): void {
  const { body, operands } = shape;
  const sources = body.inputs.map((_, k) => {
    const { dtype, access } = operands[k] as Operand;
    const step = i32.load(table, operandOffset(shape, k, 1));
    return new LaneSource(f, code, dtype, access, pointers[k] as Local<'i32'>, step);
  });
  const targets = body.outputs.map(
    ({ dtype }, i) => new LaneTarget(f, dtype, pointers[sources.length + i] as Local<'i32'>),
  );
  const limited = sources.filter((source) => source.limited);
  f.while(i32.gtS(left, 0), () => {
    if (limited.length > 0) {
      f.if(i32.ltS(left, 4), () => {
        for (const source of limited) source.limit(left);
      });
    }
    const results = applyBody(
      body,
      code,
      sources.map((source) => source.read()),
    );
    const write = (lane?: number) => {
      results.forEach((lanes, i) => {
        const target = targets[i] as LaneTarget;
        if (lane === undefined) target.write(lanes);
        else target.writeLane(lanes, lane);
      });
    };
    f.if(i32.geS(left, 4), write, () => {
      for (let lane = 0; lane < 3; lane++) f.if(i32.gtS(left, lane), () => write(lane));
    });
    for (const operand of [...sources, ...targets]) operand.advance();
    f.increment(left, -4);
  });
}

/** The values of a body's outputs. */
export function applyBody(body: Program, code: VectorCode, inputs: readonly Lanes[]): Lanes[] {
  const values = new Map(body.inputs.map((v, k) => [v.id, inputs[k] as Lanes]));
  const read = (a: Atom): Lanes =>
    a.kind === 'var' ? (values.get(a.id) as Lanes) : code.constant(a.value.item(), a.dtype);
  for (const e of body.equations) {
    const rule = e.primitive.lower.scalar as NonNullable<typeof e.primitive.lower.scalar>;
    const results = [rule(code, e.inputs.map(read), e.params)].flat();
    e.outputs.forEach((v, i) => {
      values.set(v.id, results[i] as Lanes);
    });
  }
  return body.outputs.map(read);
}

/** Imports the functions of Math that a body calls; comes before the functions of the module. */
export function mathOf(module: ModuleBuilder, body: Program): MathFunctions {
  return importMath(module, (math) => {
    const f = new FunctionBuilder({ params: [], result: 'void' });
    const code = new VectorCode(f, math);
    applyBody(
      body,
      code,
      body.inputs.map(({ dtype }) => code.constant(0, dtype)),
    );
  });
}
