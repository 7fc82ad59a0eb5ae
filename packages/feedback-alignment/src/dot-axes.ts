import type { Shape } from '@forback/core';

/** A general dot product of an input and a weight, with its axes sorted by what they are. Sizes, and permutations. */
export interface DotAxes {
  /** Sizes of the input's axes that number examples: those that the weight lacks, or repeats itself along. */
  readonly examples: Shape;
  /** Sizes of the axes that both share and the output keeps: a weight of its own for each. */
  readonly pairs: Shape;
  /** Sizes of the weight's axes that are in the output. */
  readonly weightFree: Shape;
  /** Sizes of the axes that are summed over. */
  readonly contracted: Shape;
  /** Of the output: to [examples, pairs, weightFree]. */
  readonly outputOrder: readonly number[];
  /** From [examples, pairs, contracted] to the input. */
  readonly inputOrder: readonly number[];
  /** Of the weight: to [repeated axes, pairs, weightFree, contracted]. */
  readonly weightOrder: readonly number[];
}

interface DotDimensions {
  readonly contract: readonly [readonly number[], readonly number[]];
  readonly batch: readonly [readonly number[], readonly number[]];
}

/**
 * @param side - which operand is the weight.
 * @param repeated - marks the axes of the weight along which it repeats itself; they are batch axes.
 */
export function dotAxes(
  params: object,
  shapes: readonly [Shape, Shape],
  side: 0 | 1,
  repeated: readonly boolean[],
): DotAxes {
  const { contract, batch } = params as DotDimensions;
  const inputSide = side === 1 ? 0 : 1;
  const [input, weight] = [shapes[inputSide], shapes[side]];
  const free = (of: 0 | 1) =>
    shapes[of].map((_, axis) => axis).filter((axis) => !contract[of].includes(axis) && !batch[of].includes(axis));
  const [inputFree, weightFree] = [free(inputSide), free(side)];
  const sizes = (shape: Shape, axes: readonly number[]) => axes.map((axis) => shape[axis] as number);
  const isRepeated = (pair: number) => repeated[batch[side][pair] as number] === true;
  const all = batch[0].map((_, pair) => pair);
  const [pairs, spread] = [all.filter((pair) => !isRepeated(pair)), all.filter(isRepeated)];
  const axesOf = (of: 0 | 1, list: readonly number[]) => list.map((pair) => batch[of][pair] as number);
  const examples = [...inputFree, ...axesOf(inputSide, spread)].sort((a, b) => a - b);
  const inputFrom = all.length + (side === 1 ? 0 : weightFree.length);
  const weightFrom = all.length + (side === 1 ? inputFree.length : 0);
  const outputAxis = (axis: number) => {
    const pair = batch[inputSide].indexOf(axis);
    return pair >= 0 ? pair : inputFrom + inputFree.indexOf(axis);
  };
  const inputAxes = [...examples, ...axesOf(inputSide, pairs), ...contract[inputSide]];
  return {
    examples: sizes(input, examples),
    pairs: sizes(weight, axesOf(side, pairs)),
    weightFree: sizes(weight, weightFree),
    contracted: sizes(weight, contract[side]),
    outputOrder: [...examples.map(outputAxis), ...pairs, ...weightFree.map((_, i) => weightFrom + i)],
    inputOrder: inputAxes.map((_, axis) => inputAxes.indexOf(axis)),
    weightOrder: [...axesOf(side, spread), ...axesOf(side, pairs), ...weightFree, ...contract[side]],
  };
}

/** Whether a weight repeats itself along batch axes alone, if at all. */
export function repeatsOverBatch(params: object, side: 0 | 1, repeated: readonly boolean[]): boolean {
  const { batch } = params as DotDimensions;
  return repeated.every((yes, axis) => !yes || batch[side].includes(axis));
}
