import { range } from '../array/shape';
import { currentBackend } from '../backends/current';
import { inlineCalls, optimise } from '../program/passes';
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

/**
 * What happens to the program of a function until it runs, as text by stage: as it is traced; with calls inlined; simplified,
 * with equal operations shared; then the stages of the backend (fused; its steps, the parts they are split into, its memory).
 *
 * @param example - arguments of the right structure and types; their values are not used.
 */
export function printStages<Args extends unknown[]>(f: (...args: Args) => unknown, ...example: Args): string {
  const { program } = makeProgram(f, ...example);
  const inlined = inlineCalls(program);
  const optimised = optimise(program);
  const stages = [
    { stage: 'traced', text: showProgram(program) },
    { stage: 'inlined', text: showProgram(inlined) },
    { stage: 'optimised', text: showProgram(optimised) },
    ...currentBackend().describe(optimised, { donated: program.inputs.map(() => false) }),
  ];
  return stages.map(({ stage, text }) => `${stage}\n${text.replace(/^/gm, '  ')}`).join('\n');
}
