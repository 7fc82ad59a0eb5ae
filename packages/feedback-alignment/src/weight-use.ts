import {
  type Layout,
  type LinearEquation,
  makeProgram,
  type NDArray,
  np,
  type Origin,
  type Shape,
} from '@forback/core';
import { repeatsOverBatch } from './dot-axes';

/** Which operand of an operation of the model is a weight, and whose. */
export interface WeightUse {
  readonly leaf: number;
  /** Position of the weight among the operands: 0 or 1. */
  readonly side: 0 | 1;
  /** Marks the axes of the operand along which the parameter is repeated. */
  readonly repeated: readonly boolean[];
  /** To the layout in which the model uses it. */
  rearrange(parameter: NDArray): NDArray;
}

/** The operations that are products, and what a layer made of one is called. */
export const productKinds = { dot: 'dense', conv: 'conv', convInputGradient: 'convTranspose' } as const;

/** The weight of a product of a parameter and something else; null for every other operation. */
export function weightUse(
  { source, primitive, params }: LinearEquation,
  parameters: readonly { readonly leaf: NDArray }[],
): WeightUse | null {
  // The sum of a product's two tangents is also derived from the product.
  if (!source || source.primitive !== primitive || !(primitive.name in productKinds)) return null;
  const uses = ([0, 1] as const).flatMap((side): WeightUse[] => {
    const origin = source.origins[side];
    if (!origin) return [];
    const repeated = repeatedAxes(origin, parameters[origin.leaf]?.leaf as NDArray, source.inputs[side] as NDArray);
    const isWeight = repeated && (primitive.name === 'dot' ? repeatsOverBatch(params, side, repeated) : !any(repeated));
    return isWeight ? [{ leaf: origin.leaf, side, repeated, rearrange: (x) => origin.rearrange(x) }] : [];
  });
  // A parameter that stands for each example (a learned first state) is the input of another one.
  const plain = uses.filter(({ repeated }) => !any(repeated));
  const candidates = plain.length > 0 ? plain : uses;
  return candidates.length === 1 ? (candidates[0] as WeightUse) : null;
}

function any(marks: readonly boolean[]): boolean {
  return marks.includes(true);
}

/** Along which axes a rearranged parameter repeats itself; null where a copy hides it. */
function repeatedAxes({ rearrange }: Origin, parameter: NDArray, used: NDArray): readonly boolean[] | null {
  if (parameter.size === used.size) return used.shape.map(() => false);
  const { shape, dtype } = parameter;
  let layout: Layout | null = { shape, dtype, offset: 0, strides: denseStrides(shape) };
  for (const { primitive, params } of makeProgram(rearrange, np.zeros([...shape], { dtype })).program.equations) {
    // Casts keep the layout.
    if (layout && primitive.view) layout = primitive.view(layout, params);
    else if (!primitive.elementwise) layout = null;
  }
  if (layout === null) return null;
  const { strides, shape: found } = layout;
  return strides.map((stride, axis) => stride === 0 && found[axis] !== 1);
}

function denseStrides(shape: Shape): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
}
