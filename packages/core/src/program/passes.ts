import { type Atom, type Equation, newVar, type Program, type Region, type Var } from './program';
import { shareEqual } from './share-equal';
import { simplify } from './simplify';

/** The passes that every backend's programs go through. */
export function optimise(program: Program): Program {
  return removeDeadCode(shareEqual(simplify(inlineCalls(program))));
}

/** Replaces calls by the operations of the called programs. */
export function inlineCalls(program: Program): Program {
  if (!program.equations.some((e) => e.primitive.body?.(e.params))) return program;
  const equations: Equation[] = [];
  const outputs = inlineInto(equations, program, program.inputs);
  return { inputs: program.inputs, equations, outputs };
}

function inlineInto(equations: Equation[], program: Program, inputs: readonly Atom[], region?: Region): Atom[] {
  const renamed = new Map<number, Atom>();
  program.inputs.forEach((v, i) => {
    renamed.set(v.id, inputs[i] as Atom);
  });
  const rename = (a: Atom): Atom => (a.kind === 'literal' ? a : (renamed.get(a.id) as Atom));
  for (const equation of program.equations) {
    const operands = equation.inputs.map(rename);
    const body = equation.primitive.body?.(equation.params);
    if (body) {
      const results = inlineInto(equations, body, operands, equation.region ?? region);
      equation.outputs.forEach((v, i) => {
        renamed.set(v.id, results[i] as Atom);
      });
      continue;
    }
    const outputs = equation.outputs.map((v) => {
      const fresh = newVar(v);
      renamed.set(v.id, fresh);
      return fresh;
    });
    equations.push({ ...equation, inputs: operands, outputs, region: equation.region ?? region });
  }
  return program.outputs.map(rename);
}

/** Drops operations whose results nobody reads. */
export function removeDeadCode(program: Program): Program {
  const live = new Set<number>();
  const mark = (atoms: readonly Atom[]) => {
    for (const a of atoms) if (a.kind === 'var') live.add(a.id);
  };
  mark(program.outputs);
  const kept: Equation[] = [];
  for (let i = program.equations.length - 1; i >= 0; i--) {
    const equation = program.equations[i] as Equation;
    if (!equation.outputs.some((v: Var) => live.has(v.id))) continue;
    mark(equation.inputs);
    kept.push(equation);
  }
  return { ...program, equations: kept.reverse() };
}
