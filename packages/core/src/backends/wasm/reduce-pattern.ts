// Which axes of an array a reduction runs over, as its loops see them.

import { bytesPerElement } from '../../array/dtype';
import { denseLayout, type Layout, type Shape, type ShapedType, sizeOf } from '../../array/shape';
import { smallestNative } from './native';

/** One size and, for each operand, the bytes from one element to the next. */
interface Axis {
  readonly size: number;
  readonly steps: readonly number[];
}

/** The axes of a reduction, each of one step: those around that stay, those around that are reduced, the innermost. */
export interface Pattern {
  readonly kept: Axis;
  readonly reduced: Axis;
  readonly inner: Axis;
  readonly innerReduced: boolean;
}

/** Whether a reduction over these axes needs no copy of a dense operand. */
export function isReducible({ shape, dtype }: ShapedType, axes: readonly number[]): boolean {
  return sizeOf(shape) >= smallestNative && findPattern(shape, [denseLayout({ shape, dtype })], axes) !== null;
}

export function sameSizes(x: Pattern | null, y: Pattern): boolean {
  const sizes = (p: Pattern) => [p.kept.size, p.reduced.size, p.inner.size, p.innerReduced].join();
  return x !== null && sizes(x) === sizes(y);
}

/** Null where the axes are too many for two loops around another. */
export function findPattern(shape: Shape, operands: readonly Layout[], axes: readonly number[]): Pattern | null {
  const groups: { reduced: boolean; axis: Axis }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const reduced = axes.includes(i);
    const steps = operands.map((o) => (o.strides[i] as number) * bytesPerElement(o.dtype));
    const outer = groups.at(-1);
    if (outer?.reduced === reduced && outer.axis.steps.every((step, k) => step === (steps[k] as number) * size)) {
      groups[groups.length - 1] = { reduced, axis: { size: outer.axis.size * size, steps } };
    } else {
      groups.push({ reduced, axis: { size, steps } });
    }
  });
  const none: Axis = { size: 1, steps: operands.map(() => 0) };
  const inner = groups.pop() ?? { reduced: true, axis: none };
  const kept = groups.filter((g) => !g.reduced);
  const reduced = groups.filter((g) => g.reduced);
  if (kept.length > 1 || reduced.length > 1) return null;
  return {
    kept: kept[0]?.axis ?? none,
    reduced: reduced[0]?.axis ?? none,
    inner: inner.axis,
    innerReduced: inner.reduced,
  };
}
