// How a loop visits operands of one shape but different layouts: an inner axis in vectors, and axes around it.

import { bytesPerElement } from '../../array/dtype';
import type { Layout, Shape } from '../../array/shape';

export interface IterationAxis {
  readonly size: number;
  /** Bytes from one element to the next, for each operand. */
  readonly steps: readonly number[];
}

/** Axes from the outermost to the innermost, where neighbours that every operand visits as one are joined. */
export function iterationAxes(shape: Shape, operands: readonly Layout[], join = true): IterationAxis[] {
  const axes: IterationAxis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const steps = operands.map((o) => (o.strides[i] as number) * bytesPerElement(o.dtype));
    const outer = axes.at(-1);
    if (join && outer?.steps.every((step, k) => step === (steps[k] as number) * size)) {
      axes[axes.length - 1] = { size: outer.size * size, steps };
    } else {
      axes.push({ size, steps });
    }
  });
  return axes;
}

/** What the inner loop does with an operand: one element for all, a vector at a time, or element by element. */
export type Access = 'uniform' | 'stream' | 'gather';

export function accessOf(step: number, bytes: number): Access {
  if (step === 0) return 'uniform';
  return step === bytes ? 'stream' : 'gather';
}
