import { allocate, type TypedArray } from '../array/dtype';
import { denseLayout, isDense, type Layout, type Shape, sizeOf } from '../array/shape';
import type { Kernel, LoweringContext } from '../primitives/primitive';

/** The runs of constant step that visit the elements of a shape in row-major order in several operands at once. */
export interface Runs {
  /** Elements in a run. */
  readonly length: number;
  readonly count: number;
  /** Step of each operand inside a run. */
  readonly steps: readonly number[];
  /** Start of each operand in each run: `starts[operand][run]`. */
  readonly starts: readonly Int32Array[];
}

/** Merges axes that lie behind one another in every operand, then lists the starts of the innermost runs. */
export function planRuns(shape: Shape, layouts: readonly Layout[]): Runs {
  const axes = shape
    .map((size, i) => ({ size, steps: layouts.map((l) => l.strides[i] as number) }))
    .filter((axis) => axis.size !== 1);
  const merged: typeof axes = [];
  for (const axis of axes) {
    const outer = merged[merged.length - 1];
    if (outer?.steps.every((step, i) => step === (axis.steps[i] as number) * axis.size)) {
      merged[merged.length - 1] = { size: outer.size * axis.size, steps: axis.steps };
    } else {
      merged.push(axis);
    }
  }
  const inner = merged.pop() ?? { size: 1, steps: layouts.map(() => 0) };
  const count = sizeOf(merged.map((a) => a.size));
  const starts = layouts.map((layout, operand) => {
    const list = new Int32Array(count);
    let filled = 1;
    list[0] = layout.offset;
    for (const axis of merged) {
      const step = axis.steps[operand] as number;
      // Expand from the back so that each start is read before it is overwritten.
      for (let i = filled - 1; i >= 0; i--) {
        for (let j = axis.size - 1; j >= 0; j--) list[i * axis.size + j] = (list[i] as number) + j * step;
      }
      filled *= axis.size;
    }
    return list;
  });
  return { length: inner.size, count: sizeOf(shape) === 0 ? 0 : count, steps: inner.steps, starts };
}

/** Writes a value of any layout densely. */
export function copyKernel(layout: Layout): Kernel {
  const { length, count, steps, starts } = planRuns(layout.shape, [layout]);
  const step = steps[0] as number;
  const from = starts[0] as Int32Array;
  return ([x], [out]) => {
    copyRuns(x as TypedArray, out as TypedArray, from, count, length, step);
  };
}

function copyRuns(x: TypedArray, out: TypedArray, from: Int32Array, count: number, length: number, step: number): void {
  if (step === 1 && length >= 32) {
    for (let r = 0; r < count; r++) {
      const start = from[r] as number;
      out.set(x.subarray(start, start + length), r * length);
    }
    return;
  }
  let o = 0;
  for (let r = 0; r < count; r++) {
    for (let i = 0, at = from[r] as number; i < length; i++, at += step) out[o++] = x[at] as number;
  }
}

/** Offsets of all elements of a layout in row-major order. */
export function elementOffsets(layout: Layout): Int32Array {
  const { length, count, steps, starts } = planRuns(layout.shape, [layout]);
  const offsets = new Int32Array(length * count);
  let o = 0;
  for (let r = 0; r < count; r++) {
    const start = (starts[0] as Int32Array)[r] as number;
    for (let i = 0; i < length; i++) offsets[o++] = start + i * (steps[0] as number);
  }
  return offsets;
}

/** The layout of the same buffer without some axes, and of those axes alone. */
export function splitLayout(layout: Layout, axes: readonly number[]): { kept: Layout; dropped: Layout } {
  const pick = (keep: boolean): Layout => ({
    dtype: layout.dtype,
    offset: keep ? layout.offset : 0,
    shape: layout.shape.filter((_, i) => axes.includes(i) !== keep),
    strides: layout.strides.filter((_, i) => axes.includes(i) !== keep),
  });
  return { kept: pick(true), dropped: pick(false) };
}

/** Lets a kernel for dense operands take operands of any layout, by copying those that need it. */
export function densified<P>(lower: (context: LoweringContext<P>) => Kernel): (context: LoweringContext<P>) => Kernel {
  return (context) => {
    const kernel = lower({ ...context, inputs: context.inputs.map(denseLayout) });
    if (context.inputs.every(isDense)) return kernel;
    const copies = context.inputs.map((layout) =>
      isDense(layout) ? null : { copy: copyKernel(layout), buffer: allocate(layout.dtype, sizeOf(layout.shape)) },
    );
    return (inputs, outputs) => {
      const ready = inputs.map((data, i) => {
        const entry = copies[i];
        entry?.copy([data], [entry.buffer]);
        return entry?.buffer ?? data;
      });
      kernel(ready, outputs);
    };
  };
}
