import type { NDArray } from '../array/ndarray';
import { internalError } from '../errors';
import { bind } from '../trace/bind';
import { withRegion } from '../trace/region';
import type { Atom, Program } from './program';

/** Applies a program to arrays, operation by operation, so that the transforms at work see each of them. */
export function evaluateProgram(program: Program, inputs: readonly NDArray[]): NDArray[] {
  if (inputs.length !== program.inputs.length) {
    throw internalError(`program takes ${program.inputs.length} inputs, got ${inputs.length}`);
  }
  const values = new Map<number, NDArray>();
  const read = (atom: Atom) => (atom.kind === 'literal' ? atom.value : (values.get(atom.id) as NDArray));
  program.inputs.forEach((v, i) => {
    values.set(v.id, inputs[i] as NDArray);
  });
  for (const equation of program.equations) {
    const { primitive, params, region } = equation;
    const results = withRegion(region, () => bind(primitive, equation.inputs.map(read), params));
    equation.outputs.forEach((v, i) => {
      values.set(v.id, results[i] as NDArray);
    });
  }
  return program.outputs.map(read);
}
