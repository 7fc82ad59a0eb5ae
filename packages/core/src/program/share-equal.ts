import { type Atom, type Equation, identityOf, type Program, paramsKey } from './program';
import { Renaming } from './renaming';

/** Computes once what is computed several times in one region from the same values. */
export function shareEqual(program: Program): Program {
  const renaming = new Renaming();
  const known = new Map<string, Equation>();
  const equations: Equation[] = [];
  for (const original of program.equations) {
    const inputs = original.inputs.map((a) => renaming.of(a));
    const equation = { ...original, inputs };
    const { primitive, params, region } = equation;
    const place = region ? identityOf(region) : '';
    const key = `${place}|${primitive.id}|${paramsKey(params)}|${inputs.map(atomKey).join()}`;
    const same = known.get(key);
    if (same === undefined) {
      known.set(key, equation);
      equations.push(equation);
    } else {
      renaming.replace(equation.outputs, same.outputs);
    }
  }
  return { ...program, equations, outputs: program.outputs.map((a) => renaming.of(a)) };
}

function atomKey(atom: Atom): string {
  return atom.kind === 'var' ? String(atom.id) : `${atom.dtype}:${paramsKey(atom.value.item())}`;
}
