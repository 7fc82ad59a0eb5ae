import { allocate, type TypedArray } from '../array/dtype';
import type { ShapedType } from '../array/shape';
import { Storage } from '../array/storage';
import type { Kernel } from '../primitives/primitive';
import type { Program } from '../program/program';
import { type Backend, type Executable, RunFailure } from './backend';
import { type Kernels, makePlan, type Plan, type Slot, type Step } from './plan';
import { copyKernel } from './strided';

/** A backend that runs a program's operations one after another on JavaScript buffers, over memory planned once. */
export function interpreter(name: string, choose: Kernels<Kernel>['choose']): Backend {
  return {
    name,
    compile: (program, options) => new Interpreted(program, makePlan(program, options, { choose, copy: copyKernel })),
    describe: () => [],
  };
}

const noBuffer: TypedArray = new Float32Array();

/** Scratch lives as long as the executable; results are made anew, or taken from donated inputs. */
export class Interpreted implements Executable {
  readonly outputs: readonly ShapedType[];
  /** The buffers of a run by slot; those of inputs and results are let go of when it ends. */
  private readonly buffers: TypedArray[];
  /** Slots whose buffer changes from run to run. */
  private readonly changing: number[];
  private readonly operands: { readonly inputs: TypedArray[]; readonly outputs: TypedArray[] }[];
  /** Where the first donated buffer is written to. */
  private readonly firstOverwrite: number;

  constructor(
    program: Program,
    private readonly plan: Plan<Kernel>,
  ) {
    const { slots, steps } = plan;
    this.outputs = program.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
    this.buffers = slots.map(lastingBuffer);
    this.changing = slots.flatMap(({ kind }, i) => (kind === 'input' || kind === 'result' ? [i] : []));
    const read = (slot: number) => this.buffers[slot] as TypedArray;
    this.operands = steps.map((step) => ({ inputs: step.inputs.map(read), outputs: step.outputs.map(read) }));
    const overwrites = (index: number) => {
      const slot = slots[index];
      return slot?.kind === 'result' && slot.donor !== null;
    };
    const first = steps.findIndex((step) => step.outputs.some(overwrites));
    this.firstOverwrite = first < 0 ? Number.POSITIVE_INFINITY : first;
  }

  run(inputs: readonly Storage[]): Storage[] {
    const { buffers, operands } = this;
    const { steps, slots, results } = this.plan;
    for (const i of this.changing) buffers[i] = bufferOf(slots[i] as Slot, inputs);
    let at = 0;
    try {
      for (; at < steps.length; at++) {
        const step = steps[at] as Step<Kernel>;
        const { inputs: sources, outputs: targets } = operands[at] as (typeof operands)[number];
        for (let k = 0; k < sources.length; k++) sources[k] = buffers[step.inputs[k] as number] as TypedArray;
        for (let k = 0; k < targets.length; k++) targets[k] = buffers[step.outputs[k] as number] as TypedArray;
        step.kernel(sources, targets);
      }
      return results.map((slot) => new Storage(buffers[slot] as TypedArray));
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

function lastingBuffer(slot: Slot): TypedArray {
  if (slot.kind === 'literal') return slot.data;
  return slot.kind === 'scratch' ? allocate(slot.dtype, slot.length) : noBuffer;
}

function bufferOf(slot: Slot, inputs: readonly Storage[]): TypedArray {
  if (slot.kind === 'input') return (inputs[slot.index] as Storage).local;
  if (slot.kind === 'result' && slot.donor !== null) return (inputs[slot.donor] as Storage).local;
  return allocate(slot.dtype, slot.length);
}
