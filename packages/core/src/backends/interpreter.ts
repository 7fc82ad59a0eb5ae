import { allocate, type TypedArray } from '../array/dtype';
import { denseLayout, isDense, type Layout, type ShapedType, sizeOf } from '../array/shape';
import { internalError } from '../errors';
import type { Kernel, LoweringContext, Primitive } from '../primitives/primitive';
import type { Atom, Equation, Program } from '../program/program';
import { type Backend, type CompileOptions, type Executable, RunFailure } from './backend';
import { copyKernel } from './strided';

export interface InterpreterOptions {
  /** Passes of this backend. */
  prepare(program: Program): Program;
  /** The kernel of an operation. */
  kernel(primitive: Primitive, context: LoweringContext<object>): Kernel;
}

type ChooseKernel = InterpreterOptions['kernel'];

/** A backend that runs a program's operations one after another, each with its own kernel, over memory planned once. */
export function interpreter(name: string, { prepare, kernel }: InterpreterOptions): Backend {
  return { name, compile: (program, options) => new Interpreted(prepare(program), options, kernel) };
}

/** A buffer of a run. Scratch lives as long as the executable; results are made anew, or taken from donated inputs. */
type Slot =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'literal'; readonly data: TypedArray }
  | { readonly kind: 'scratch'; readonly data: TypedArray }
  | { readonly kind: 'result'; readonly type: ShapedType; readonly donor: number | null };

interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

interface Value {
  readonly slot: number;
  readonly layout: Layout;
}

const noBuffer: TypedArray = new Float32Array();

class Interpreted implements Executable {
  readonly outputs: readonly ShapedType[];
  private readonly slots: Slot[] = [];
  private readonly steps: Step[] = [];
  private readonly results: number[];
  /** The buffers of a run by slot; those of inputs and results are let go of when it ends. */
  private readonly buffers: TypedArray[];
  /** Slots whose buffer changes from run to run. */
  private readonly changing: number[];
  private readonly operands: { readonly inputs: TypedArray[]; readonly outputs: TypedArray[] }[];
  /** Where the first donated buffer is written to. */
  private readonly firstOverwrite: number;

  constructor(program: Program, options: CompileOptions, chooseKernel: ChooseKernel) {
    this.outputs = program.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.results = new Planner(program, options, chooseKernel, this.slots, this.steps).plan();
    this.buffers = this.slots.map((slot) => ('data' in slot ? slot.data : noBuffer));
    this.changing = this.slots.flatMap((slot, i) => ('data' in slot ? [] : [i]));
    const read = (slot: number) => this.buffers[slot] as TypedArray;
    this.operands = this.steps.map((step) => ({ inputs: step.inputs.map(read), outputs: step.outputs.map(read) }));
    const overwrites = (index: number) => {
      const slot = this.slots[index];
      return slot?.kind === 'result' && slot.donor !== null;
    };
    const first = this.steps.findIndex((step) => step.outputs.some(overwrites));
    this.firstOverwrite = first < 0 ? Number.POSITIVE_INFINITY : first;
  }

  run(inputs: readonly TypedArray[]): TypedArray[] {
    const { buffers, steps, operands } = this;
    for (const i of this.changing) buffers[i] = bufferOf(this.slots[i] as Slot, inputs);
    let at = 0;
    try {
      for (; at < steps.length; at++) {
        const step = steps[at] as Step;
        const { inputs: sources, outputs: targets } = operands[at] as (typeof operands)[number];
        for (let k = 0; k < sources.length; k++) sources[k] = buffers[step.inputs[k] as number] as TypedArray;
        for (let k = 0; k < targets.length; k++) targets[k] = buffers[step.outputs[k] as number] as TypedArray;
        step.kernel(sources, targets);
      }
      return this.results.map((slot) => buffers[slot] as TypedArray);
    } catch (error) {
      // A program within the program may have failed.
      const cause = error instanceof RunFailure ? error.cause : error;
      throw new RunFailure(cause, at >= this.firstOverwrite);
    } finally {
      this.release();
    }
  }

  /** Whoever owns the inputs and results may want their memory back. */
  private release(): void {
    for (const i of this.changing) this.buffers[i] = noBuffer;
    for (const { inputs, outputs } of this.operands) {
      inputs.fill(noBuffer);
      outputs.fill(noBuffer);
    }
  }
}

