// Writing a value of any layout densely.

import { denseLayout, type Layout } from '../../array/shape';
import { moveStages } from './move-kernel';
import { inputAt, type NativeKernel, type NativeStage, outputAt, type Place } from './native';

export function copyKernel(layout: Layout): NativeKernel {
  return { stages: copyStages(layout, inputAt(0), outputAt(0)) };
}

/** Copies the value at `from`, whose layout is given, to `to`. */
export function copyStages(layout: Layout, from: Place, to: Place): NativeStage[] {
  return moveStages({ from: { place: from, layout }, to: { place: to, layout: denseLayout(layout) } });
}
