import { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import type { Atom, Equation, Program, Var } from './program';

/** The program as text: one line for each operation, `name: type = operation[parameters] operands`. */
export function showProgram(program: Program): string {
  return lines(program).join('\n');
}

function lines(program: Program): string[] {
  const names = new Map<number, string>();
  const name = (v: Var): string => {
    let found = names.get(v.id);
    if (found === undefined) {
      found = letters(names.size);
      names.set(v.id, found);
    }
    return found;
  };
  const typed = (v: Var) => `${name(v)}: ${showType(v)}`;
  const atom = (a: Atom) => (a.kind === 'var' ? name(a) : String(a.value.item()));
  const equation = (e: Equation): string[] => {
    const { text, programs } = showParams(e.params);
    const head = `${e.outputs.map(typed).join(', ')} = ${e.primitive.name}${text}`;
    return [[head, ...e.inputs.map(atom)].join(' '), ...programs.flatMap((p) => lines(p).map((l) => `  ${l}`))];
  };
  return [
    `inputs ${program.inputs.map(typed).join(', ')}`,
    ...program.equations.flatMap(equation),
    `outputs ${program.outputs.map(atom).join(', ')}`,
  ];
}

function letters(n: number): string {
  const letter = String.fromCharCode(97 + (n % 26));
  return n < 26 ? letter : letters(Math.floor(n / 26) - 1) + letter;
}

function showParams(params: object): { text: string; programs: Program[] } {
  const programs: Program[] = [];
  const shown = Object.entries(params).flatMap(([key, value]) => {
    if (value === undefined || typeof value === 'function') return [];
    if (typeof value === 'object' && value !== null && 'equations' in value) {
      programs.push(value as Program);
      return [];
    }
    return [`${key}=${showValue(value)}`];
  });
  return { text: shown.length > 0 ? `[${shown.join(' ')}]` : '', programs };
}

function showValue(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(showValue).join(' ')})`;
  return value instanceof NDArray ? showType(value) : String(value);
}