function bufferOf(slot: Slot, inputs: readonly TypedArray[]): TypedArray {
  if (slot.kind === 'input') return inputs[slot.index] as TypedArray;
  if (slot.kind !== 'result') return slot.data;
  if (slot.donor !== null) return inputs[slot.donor] as TypedArray;
  return allocate(slot.type.dtype, sizeOf(slot.type.shape));
}

/** Decides, before the first run, where every value lies and which kernels run in which order. */
class Planner {
  private readonly values = new Map<number, Value>();
  private readonly literals = new Map<Atom, Value>();
  private readonly lastUse: Map<number, number>;
  private readonly free = new Map<string, number[]>();
  /** How many live values (views included) lie in each slot; Infinity for slots that are never reused. */
  private readonly users = new Map<number, number>();
  private readonly resultVars: Set<number>;
  private readonly availableDonors: { index: number; slot: number; type: ShapedType }[] = [];

  constructor(
    private readonly program: Program,
    private readonly options: CompileOptions,
    private readonly chooseKernel: ChooseKernel,
    private readonly slots: Slot[],
    private readonly steps: Step[],
  ) {
    this.lastUse = lastUses(program);
    this.resultVars = new Set(program.outputs.flatMap((a) => (a.kind === 'var' ? [a.id] : [])));
  }

  plan(): number[] {
    this.program.inputs.forEach((v, index) => {
      const slot = this.addSlot({ kind: 'input', index });
      this.values.set(v.id, { slot, layout: denseLayout(v) });
      this.users.set(slot, 1);
      if (this.options.donated[index] && (this.lastUse.get(v.id) ?? -1) < 0) this.offerDonor(slot);
    });
    this.program.equations.forEach((equation, at) => {
      this.planEquation(equation, at);
    });
    const taken = new Set<number>();
    return this.program.outputs.map((atom) => this.planResult(atom, taken));
  }

  private planEquation(equation: Equation, at: number): void {
    const inputs = equation.inputs.map((a) => this.valueOf(a));
    const output = equation.outputs[0] as ShapedType & { id: number };
    const first = inputs[0];
    const view = first && equation.primitive.view ? equation.primitive.view(first.layout, equation.params) : null;
    if (first && view !== null) {
      this.values.set(output.id, { slot: first.slot, layout: view });
      this.users.set(first.slot, (this.users.get(first.slot) ?? 0) + 1);
      for (const slot of this.deadAfter(equation, at)) this.release(slot);
      return;
    }
    const temporaries: Value[] = [];
    const ready = inputs.map((value) => {
      if (equation.primitive.strided || this.isWhole(value)) return value;
      const dense = this.materialise(value);
      temporaries.push(dense);
      return dense;
    });
    // An elementwise output may be written over an input that nobody reads afterwards, where both run in the same order.
    const overwritable = (slot: number) =>
      equation.primitive.elementwise === true && ready.every((v) => v.slot !== slot || isDense(v.layout));
    const dead = this.deadAfter(equation, at);
    for (const slot of dead) if (overwritable(slot)) this.release(slot);
    const outputs = equation.outputs.map((v) => {
      const value = this.allocate(v, this.resultVars.has(v.id));
      this.values.set(v.id, value);
      return value;
    });
    const kernel = this.chooseKernel(equation.primitive, {
      inputs: ready.map((v) => v.layout),
      outputs: equation.outputs,
      params: equation.params,
    });
    this.steps.push({ kernel, inputs: ready.map((v) => v.slot), outputs: outputs.map((v) => v.slot) });
    for (const value of temporaries) this.release(value.slot);
    for (const slot of dead) if (!overwritable(slot)) this.release(slot);
    equation.outputs.forEach((v, i) => {
      if (!this.lastUse.has(v.id)) this.release((outputs[i] as Value).slot);
    });
  }

  /** Slots of the values that this equation is the last to read. */
  private deadAfter(equation: Equation, at: number): number[] {
    const ids = new Set(
      equation.inputs.flatMap((a) => (a.kind === 'var' && this.lastUse.get(a.id) === at ? [a.id] : [])),
    );
    return [...ids].map((id) => (this.values.get(id) as Value).slot);
  }

