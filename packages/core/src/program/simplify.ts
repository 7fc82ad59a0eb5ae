import { allocate } from '../array/dtype';
import { NDArray } from '../array/ndarray';
import { denseLayout, sameShape } from '../array/shape';
import type { Atom, Equation, Literal, Program, Var } from './program';
import { Renaming } from './renaming';

/** Computes scalars that only constants enter, and drops multiplications and divisions by 1. Both keep the bits. */
export function simplify(program: Program): Program {
  const renaming = new Renaming();
  /** Variables that are one constant all over. */
  const constants = new Map<number, Literal>();
  const constantOf = (a: Atom): Literal | undefined => (a.kind === 'literal' ? a : constants.get(a.id));
  const equations: Equation[] = [];
  for (const original of program.equations) {
    const equation = { ...original, inputs: original.inputs.map((a) => renaming.of(a)) };
    const output = equation.outputs[0] as Var;
    const folded = fold(equation);
    if (folded !== null) {
      renaming.replace([output], [folded]);
      continue;
    }
    const same = withoutUnit(equation, constantOf);
    if (same !== null) {
      renaming.replace([output], [same]);
      continue;
    }
    const value = equation.primitive.view && constantOf(equation.inputs[0] as Atom);
    if (value) constants.set(output.id, value);
    equations.push(equation);
  }
  return { ...program, equations, outputs: program.outputs.map((a) => renaming.of(a)) };
}

function fold({ primitive, params, inputs, outputs }: Equation): Literal | null {
  const output = outputs[0] as Var;
  if (!primitive.elementwise || outputs.length !== 1 || output.shape.length > 0 || inputs.length === 0) return null;
  const values = inputs.flatMap((a) => (a.kind === 'literal' ? [a] : []));
  if (values.length < inputs.length) return null;
  const result = allocate(output.dtype, 1);
  const layouts = values.map((v) => denseLayout(v));
  primitive.lower.reference({ inputs: layouts, outputs: [output], params })(
    values.map((v) => v.value.elements('fold')),
    [result],
  );
  const { shape, dtype } = output;
  return { kind: 'literal', shape, dtype, value: NDArray.scalar(result[0] as number, dtype) };
}

/** x for x · 1, 1 · x and x / 1. */
function withoutUnit(
  { primitive, inputs, outputs }: Equation,
  constantOf: (a: Atom) => Literal | undefined,
): Atom | null {
  if (primitive.unit === undefined) return null;
  const [x, y] = inputs as [Atom, Atom];
  const isOne = (a: Atom) => constantOf(a)?.value.item() === 1;
  const kept = isOne(y) ? x : primitive.unit === 'either' && isOne(x) ? y : null;
  return kept && kept.kind === 'var' && sameShape(kept.shape, (outputs[0] as Var).shape) ? kept : null;
}
