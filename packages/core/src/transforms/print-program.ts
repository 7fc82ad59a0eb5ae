import { range } from '../array/shape';
import { showProgram } from '../program/print';
import type { ClosedProgram } from '../program/program';
import { traceProgram } from '../trace/program-trace';
import { type AnyFunction, checkFunction, flatFunction, flattenArguments } from './arguments';

/**
 * Traces a function of trees of arrays to its program. The first inputs of the program stand for the arrays that the
 * function captured; then come the leaves of the arguments.
 */
export function makeProgram<Args extends unknown[]>(f: (...args: Args) => unknown, ...example: Args): ClosedProgram {
  checkFunction('makeProgram', f);
  const flat = flattenArguments('makeProgram', example, range(example.length));
  const { call } = flatFunction('makeProgram', f as AnyFunction, example, flat);
  return traceProgram(f.name || 'makeProgram', flat.leaves, call);
}

/**
 * The program of a function as text, one operation a line. What does not contribute to the result is left out.
 *
 * @param example - arguments of the right structure and types; their values are not used.
 */
export function printProgram<Args extends unknown[]>(f: (...args: Args) => unknown, ...example: Args): string {
  return showProgram(makeProgram(f, ...example).program);
}
