// Programs whose values lie in the engine's memory. A run takes one piece of working memory, laid out when the program is
// compiled; donated arrays stay in the memory, and what they become takes their place.

import type { TypedArray } from '../../array/dtype';
import type { ShapedType } from '../../array/shape';
import { Storage } from '../../array/storage';
import type { Kernel } from '../../primitives/primitive';
import type { Program } from '../../program/program';
import { type Executable, RunFailure } from '../backend';
import type { Plan, Slot } from '../plan';
import { alignment, bytesOf, Head, isLarge, layOut, padding, stays } from './arena-layout';
import type { Engine } from './engine';
import { roundUp } from './heap';
import type { NativeKernel, Place } from './native';
import type { Resident } from './resident';
import type { SharedFunction } from './team';

/** How a step runs: as native code, or as a JavaScript loop over views of the memory. */
export type ArenaKernel = { readonly native: NativeKernel } | { readonly loop: Kernel };

/** Calls of one step, with their tables at byte offsets of the arena. */
interface NativeCall {
  readonly job: SharedFunction;
  readonly parts: number;
  readonly serial: boolean;
  readonly table: number;
}

interface LoopCall {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly sources: TypedArray[];
  readonly targets: TypedArray[];
}

type Call = NativeCall | LoopCall;

/** A word of the tables that holds an address: of a slot, or of working memory (slot −1). */
interface Address {
  readonly word: number;
  readonly slot: number;
  readonly bytes: number;
}

const noElements = new Float32Array();

export class ArenaProgram implements Executable {
  readonly outputs: readonly ShapedType[];
  readonly #engine: Engine;
  readonly #plan: Plan<ArenaKernel>;
  readonly #calls: Call[] = [];
  /** Tables and literals, as they stand at the start of the arena. */
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #addresses: Address[] = [];
  /** Where each slot lies in the arena, in bytes. */
  readonly #offsets: Float64Array;
  readonly #bytes: number;
  /** Where each slot lay in the last run. */
  readonly #places: Float64Array;
  readonly #views: (TypedArray | undefined)[] = [];
  #viewed: ArrayBufferLike | null = null;
  #base = -1;
  /** Inputs that the run brings into the arena. */
  readonly #toCopy: number[] = [];
  /** Large results, which stay in the memory, each in a block of its own. */
  readonly #staying: readonly number[];
  /** Which result takes each input's place. */
  readonly #heirs: (number | undefined)[];
  readonly #firstOverwrite: number;

