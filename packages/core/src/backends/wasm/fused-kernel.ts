// Fused elementwise operations: one generated loop over blocks of the operands. A block of each operand is copied to
// scratch memory, which keeps it in the first-level cache, and the results are copied back from there.

import type { TypedArray } from '../../array/dtype';
import { isDense, type Layout, sizeOf } from '../../array/shape';
import type { Kernel, LoweringContext } from '../../primitives/primitive';
import type { FusedParams } from '../../program/fuse';
import { LruCache } from '../../program/lru-cache';
import { type Atom, type Program, paramsKey } from '../../program/program';
import { planRuns, type Runs } from '../strided';
import {
  type FunctionBuilder,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  ModuleBuilder,
  type Statement,
  v128,
} from './assembler';
import { ScratchLayout, scratchMemory } from './memory';
import { type Lanes, type LaneType, VectorCode } from './vector-code';

/** Elements in a block: 16 KiB of each float operand. */
const blockElements = 4096;

/** How an operand comes into the loop: one number for all elements, or one for each. */
type Access = 'uniform' | 'stream';

/** Runs the loop over `vectors` × 4 elements at the addresses of the operands, inputs first. */
type Loop = (vectors: number, ...addresses: number[]) => void;

const loops = new LruCache<Loop>(512);

export function fusedKernel({ inputs, outputs, params }: LoweringContext<FusedParams>): Kernel {
  const { body } = params;
  const shape = outputs[0]?.shape ?? [];
  const total = sizeOf(shape);
  const access = inputs.map(
    (layout): Access => (layout.strides.every((s, i) => s === 0 || layout.shape[i] === 1) ? 'uniform' : 'stream'),
  );
  const loop = generatedLoop(body, access);
  const scratch = scratchMemory();
  const layout = new ScratchLayout();
  const block = Math.min(blockElements, 4 * Math.ceil(total / 4));
  const operands = inputs.map((input, i) => new Operand(input, access[i] as Access, block, layout.take(4 * block)));
  const results = outputs.map(() => layout.take(4 * block));
  const addresses = [...operands.map((o) => o.address), ...results];
  return (buffers, targets) => {
    scratch.reserve(layout.bytes);
    const memory = scratch.memory.buffer;
    operands.forEach((operand, i) => {
      operand.bind(buffers[i] as TypedArray, memory);
    });
    const heaps = targets.map((target, i) => viewLike(target, memory, results[i] as number, block));
    for (let start = 0; start < total; start += block) {
      const count = Math.min(block, total - start);
      for (const operand of operands) operand.load(start, count);
      loop((count + 3) >> 2, ...addresses);
      for (let i = 0; i < targets.length; i++) {
        const heap = heaps[i] as TypedArray;
        (targets[i] as TypedArray).set(count === block ? heap : heap.subarray(0, count), start);
      }
    }
    for (const operand of operands) operand.release();
  };
}

function viewLike(data: TypedArray, memory: ArrayBuffer, address: number, length: number): TypedArray {
  const View = data.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
  return new View(memory, address, length);
}

const nothing = new Float32Array();

/** An input and its place in scratch memory. */
class Operand {
  private data: TypedArray = nothing;
  private heap: TypedArray = nothing;
  private readonly runs: Runs | null;

  constructor(
    private readonly layout: Layout,
    private readonly access: Access,
    /** Elements that there is room for. */
    private readonly block: number,
    readonly address: number,
  ) {
    this.runs = access === 'stream' && !isDense(layout) ? planRuns(layout.shape, [layout]) : null;
  }

  bind(data: TypedArray, memory: ArrayBuffer): void {
    this.data = data;
    this.heap = viewLike(data, memory, this.address, this.block);
    if (this.access === 'uniform') this.heap[0] = data[this.layout.offset] as number;
  }

  release(): void {
    this.data = nothing;
    this.heap = nothing;
  }

