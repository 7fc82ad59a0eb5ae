// Adding the taps of windows back at the places they came from.

import { denseLayout, type Layout, type ShapedType, sizeOf } from '../../array/shape';
import { moveStages } from './move-kernel';
import { inputAt, type NativeKernel, type NativeStage, outputAt } from './native';

/**
 * `places` is where each tap of the input comes from in the output; the last `taps` axes count the taps. One tap of all
 * windows goes to places that differ, and an element's sum runs over its windows in order: so the last taps come first.
 */
export function foldKernel(input: Layout, output: ShapedType, places: Layout, taps: number): NativeKernel {
  const place = outputAt(0);
  const lead = input.shape.length - taps;
  const sizes = input.shape.slice(lead);
  const stages: NativeStage[] = moveStages({ from: 0, to: { place, layout: denseLayout(output) } });
  for (let tap = sizeOf(sizes) - 1; tap >= 0; tap--) {
    const at = (layout: Layout): Layout => {
      let [rest, offset] = [tap, layout.offset];
      for (let axis = taps - 1; axis >= 0; axis--) {
        const n = sizes[axis] as number;
        offset += (rest % n) * (layout.strides[lead + axis] as number);
        rest = Math.floor(rest / n);
      }
      return { ...layout, shape: layout.shape.slice(0, lead), strides: layout.strides.slice(0, lead), offset };
    };
    stages.push(
      ...moveStages({ from: { place: inputAt(0), layout: at(input) }, to: { place, layout: at(places) }, add: true }),
    );
  }
  return { stages };
}
