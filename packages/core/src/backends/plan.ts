import type { DType, TypedArray } from '../array/dtype';
import { denseLayout, isDense, type Layout, type ShapedType, sizeOf } from '../array/shape';
import { internalError } from '../errors';
import type { LoweringContext, Primitive } from '../primitives/primitive';
import type { Atom, Equation, Program } from '../program/program';
import type { CompileOptions } from './backend';

/** A place for elements in a run. */
export type Slot = { readonly dtype: DType; readonly length: number } & (
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'literal'; readonly data: TypedArray }
  /** Values inside the program, one after another. */
  | { readonly kind: 'scratch' }
  /** A result; it may take the place of a donated input. */
  | { readonly kind: 'result'; readonly donor: number | null }
);

/** An operation with a kernel of the backend's, and the slots that it reads and writes. */
export interface Step<K> {
  readonly kernel: K;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Plan<K> {
  readonly slots: readonly Slot[];
  readonly steps: readonly Step<K>[];
  /** The slot of each result. */
  readonly results: readonly number[];
}

export interface Kernels<K> {
  /** The kernel of an operation. */
  choose(primitive: Primitive, context: LoweringContext<object>): K;
  /** A kernel that writes a value of any layout densely. */
  copy(layout: Layout): K;
}

/** Decides, before the first run, where every value lies and which kernels run in which order. */
export function makePlan<K>(program: Program, options: CompileOptions, kernels: Kernels<K>): Plan<K> {
  return new Planner(program, options, kernels).plan();
}

interface Value {
  readonly slot: number;
  readonly layout: Layout;
}

class Planner<K> {
  private readonly slots: Slot[] = [];
  private readonly steps: Step<K>[] = [];
  private readonly values = new Map<number, Value>();
  private readonly literals = new Map<Atom, Value>();
  private readonly lastUse: Map<number, number>;
  private readonly free = new Map<string, number[]>();
  /** How many live values (views included) lie in each slot; Infinity for slots that are never reused. */
  private readonly users = new Map<number, number>();
  private readonly resultVars: Set<number>;
  private readonly availableDonors: Slot[] = [];

  constructor(
    private readonly program: Program,
    private readonly options: CompileOptions,
    private readonly kernels: Kernels<K>,
  ) {
    this.lastUse = lastUses(program);
    this.resultVars = new Set(program.outputs.flatMap((a) => (a.kind === 'var' ? [a.id] : [])));
  }

  plan(): Plan<K> {
    this.program.inputs.forEach((v, index) => {
      const slot = this.addSlot({ kind: 'input', index, dtype: v.dtype, length: sizeOf(v.shape) });
      this.values.set(v.id, { slot, layout: denseLayout(v) });
      this.users.set(slot, 1);
      if (this.options.donated[index] && (this.lastUse.get(v.id) ?? -1) < 0) this.offerDonor(slot);
    });
    this.program.equations.forEach((equation, at) => {
      this.planEquation(equation, at);
    });
    const taken = new Set<number>();
    const results = this.program.outputs.map((atom) => this.planResult(atom, taken));
    return { slots: this.slots, steps: this.steps, results };
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
    const kernel = this.kernels.choose(equation.primitive, {
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
    const result = this.addSlot({ kind: 'result', donor: null, ...placeFor(value.layout) });
    this.steps.push({ kernel: this.kernels.copy(value.layout), inputs: [value.slot], outputs: [result] });
    return { slot: result, layout: denseLayout(value.layout) };
  }

  private materialise(value: Value): Value {
    const dense = this.allocate(value.layout, false);
    this.steps.push({ kernel: this.kernels.copy(value.layout), inputs: [value.slot], outputs: [dense.slot] });
    return dense;
  }

  /** A dense value may still be the front part of a larger buffer. */
  private isWhole({ slot, layout }: Value): boolean {
    return isDense(layout) && sizeOf(layout.shape) === (this.slots[slot] as Slot).length;
  }

  private valueOf(atom: Atom): Value {
    if (atom.kind === 'var') {
      const value = this.values.get(atom.id);
      if (value === undefined) throw internalError(`variable ${atom.id} is read before it is written`);
      return value;
    }
    let value = this.literals.get(atom);
    if (value === undefined) {
      const slot = this.addSlot({ kind: 'literal', data: atom.value.elements('literal'), ...placeFor(atom) });
      value = { slot, layout: denseLayout(atom) };
      this.literals.set(atom, value);
      this.users.set(slot, Number.POSITIVE_INFINITY);
    }
    return value;
  }

  private allocate(type: ShapedType, isResult: boolean): Value {
    const layout = denseLayout(type);
    const place = placeFor(type);
    if (isResult) {
      const slot = this.addSlot({ kind: 'result', donor: this.takeDonor(place), ...place });
      this.users.set(slot, Number.POSITIVE_INFINITY);
      return { slot, layout };
    }
    const reusable = this.free.get(`${place.dtype}${place.length}`)?.pop();
    const slot = reusable ?? this.addSlot({ kind: 'scratch', ...place });
    this.users.set(slot, 1);
    return { slot, layout };
  }

  private release(slot: number): void {
    const users = (this.users.get(slot) ?? 0) - 1;
    this.users.set(slot, users);
    if (users > 0) return;
    const owner = this.slots[slot] as Slot;
    if (owner.kind === 'scratch') {
      const key = `${owner.dtype}${owner.length}`;
      const list = this.free.get(key);
      if (list) list.push(slot);
      else this.free.set(key, [slot]);
    } else if (owner.kind === 'input') {
      this.offerDonor(slot);
    }
  }

  private offerDonor(slot: number): void {
    const owner = this.slots[slot] as Slot;
    if (owner.kind === 'input' && this.options.donated[owner.index]) this.availableDonors.push(owner);
  }

  private takeDonor({ dtype, length }: { dtype: DType; length: number }): number | null {
    const at = this.availableDonors.findIndex((d) => d.dtype === dtype && d.length === length);
    const [donor] = at < 0 ? [] : this.availableDonors.splice(at, 1);
    return donor?.kind === 'input' ? donor.index : null;
  }

  private addSlot(slot: Slot): number {
    return this.slots.push(slot) - 1;
  }
}

function placeFor({ dtype, shape }: ShapedType): { dtype: DType; length: number } {
  return { dtype, length: sizeOf(shape) };
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
