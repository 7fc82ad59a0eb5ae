import type { NDArray } from '../array/ndarray';
import { DifferentiationError } from '../errors';
import { add } from '../primitives/arithmetic';
import { isLinearOperand, type LinearOperand, type Primitive, type TransposeOperand } from '../primitives/primitive';
import { bind } from '../trace/bind';
import type { Atom, Equation, Origin, Program, SourceEquation, Var } from './program';

/** One linear operation on its way back. */
export interface LinearEquation {
  readonly primitive: Primitive;
  readonly params: object;
  /** Arrays, or the type of the operand in which the operation is linear. */
  readonly operands: readonly TransposeOperand[];
  /** Which differentiated argument each operand is: the argument's value, or its tangent. */
  readonly origins: readonly (Origin | null)[];
  /** The operation of the differentiated function that this is a derivative of. */
  readonly source: SourceEquation | undefined;
  /**
   * Names of the operands and results in the linear program. An error that leaves through the input of one operation
   * arrives at the operation whose output has the same variable.
   */
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Var[];
}

/**
 * Says how one linear operation is transposed. Returns a cotangent for each operand: null for operands that are arrays,
 * and null (a zero) wherever no error shall flow. `standard` is the exact transpose; call it with other operands to
 * send the error back through other weights.
 *
 * Operations are visited from the last to the first, so a rule may keep what it saw nearer to the output.
 */
export type TransposeRule = (
  equation: LinearEquation,
  cotangents: readonly (NDArray | null)[],
  standard: (operands?: readonly TransposeOperand[]) => (NDArray | null)[],
) => (NDArray | null)[];

export interface TransposeOptions {
  readonly rule?: TransposeRule | undefined;
  /** Which argument a value is. */
  originOf?(value: NDArray): Origin | null;
  /** Leaf numbers of the linear inputs, in their order. */
  readonly leaves?: readonly number[];
}

/**
 * Runs a linear program backwards: from cotangents of its outputs to cotangents of its linear inputs.
 *
 * @param inputs - a value for each input; null marks those in which the program is linear.
 * @param cotangents - one for each output; null is zero.
 * @returns one for each input; null for zeros and for inputs with a value.
 */
export function transposeProgram(
  program: Program,
  inputs: readonly (NDArray | null)[],
  cotangents: readonly (NDArray | null)[],
  options: TransposeOptions = {},
): (NDArray | null)[] {
  const values = new Map<number, NDArray>();
  const tangentOrigins = new Map<number, Origin>();
  let linearInputs = 0;
  program.inputs.forEach((v, i) => {
    const value = inputs[i] ?? null;
    if (value !== null) {
      values.set(v.id, value);
      return;
    }
    const leaf = options.leaves?.[linearInputs++];
    if (leaf !== undefined) tangentOrigins.set(v.id, { leaf, rearrange: (x) => x });
  });

  const linear: Equation[] = [];
  const read = (atom: Atom): NDArray | undefined => (atom.kind === 'literal' ? atom.value : values.get(atom.id));
  for (const equation of program.equations) {
    const operands = equation.inputs.map(read);
    if (operands.every((x) => x !== undefined)) {
      const results = bind(equation.primitive, operands, equation.params);
      equation.outputs.forEach((v, i) => {
        values.set(v.id, results[i] as NDArray);
      });
      continue;
    }
    linear.push(equation);
    const first = equation.inputs[0];
    const origin = first?.kind === 'var' ? tangentOrigins.get(first.id) : undefined;
    if (equation.primitive.relayout && origin) {
      const rearrange = (x: NDArray) => bind(equation.primitive, [origin.rearrange(x)], equation.params)[0] as NDArray;
      tangentOrigins.set((equation.outputs[0] as Var).id, { leaf: origin.leaf, rearrange });
    }
  }

  const pending = new Map<number, NDArray>();
  const accumulate = (atom: Atom, cotangent: NDArray | null | undefined) => {
    if (!cotangent || atom.kind === 'literal' || values.has(atom.id)) return;
    const sum = pending.get(atom.id);
    pending.set(atom.id, sum === undefined ? cotangent : add(sum, cotangent));
  };
  program.outputs.forEach((atom, i) => {
    accumulate(atom, cotangents[i]);
  });

  for (const equation of linear.reverse()) {
    const incoming = equation.outputs.map((v) => pending.get(v.id) ?? null);
    if (incoming.every((c) => c === null)) continue;
    for (const v of equation.outputs) pending.delete(v.id);
    const operands = equation.inputs.map((atom): TransposeOperand => read(atom) ?? linearOperand(atom));
    const standard = (replaced: readonly TransposeOperand[] = operands) =>
      equation.primitive.transpose(incoming, [...replaced], equation.params);
    const outgoing = options.rule
      ? checkRuleResult(
          equation,
          operands,
          options.rule(
            {
              primitive: equation.primitive,
              params: equation.params,
              operands,
              origins: equation.inputs.map((atom, i) => {
                const operand = operands[i] as TransposeOperand;
                if (!isLinearOperand(operand)) return options.originOf?.(operand) ?? null;
                return (atom.kind === 'var' && tangentOrigins.get(atom.id)) || null;
              }),
              source: equation.source,
              inputs: equation.inputs,
              outputs: equation.outputs,
            },
            incoming,
            standard,
          ),
        )
      : standard();
    equation.inputs.forEach((atom, i) => {
      accumulate(atom, outgoing[i]);
    });
  }
  return program.inputs.map((v) => pending.get(v.id) ?? null);
}

function linearOperand(atom: Atom): LinearOperand {
  return { linear: true, shape: atom.shape, dtype: atom.dtype };
}

function checkRuleResult(
  equation: Equation,
  operands: readonly TransposeOperand[],
  result: (NDArray | null)[],
): (NDArray | null)[] {
  const where = `transpose rule for ${equation.primitive.name}`;
  if (!Array.isArray(result) || result.length !== operands.length) {
    throw new DifferentiationError(
      `${where}: expected an array of ${operands.length} cotangents (null where there is none), got ${
        Array.isArray(result) ? `${result.length}` : typeof result
      }`,
    );
  }
  operands.forEach((operand, i) => {
    const cotangent = result[i];
    if (!cotangent || !isLinearOperand(operand)) return;
    const { shape, dtype } = operand;
    if (cotangent.dtype !== dtype || cotangent.shape.join() !== shape.join()) {
      throw new DifferentiationError(
        `${where}: expected cotangent ${i} to be ${dtype}[${shape.join(', ')}], ` +
          `got ${cotangent.dtype}[${cotangent.shape.join(', ')}]`,
      );
    }
  });
  return result;
}