  /** Brings elements start ... start + count, counted in row-major order of the shape. */
  load(start: number, count: number): void {
    if (this.access === 'uniform') return;
    if (this.runs === null) {
      this.heap.set(this.data.subarray(start, start + count));
      return;
    }
    const { length, steps, starts } = this.runs;
    const step = steps[0] as number;
    const from = starts[0] as Int32Array;
    const { data, heap } = this;
    let run = Math.floor(start / length);
    let inside = start - run * length;
    for (let k = 0; k < count; run++, inside = 0) {
      const n = Math.min(length - inside, count - k);
      const first = (from[run] as number) + inside * step;
      if (step === 0) heap.fill(data[first] as number, k, k + n);
      else if (step === 1 && n > 24) heap.set(data.subarray(first, first + n), k);
      else for (let i = 0, at = first; i < n; i++, at += step) heap[k + i] = data[at] as number;
      k += n;
    }
  }
}

function generatedLoop(body: Program, access: readonly Access[]): Loop {
  const key = `${access.join()} ${bodyKey(body)}`;
  let loop = loops.get(key);
  if (loop === undefined) {
    loop = generate(body, access);
    loops.set(key, loop);
  }
  return loop;
}

/** Like a program's key, but without its shape: the loop serves all. */
function bodyKey(body: Program): string {
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

function generate(body: Program, access: readonly Access[]): Loop {
  const module = new ModuleBuilder();
  module.importMemory('scratch', 'memory', { initial: 1 });
  const params = Array.from({ length: 1 + body.inputs.length + body.outputs.length }, () => 'i32' as const);
  const run = module.function({ params, result: 'void' }, (f, vectors, ...addresses) => {
    const code = new VectorCode(f);
    const values = new Map<number, Lanes>();
    body.inputs.forEach((v, i) => {
      if (access[i] === 'uniform')
        values.set(v.id, loadUniform(f, code, v.dtype as LaneType, addresses[i] as Local<'i32'>));
    });
    const index = f.local('i32');
    const floatOffset = f.local('i32');
    f.for(index, 0, vectors as Local<'i32'>, 1, () => {
      f.set(floatOffset, i32.shl(index, 4));
      const place = (address: Local<'i32'>, dtype: string) =>
        i32.add(address, dtype === 'bool' ? i32.shl(index, 2) : floatOffset);
      body.inputs.forEach((v, i) => {
        if (access[i] === 'stream') {
          const at = place(addresses[i] as Local<'i32'>, v.dtype);
          values.set(v.id, code.keep(v.dtype, v.dtype === 'bool' ? loadMask(at) : v128.load(at)));
        }
      });
      const read = (a: Atom): Lanes =>
        a.kind === 'var' ? (values.get(a.id) as Lanes) : code.constant(a.value.item(), a.dtype);
      for (const e of body.equations) {
        const rule = e.primitive.lower.scalar as NonNullable<typeof e.primitive.lower.scalar>;
        values.set((e.outputs[0] as { id: number }).id, rule(code, e.inputs.map(read), e.params));
      }
      body.outputs.forEach((out, i) => {
        const value = read(out);
        const at = place(addresses[body.inputs.length + i] as Local<'i32'>, out.dtype);
        f.emit(out.dtype === 'bool' ? storeMask(at, value.value) : v128.store(at, value.value));
      });
    });
  });
  module.export('run', run);
  const { exports } = new WebAssembly.Instance(module.compile(), { scratch: { memory: scratchMemory().memory } });
  return exports.run as Loop;
}

function loadUniform(f: FunctionBuilder<'void'>, code: VectorCode, dtype: LaneType, address: Local<'i32'>): Lanes {
  if (dtype !== 'bool') return code.keep(dtype, v128.load32Splat(address));
  const bit = f.local('i32', i32.load8U(address));
  return code.keep(dtype, i32x4.splat(i32.sub(0, bit)));
}

/** Four bytes 0 or 1 to four masks. */
function loadMask(address: ReturnType<typeof i32.add>) {
  const bytes = v128.load32Zero(address);
  return i32x4.neg(i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(bytes)));
}

/** Four masks to four bytes 0 or 1. */
function storeMask(address: ReturnType<typeof i32.add>, mask: Lanes['value']): Statement {
  const firstBytes = i8x16.shuffle(mask, mask, [0, 4, 8, 12, ...Array.from({ length: 12 }, () => 0)]);
  return v128.store32Lane(address, v128.and(firstBytes, i8x16.splat(1)), 0);
}
