import type { NDArray } from '../array/ndarray';
import { checkAxis, range, showType } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { broadcastInDim } from '../primitives/broadcast';
import { moveAxis } from '../primitives/transpose';
import { unflatten } from '../tree/tree';
import { type AnyFunction, checkFunction, flatFunction, flattenArguments } from './arguments';
import { vmapFlat } from './vmap-flat';

/** An axis for every leaf of an argument, null for an argument that is not mapped. */
export type MappedAxis = number | null;

export interface VmapOptions {
  /** The axis to map over, for all arguments or for each. null passes an argument whole. Default: 0. */
  inAxes?: MappedAxis | readonly MappedAxis[];
  /** Where the mapped axis goes in every output. Default: 0. */
  outAxes?: number;
}

/**
 * Maps a function over an axis of its arguments without a loop: write it for one example, run it on a batch.
 *
 * @returns a function with the same arguments, each leaf with one axis more, giving outputs with one axis more.
 * @throws ShapeError where mapped axes differ in size; ArgumentError where nothing is mapped.
 */
export function vmap<Args extends unknown[], R>(
  f: (...args: Args) => R,
  options: VmapOptions = {},
): (...args: Args) => R {
  checkFunction('vmap', f);
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args) => {
    const axes = Array.isArray(inAxes) ? (inAxes as readonly MappedAxis[]) : args.map(() => inAxes as MappedAxis);
    if (axes.length !== args.length) {
      throw new ArgumentError(`vmap: inAxes has ${axes.length} entries, but the call has ${args.length} arguments`);
    }
    const mapped = range(args.length).filter((i) => axes[i] !== null);
    const flat = flattenArguments('vmap', args, mapped);
    const moved = flat.parts.flatMap(({ index, flat: part }) =>
      part.leaves.map((leaf) => {
        const axis = checkAxis(`vmap: argument ${index} (${showType(leaf)})`, axes[index] as number, leaf.ndim);
        return moveAxis(leaf, axis, 0);
      }),
    );
    const size = commonSize(moved);
    const flatF = flatFunction('vmap', f as AnyFunction, args, flat);
    const result = vmapFlat(
      flatF.call,
      size,
      moved,
      moved.map(() => true),
    );
    const placed = result.outputs.map((y, i) => {
      const full = result.batched[i] ? y : broadcastInDim(y, [size, ...y.shape], range(y.ndim, 1));
      return moveAxis(full, 0, checkAxis('vmap: outAxes', outAxes, full.ndim));
    });
    return unflatten<R>(flatF.result().treedef, placed);
  };
}

function commonSize(leaves: readonly NDArray[]): number {
  const first = leaves[0];
  if (first === undefined)
    throw new ArgumentError('vmap: nothing to map over: give at least one array whose inAxes is not null');
  const size = first.shape[0] as number;
  for (const leaf of leaves) {
    if (leaf.shape[0] !== size) {
      throw new ShapeError(`vmap: mapped axes must have one size, got ${size} and ${leaf.shape[0]}`);
    }
  }
  return size;
}