  constructor(engine: Engine, program: Program, plan: Plan<ArenaKernel>) {
    this.#engine = engine;
    this.#plan = plan;
    this.outputs = program.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.#heirs = program.inputs.map(() => undefined);
    plan.slots.forEach((slot, i) => {
      if (slot.kind === 'result' && slot.donor !== null) this.#heirs[slot.donor] = i;
    });
    this.#staying = plan.slots.flatMap((slot, i) => (stays(slot) ? [i] : []));
    const head = new Head();
    this.#offsets = new Float64Array(plan.slots.length);
    this.#places = new Float64Array(plan.slots.length).fill(-1);
    plan.slots.forEach((slot, i) => {
      if (slot.kind === 'literal') this.#offsets[i] = head.literal(slot.data);
    });
    const tables = plan.steps.map(({ kernel }) =>
      'native' in kernel ? kernel.native.stages.map((stage) => head.reserve(4 * stage.words.length)) : [],
    );
    const scratch = layOut(plan, this.#heirs, roundUp(head.bytes, alignment), this.#offsets);
    const sharedBytes = largest(plan, (kernel) => kernel.scratchBytes ?? 0);
    const ownBytes = largest(plan, (kernel) => kernel.ownBytes ?? 0);
    this.#bytes = scratch + sharedBytes + engine.team.size * ownBytes + padding;
    this.#words = head.words();
    let firstOverwrite = Number.POSITIVE_INFINITY;
    plan.steps.forEach((step, at) => {
      const { kernel, inputs, outputs } = step;
      if ('native' in kernel && kernel.native.check) {
        const sources = inputs.map((): TypedArray => noElements);
        this.#calls.push({ kernel: kernel.native.check, inputs, outputs: [], sources, targets: [] });
      }
      if (outputs.some((slot) => this.#isHeir(slot))) firstOverwrite = Math.min(firstOverwrite, this.#calls.length);
      if ('loop' in kernel) {
        const empty = (slots: readonly number[]) => slots.map((): TypedArray => noElements);
        this.#calls.push({ kernel: kernel.loop, inputs, outputs, sources: empty(inputs), targets: empty(outputs) });
        return;
      }
      kernel.native.stages.forEach(({ run, parts, words, serial = false }, k) => {
        const table = (tables[at] as number[])[k] as number;
        words.forEach((word, w) => {
          const index = table / 4 + w;
          if (typeof word === 'number') this.#words[index] = word;
          else this.#addresses.push(addressOf(word, index, step, { shared: scratch, own: scratch + sharedBytes }));
        });
        this.#calls.push({ job: engine.link(run), parts, serial: serial || parts === 1, table });
      });
    });
    this.#firstOverwrite = firstOverwrite;
  }

  /** Working memory of a run. */
  get bytes(): number {
    return this.#bytes;
  }

  run(inputs: readonly Storage[]): Storage[] {
    const engine = this.#engine;
    const base = engine.enter(this.#bytes);
    const pinned: Resident[] = [];
    const blocks: number[] = [];
    let at = -1;
    try {
      this.#bind(base, inputs, pinned, blocks);
      const { team, heap } = engine;
      if (this.#viewed !== heap.memory.buffer) this.#forgetViews(heap.memory.buffer);
      heap.all('int32').set(this.#words, base >> 2);
      this.#copyIn(inputs);
      for (at = 0; at < this.#calls.length; at++) {
        const call = this.#calls[at] as Call;
        if ('job' in call) team.run(call.job, base + call.table, call.parts, call.serial);
        else this.#loop(call);
      }
      return this.#collect(inputs);
    } catch (error) {
      for (const block of blocks) engine.heap.free(block);
      throw new RunFailure(error, at >= this.#firstOverwrite);
    } finally {
      for (const resident of pinned) resident.pinned = false;
      engine.leave(base);
    }
  }

  /** Finds the place of every slot; nothing has been written yet when memory runs out. */
  #bind(base: number, inputs: readonly Storage[], pinned: Resident[], blocks: number[]): void {
    const { slots } = this.#plan;
    const places = this.#places;
    let moved = base !== this.#base;
    this.#toCopy.length = 0;
    const place = (slot: number, address: number) => {
      if (places[slot] === address) return;
      places[slot] = address;
      this.#views[slot] = undefined;
      moved = true;
    };
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as Slot;
      if (slot.kind !== 'input') continue;
      const storage = inputs[slot.index] as Storage;
      const heir = this.#heirs[slot.index];
      let resident = this.#engine.residentOf(storage);
      if (resident === null && heir !== undefined) resident = this.#engine.settle(storage, slot, 'state');
      else if (resident === null && isLarge(slot) && storage.reads++ > 0) {
        resident = this.#engine.settle(storage, slot, 'input');
      }
      if (resident !== null) {
        resident.pinned = true;
        pinned.push(resident);
      }
      const address = resident?.address ?? base + (this.#offsets[i] as number);
      if (resident === null) this.#toCopy.push(i);
      place(i, address);
      if (heir !== undefined) place(heir, address);
    }
    for (const i of this.#staying) {
      const address = this.#engine.allocateResident(bytesOf(slots[i] as Slot));
      blocks.push(address);
      place(i, address);
    }
    if (!moved) return;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as Slot;
      if (!this.#isHeir(i) && slot.kind !== 'input' && !stays(slot)) place(i, base + (this.#offsets[i] as number));
    }
    for (const { word, slot, bytes } of this.#addresses) {
      this.#words[word] = (slot < 0 ? base : (places[slot] as number)) + bytes;
    }
    this.#base = base;
  }

  #isHeir(slot: number): boolean {
    const { kind, donor } = this.#plan.slots[slot] as Slot & { donor?: number | null };
    return kind === 'result' && donor !== null;
  }

  #copyIn(inputs: readonly Storage[]): void {
    for (const i of this.#toCopy) {
      const slot = this.#plan.slots[i] as Slot & { kind: 'input' };
      this.#view(i).set((inputs[slot.index] as Storage).local);
    }
  }

  #loop({ kernel, inputs, outputs, sources, targets }: LoopCall): void {
    for (let k = 0; k < inputs.length; k++) sources[k] = this.#view(inputs[k] as number);
    for (let k = 0; k < outputs.length; k++) targets[k] = this.#view(outputs[k] as number);
    kernel(sources, targets);
  }

  #view(slot: number): TypedArray {
    let view = this.#views[slot];
    if (view === undefined) {
      const { dtype, length } = this.#plan.slots[slot] as Slot;
      view = this.#engine.heap.view(dtype, this.#places[slot] as number, length) as TypedArray;
      this.#views[slot] = view;
    }
    return view;
  }

  #forgetViews(buffer: ArrayBufferLike): void {
    this.#viewed = buffer;
    this.#views.fill(undefined);
  }

  #collect(inputs: readonly Storage[]): Storage[] {
    return this.#plan.results.map((index) => {
      const slot = this.#plan.slots[index] as Slot & { kind: 'result' };
      const { dtype, length } = slot;
      if (stays(slot)) return this.#engine.adopt({ dtype, length, address: this.#places[index] as number });
      if (slot.donor === null) return new Storage(this.#view(index).slice());
      return (this.#engine.residentOf(inputs[slot.donor] as Storage) as Resident).passOn();
    });
  }
}

function addressOf(
  { of, index, bytes }: Place,
  word: number,
  step: { inputs: readonly number[]; outputs: readonly number[] },
  scratch: { shared: number; own: number },
): Address {
  if (of === 'input') return { word, slot: step.inputs[index] as number, bytes };
  if (of === 'output') return { word, slot: step.outputs[index] as number, bytes };
  return { word, slot: -1, bytes: bytes + (of === 'own' ? scratch.own : scratch.shared) };
}

function largest(plan: Plan<ArenaKernel>, bytes: (kernel: NativeKernel) => number): number {
  const needs = plan.steps.map(({ kernel }) => ('native' in kernel ? bytes(kernel.native) : 0));
  return roundUp(Math.max(0, ...needs), alignment);
}