  private planResult(atom: Atom, taken: Set<number>): number {
    const value = this.valueOf(atom);
    const slot = this.slots[value.slot] as Slot;
    const owned = slot.kind === 'result' && !taken.has(value.slot) && this.isWhole(value);
    const final = owned ? value : this.copyToResult(value);
    taken.add(final.slot);
    return final.slot;
  }

  private copyToResult(value: Value): Value {
    const result = this.addSlot({ kind: 'result', type: value.layout, donor: null });
    this.steps.push({ kernel: copyKernel(value.layout), inputs: [value.slot], outputs: [result] });
    return { slot: result, layout: denseLayout(value.layout) };
  }

  private materialise(value: Value): Value {
    const dense = this.allocate(value.layout, false);
    this.steps.push({ kernel: copyKernel(value.layout), inputs: [value.slot], outputs: [dense.slot] });
    return dense;
  }

  /** A dense value may still be the front part of a larger buffer. */
  private isWhole({ slot, layout }: Value): boolean {
    return isDense(layout) && sizeOf(layout.shape) === this.lengthOf(this.slots[slot] as Slot);
  }

  private lengthOf(slot: Slot): number {
    if (slot.kind === 'input') return sizeOf((this.program.inputs[slot.index] as ShapedType).shape);
    return slot.kind === 'result' ? sizeOf(slot.type.shape) : slot.data.length;
  }

  private valueOf(atom: Atom): Value {
    if (atom.kind === 'var') {
      const value = this.values.get(atom.id);
      if (value === undefined) throw internalError(`variable ${atom.id} is read before it is written`);
      return value;
    }
    let value = this.literals.get(atom);
    if (value === undefined) {
      const slot = this.addSlot({ kind: 'literal', data: atom.value.storage('literal') });
      value = { slot, layout: denseLayout(atom) };
      this.literals.set(atom, value);
      this.users.set(slot, Number.POSITIVE_INFINITY);
    }
    return value;
  }

  private allocate(type: ShapedType, isResult: boolean): Value {
    const layout = denseLayout(type);
    const size = sizeOf(type.shape);
    if (isResult) {
      const donor = this.takeDonor(type);
      const slot = this.addSlot({ kind: 'result', type: { shape: type.shape, dtype: type.dtype }, donor });
      this.users.set(slot, Number.POSITIVE_INFINITY);
      return { slot, layout };
    }
    const reusable = this.free.get(`${type.dtype}${size}`)?.pop();
    const slot = reusable ?? this.addSlot({ kind: 'scratch', data: allocate(type.dtype, size) });
    this.users.set(slot, 1);
    return { slot, layout };
  }

  private release(slot: number): void {
    const users = (this.users.get(slot) ?? 0) - 1;
    this.users.set(slot, users);
    if (users > 0) return;
    const owner = this.slots[slot] as Slot;
    if (owner.kind === 'scratch') {
      const dtype = dtypeOfSlot(owner.data);
      const key = `${dtype}${owner.data.length}`;
      const list = this.free.get(key);
      if (list) list.push(slot);
      else this.free.set(key, [slot]);
    } else if (owner.kind === 'input') {
      this.offerDonor(slot);
    }
  }

  private offerDonor(slot: number): void {
    const owner = this.slots[slot] as Slot;
    if (owner.kind !== 'input' || !this.options.donated[owner.index]) return;
    const type = this.program.inputs[owner.index] as ShapedType;
    this.availableDonors.push({ index: owner.index, slot, type });
  }

  private takeDonor(type: ShapedType): number | null {
    const size = sizeOf(type.shape);
    const at = this.availableDonors.findIndex((d) => d.type.dtype === type.dtype && sizeOf(d.type.shape) === size);
    if (at < 0) return null;
    return this.availableDonors.splice(at, 1)[0]?.index ?? null;
  }

  private addSlot(slot: Slot): number {
    return this.slots.push(slot) - 1;
  }
}

function dtypeOfSlot(data: TypedArray): string {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Int32Array) return 'int32';
  return data instanceof Uint32Array ? 'uint32' : 'bool';
}

/** The index of the last equation that reads each variable; Infinity for outputs of the program. */
function lastUses(program: Program): Map<number, number> {
  const last = new Map<number, number>();
  program.equations.forEach((equation, i) => {
    for (const a of equation.inputs) if (a.kind === 'var') last.set(a.id, i);
  });
  for (const a of program.outputs) if (a.kind === 'var') last.set(a.id, Number.POSITIVE_INFINITY);
  return last;
}
