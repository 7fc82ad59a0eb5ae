// Concatenation, padding and blocks at positions known only at run time, as moves.

import { denseLayout, type Layout, rowMajorStrides, type Shape, type ShapedType } from '../../array/shape';
import { moveStages } from './move-kernel';
import { inputAt, type NativeKernel, outputAt } from './native';

/** The inputs one behind the other along an axis. */
export function concatenateKernel(inputs: readonly Layout[], output: ShapedType, axis: number): NativeKernel {
  const whole = denseLayout(output);
  let position = 0;
  const stages = inputs.flatMap((layout, i) => {
    const offset = position * (whole.strides[axis] as number);
    position += layout.shape[axis] as number;
    const to = { place: outputAt(0), layout: { ...whole, shape: layout.shape, offset } };
    return moveStages({ from: { place: inputAt(i), layout }, to });
  });
  return { stages };
}

/** A value over the whole output, then the input at `inside`. */
export function padKernel(input: Layout, output: ShapedType, inside: Layout, value: number): NativeKernel {
  const place = outputAt(0);
  return {
    stages: [
      ...moveStages({ from: value, to: { place, layout: denseLayout(output) } }),
      ...moveStages({ from: { place: inputAt(0), layout: input }, to: { place, layout: inside } }),
    ],
  };
}

/** Inputs: operand, starts. */
export function dynamicSliceKernel(operand: ShapedType, sizes: Shape): NativeKernel {
  const layout = { ...denseLayout(operand), shape: sizes };
  const to = { place: outputAt(0), layout: denseLayout({ shape: sizes, dtype: operand.dtype }) };
  return {
    stages: moveStages({ from: { place: inputAt(0), layout }, to, start: blockStart('from', 1, operand, sizes) }),
  };
}

/** Inputs: operand, update, starts. */
export function dynamicUpdateSliceKernel(operand: ShapedType, update: ShapedType): NativeKernel {
  const place = outputAt(0);
  const layout = denseLayout(operand);
  const block = { ...layout, shape: update.shape };
  return {
    stages: [
      ...moveStages({ from: { place: inputAt(0), layout }, to: { place, layout } }),
      ...moveStages({
        from: { place: inputAt(1), layout: denseLayout(update) },
        to: { place, layout: block },
        start: blockStart('to', 2, operand, update.shape),
      }),
    ],
  };
}

function blockStart(side: 'from' | 'to', input: number, { shape }: ShapedType, sizes: Shape) {
  const last = shape.map((n, i) => n - (sizes[i] as number));
  return { side, positions: inputAt(input), last, strides: rowMajorStrides(shape) };
}
