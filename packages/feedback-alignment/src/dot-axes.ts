import type { Shape } from '@forback/core';

/** A general dot product of an input and a weight, with its axes sorted by what they are. Sizes, and permutations. */
export interface DotAxes {
  /** Sizes of the input's axes that are in the output: they number examples. */
  readonly examples: Shape;
  /** Sizes of the axes that both share and the output keeps. */
  readonly pairs: Shape;
  /** Sizes of the weight's axes that are in the output. */
  readonly weightFree: Shape;
  /** Sizes of the axes that are summed over. */
  readonly contracted: Shape;
  /** Of the output: to [examples, pairs, weightFree]. */
  readonly outputOrder: readonly number[];
  /** From [examples, pairs, contracted] to the input. */
  readonly inputOrder: readonly number[];
  /** Of the weight: to [pairs, weightFree, contracted]. */
  readonly weightOrder: readonly number[];
}

interface DotDimensions {
  readonly contract: readonly [readonly number[], readonly number[]];
  readonly batch: readonly [readonly number[], readonly number[]];
}

/** @param side - which operand is the weight. */
export function dotAxes(params: object, shapes: readonly [Shape, Shape], side: 0 | 1): DotAxes {
  const { contract, batch } = params as DotDimensions;
  const inputSide = side === 1 ? 0 : 1;
  const [input, weight] = [shapes[inputSide], shapes[side]];
  const free = (of: 0 | 1) =>
    shapes[of].map((_, axis) => axis).filter((axis) => !contract[of].includes(axis) && !batch[of].includes(axis));
  const [inputFree, weightFree] = [free(inputSide), free(side)];
  const sizes = (shape: Shape, axes: readonly number[]) => axes.map((axis) => shape[axis] as number);
  const pairs = batch[0].map((_, i) => i);
  const [firstFree, lastFree] = side === 1 ? [inputFree, weightFree] : [weightFree, inputFree];
  const first = firstFree.map((_, i) => pairs.length + i);
  const last = lastFree.map((_, i) => pairs.length + firstFree.length + i);
  const inputAxes = [...inputFree, ...batch[inputSide], ...contract[inputSide]];
  return {
    examples: sizes(input, inputFree),
    pairs: sizes(weight, batch[side]),
    weightFree: sizes(weight, weightFree),
    contracted: sizes(weight, contract[side]),
    outputOrder: side === 1 ? [...first, ...pairs, ...last] : [...last, ...pairs, ...first],
    inputOrder: inputAxes.map((_, axis) => inputAxes.indexOf(axis)),
    weightOrder: [...batch[side], ...weightFree, ...contract[side]],
  };
}
