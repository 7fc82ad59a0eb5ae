import type { NDArray } from '../array/ndarray';
import { DifferentiationError, LeakedTracerError } from '../errors';
import type { Primitive } from '../primitives/primitive';

/**
 * One transform at work. Its tracers are arrays whose `trace` is this object and whose `payload` it alone understands.
 * Traces nest like calls: an operation goes to the innermost trace among its inputs.
 */
export interface Trace {
  readonly name: string;
  readonly level: number;
  /** Makes a tracer of this trace from a value of an outer one. */
  lift(value: NDArray): NDArray;
  process(primitive: Primitive, inputs: NDArray[], params: object): NDArray[];
  /** The value of an outer trace that carries this tracer's numbers, or null where there are none yet. */
  lower(tracer: NDArray): NDArray | null;
}

const stack: Trace[] = [];
let ambient: Trace | null = null;

/**
 * Runs `body` with a new trace on the stack. An ambient trace also gets the operations without any tracer, so that a
 * compiled function contains what it computes from constants.
 */
export function withTrace<T extends Trace, R>(
  make: (level: number) => T,
  options: { ambient: boolean },
  body: (trace: T) => R,
): R {
  const trace = make(stack.length + 1);
  const outerAmbient = ambient;
  stack.push(trace);
  if (options.ambient) ambient = trace;
  try {
    return body(trace);
  } finally {
    stack.length = trace.level - 1;
    ambient = outerAmbient;
  }
}

export function assertLive(trace: Trace, where: string): void {
  if (stack[trace.level - 1] === trace) return;
  throw new LeakedTracerError(
    `${where}: got a value from inside ${trace.name}, whose function has already returned. ` +
      'Do not store intermediate arrays outside the function: return them (hasAux) instead.',
  );
}

/**
 * Checks that the results of an operation's rule belong to outer traces. They do, unless a function with its own
 * derivative uses a tracer that it did not get as an argument.
 */
export function assertOuter(trace: Trace, where: string, results: readonly (NDArray | null)[]): void {
  if (results.every((y) => y?.trace !== trace)) return;
  throw new DifferentiationError(
    `${where}: the function uses an array of ${trace.name} from outside, through its closure; pass it as an argument`,
  );
}

/** The trace that an operation on `inputs` belongs to; null when it can simply be run. */
export function findTrace(where: string, inputs: readonly NDArray[]): Trace | null {
  let top = ambient;
  for (const input of inputs) {
    const trace = input.trace;
    if (trace === null) continue;
    assertLive(trace, where);
    if (top === null || trace.level > top.level) top = trace;
  }
  return top;
}
