import { bind, isLinearOperand, type LinearEquation, type NDArray, np, type TransposeRule, tree } from '@forback/core';
import type { BackwardPass } from './backward-pass';
import type { ProductLayer } from './product-layer';
import type { FeedbackRule, OutputError } from './rule';

/** An operation of the loss's derivative that lies between parameters and errors. */
export interface LinearStep {
  readonly equation: LinearEquation;
  /** The product of a parameter that it belongs to, or null. Its `error` has the right shape, but no meaning yet. */
  readonly layer: ProductLayer | null;
  /** Which half of the product's derivative it is: how the output follows its input, or its weight. */
  readonly through: 'input' | 'weight';
  /** The exact errors of the output layers behind it, or of the layer itself where it is one; none behind the last of them. */
  readonly errors: readonly OutputError[];
}

/** A step as it was met on the way back. */
export interface RecordedStep extends LinearStep {
  readonly cotangents: readonly (NDArray | null)[];
}

/**
 * Runs one linear operation forward. A tangent that is null counts as zero.
 *
 * @param tangents - one for each operand; those of operands that are arrays are ignored.
 */
export function runForward({ equation }: LinearStep, tangents: readonly (NDArray | null)[]): NDArray[] {
  const operands = equation.operands.map((x, i) =>
    isLinearOperand(x) ? (tangents[i] ?? np.zeros([...x.shape], { dtype: x.dtype })) : x,
  );
  return bind(equation.primitive, operands, equation.params);
}

/**
 * The gradient by a rule that sends errors forward, from what `survey` has recorded: once all operations are known, the
 * rule says what reaches each layer, and the operations are transposed a second time with that.
 */
export function replay(survey: BackwardPass, pass: BackwardPass, rule: FeedbackRule, parameters: unknown): unknown {
  pass.forwarded = rule.sendForward?.(survey.recorded.toReversed(), pass) ?? new Map();
  const { leaves, treedef } = tree.flatten(parameters);
  const found = transposeSteps(survey.recorded, pass.transpose);
  return tree.unflatten(
    treedef,
    leaves.map((leaf, i) => found.get(i) ?? np.zerosLike(leaf)),
  );
}

/** @returns gradients by the number of the parameter's leaf; none for zeros. */
function transposeSteps(steps: readonly RecordedStep[], rule: TransposeRule): Map<number, NDArray> {
  const pending = new Map<number, NDArray>();
  const leafOf = new Map<number, number>();
  steps.forEach(({ equation, cotangents }, at) => {
    // Nothing but the loss has a cotangent from outside.
    const incoming = at === 0 ? [...cotangents] : equation.outputs.map((v) => pending.get(v.id) ?? null);
    for (const v of equation.outputs) pending.delete(v.id);
    if (incoming.every((c) => c === null)) return;
    const standard: Parameters<TransposeRule>[2] = (operands = equation.operands) =>
      equation.primitive.transpose(incoming, [...operands], equation.params);
    const outgoing = rule(equation, incoming, standard);
    equation.inputs.forEach((atom, i) => {
      const cotangent = outgoing[i];
      if (atom.kind !== 'var' || !cotangent || !isLinearOperand(equation.operands[i] ?? cotangent)) return;
      const sum = pending.get(atom.id);
      pending.set(atom.id, sum === undefined ? cotangent : sum.add(cotangent));
      const origin = equation.origins[i];
      if (origin) leafOf.set(atom.id, origin.leaf);
    });
  });
  // What no operation took up has reached the parameters themselves.
  return new Map([...pending].flatMap(([id, value]) => (leafOf.has(id) ? [[leafOf.get(id) as number, value]] : [])));
}
