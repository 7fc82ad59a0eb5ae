import type { NDArray } from '../array/ndarray';
import type { ShapedType } from '../array/shape';
import { internalError } from '../errors';
import { evaluateProgram } from '../program/evaluate';
import { execute } from '../program/execute';
import type { Program } from '../program/program';
import { transposeProgram } from '../program/transpose';
import { bind } from '../trace/bind';
import { type Linearization, linearizeFlat } from '../trace/linearize-trace';
import { traceProgram } from '../trace/program-trace';
import { withRegion } from '../trace/region';
import { jvpFlat } from '../transforms/jvp-flat';
import { vmapFlat } from '../transforms/vmap-flat';
import { fill } from './broadcast';
import { alwaysInlined, definePrimitive, isLinearOperand, type Primitive } from './primitive';

interface CallParams {
  readonly program: Program;
  readonly name: string;
  /** Values are computed again on the way back instead of being kept: checkpointing. */
  readonly recompute?: boolean;
}

/**
 * A compiled function applied to arrays. Its derivative, its transpose and its mapped form are again calls of programs,
 * each derived once from the program and kept.
 */
export const callPrimitive: Primitive<CallParams> = /* @__PURE__ */ definePrimitive<CallParams>({
  name: 'call',
  outputs: (_inputs, { program }) => program.outputs.map(typeOf),
  evaluate: (inputs, { program, name }) => execute(program, inputs, { name }),
  body: ({ program }) => program,

  // Values and tangents come from two calls: what is computed from values alone must not get into a linear program.
  jvp(primals, tangents, params) {
    const active = tangents.map((t) => t !== null);
    const activeTangents = tangents.filter((t) => t !== null);
    if (params.recompute) {
      const outputs = forwardOf(params, active)(primals);
      const results = bind(tangentCallPrimitive, [...primals, ...activeTangents], {
        program: params.program,
        name: params.name,
        active,
      });
      return { outputs, tangents: spread(outputs.map(isFloat), results) };
    }
    const derived = memo(params.program, `jvp ${active.map(Number).join('')}`, () => linearizationOf(params, active));
    const results = derived.forward(primals);
    const outputs = results.slice(0, params.program.outputs.length);
    const residuals = results.slice(outputs.length);
    return { outputs, tangents: spread(derived.active, derived.linear([...residuals, ...activeTangents])) };
  },

  transpose(cotangents, operands, params) {
    const linear = operands.map(isLinearOperand);
    const nonzero = cotangents.map((c) => c !== null);
    const key = `transpose ${linear.map(Number).join('')} ${nonzero.map(Number).join('')}`;
    const derived = memo(params.program, key, () => transposeOf(params, linear, nonzero));
    const values = operands.filter((x): x is NDArray => !isLinearOperand(x));
    const results = derived.apply([...values, ...cotangents.filter((c) => c !== null)]);
    return spread(derived.active, results);
  },

  batch(size, inputs, batched, params) {
    const key = `vmap ${size} ${batched.map(Number).join('')}`;
    const derived = memo(params.program, key, () => batchOf(params, size, batched));
    return { outputs: derived.apply(inputs), batched: derived.active };
  },

  lower: { reference: alwaysInlined },
});

interface TangentCallParams {
  readonly program: Program;
  readonly name: string;
  /** Which inputs of the program have tangents. */
  readonly active: readonly boolean[];
}

/**
 * Tangents of a checkpointed call, as a function of its inputs and their tangents. It is linear in the tangents, and
 * whoever evaluates or transposes it computes the values inside again.
 */
const tangentCallPrimitive: Primitive<TangentCallParams> = /* @__PURE__ */ definePrimitive<TangentCallParams>({
  name: 'tangentCall',
  outputs: (_inputs, { program }) => program.outputs.map(typeOf).filter(isFloat),
  evaluate: (inputs, params) => tangentsOf(inputs, params),
  jvp: (primals, tangents, params) => jvpFlat((xs) => tangentsOf(xs, params), primals, tangents),
  transpose(cotangents, operands, { program, name, active }) {
    const primals = operands.slice(0, program.inputs.length) as NDArray[];
    const region = { recomputes: name };
    const { linear, activeInputs, activeOutputs } = withRegion(region, () =>
      linearizeProgram(program, primals, active),
    );
    const floating = program.outputs.map(isFloat);
    const all = spread(floating, [...cotangents]);
    const inputs = [...linear.constants, ...activeInputs.filter(Boolean).map(() => null)];
    const results = transposeProgram(
      linear.program,
      inputs,
      all.filter((_, i) => activeOutputs[i]),
    );
    return [...primals.map(() => null), ...results.slice(linear.constants.length)];
  },
  batch: (size, inputs, batched, params) => vmapFlat((xs) => tangentsOf(xs, params), size, inputs, batched),
  body: tangentProgram,
  lower: { reference: alwaysInlined },
});

function tangentProgram(params: TangentCallParams): Program {
  const { program, name, active } = params;
  const types = [...program.inputs, ...program.inputs.filter((_, i) => active[i])];
  return memo(program, `tangents ${active.map(Number).join('')}`, () =>
    closedOf(traceProgram(name, types, (xs) => tangentsOf(xs, params))),
  );
}

function closedOf({ program, constants }: ReturnType<typeof traceProgram>): Program {
  if (constants.length > 0) throw internalError('a derived program captured an array');
  return program;
}

function tangentsOf(inputs: readonly NDArray[], { program, active }: TangentCallParams): NDArray[] {
  const primals = inputs.slice(0, program.inputs.length);
  const tangents = spread(active, inputs.slice(program.inputs.length));
  const result = jvpFlat((xs) => evaluateProgram(program, xs), primals, tangents);
  return result.tangents.flatMap((t, i) => {
    const type = program.outputs[i] as ShapedType;
    return isFloat(type) ? [t ?? fill(0, type.shape, type.dtype)] : [];
  });
}

/** A program derived from another, as a function. */
interface Derived {
  apply(inputs: readonly NDArray[]): NDArray[];
  /** Which of the results exist (the others are zero), or carry the mapped axis. */
  active: boolean[];
}

/** Linearises a program in the marked inputs alone. */
function linearizeProgram(program: Program, primals: readonly NDArray[], active: readonly boolean[]): Linearization {
  const free = primals.filter((_, i) => active[i]);
  return linearizeFlat((xs) => {
    let next = 0;
    return evaluateProgram(
      program,
      primals.map((x, i) => (active[i] ? (xs[next++] as NDArray) : x)),
    );
  }, free);
}

function linearizationOf({ program, name }: CallParams, active: readonly boolean[]) {
  let linearization: Linearization | undefined;
  const forward = derivedCall(name, program.inputs, (inputs) => {
    linearization = linearizeProgram(program, inputs, active);
    return [...linearization.outputs, ...linearization.linear.constants];
  });
  const { linear, activeOutputs } = linearization as unknown as Linearization;
  const linearCall = (inputs: readonly NDArray[]) => bind(callPrimitive, inputs, { program: linear.program, name });
  return { forward, linear: linearCall, active: activeOutputs };
}

/** A checkpointed function on the way forward, with the forward rules of functions that have their own derivative. */
function forwardOf(params: CallParams, active: readonly boolean[]): (primals: readonly NDArray[]) => NDArray[] {
  const { program, name } = params;
  if (!hasOwnDerivative(program)) return (primals) => bind(callPrimitive, primals, params);
  return memo(program, `forward ${active.map(Number).join('')}`, () =>
    derivedCall(name, program.inputs, (inputs) => linearizeProgram(program, inputs, active).outputs, true),
  );
}

function hasOwnDerivative(program: Program): boolean {
  return program.equations.some(({ primitive, params }) => {
    const body = primitive.body?.(params);
    return primitive.ownDerivative === true || (body != null && hasOwnDerivative(body));
  });
}

function transposeOf({ program, name }: CallParams, linear: readonly boolean[], nonzero: readonly boolean[]): Derived {
  let active: boolean[] = [];
  const values = program.inputs.filter((_, i) => !linear[i]);
  const types = [...values, ...program.outputs.map(typeOf).filter((_, i) => nonzero[i])];
  const apply = derivedCall(name, types, (inputs) => {
    const known = spread(
      linear.map((l) => !l),
      inputs.slice(0, values.length),
    );
    const results = transposeProgram(program, known, spread(nonzero, inputs.slice(values.length)));
    active = results.map((r) => r !== null);
    return results.filter((r) => r !== null);
  });
  return { apply, active };
}

function batchOf({ program, name, recompute }: CallParams, size: number, mapped: readonly boolean[]): Derived {
  let active: boolean[] = [];
  const types = program.inputs.map((v, i) => (mapped[i] ? { shape: [size, ...v.shape], dtype: v.dtype } : v));
  const apply = derivedCall(
    name,
    types,
    (inputs) => {
      const result = vmapFlat((xs) => evaluateProgram(program, xs), size, inputs, mapped);
      active = result.batched;
      return result.outputs;
    },
    recompute,
  );
  return { apply, active };
}

/** Traces at once; applying it later calls the traced program. */
function derivedCall(
  name: string,
  types: readonly ShapedType[],
  f: (inputs: NDArray[]) => NDArray[],
  recompute?: boolean,
): (inputs: readonly NDArray[]) => NDArray[] {
  const { program, constants } = traceProgram(name, types, f);
  const params: CallParams = recompute ? { program, name, recompute } : { program, name };
  return (inputs) => bind(callPrimitive, [...constants, ...inputs], params);
}

const derivedPrograms = new WeakMap<Program, Map<string, unknown>>();

/** What is derived from a program is derived once. */
function memo<T>(program: Program, key: string, make: () => T): T {
  let entries = derivedPrograms.get(program);
  if (entries === undefined) {
    entries = new Map();
    derivedPrograms.set(program, entries);
  }
  if (!entries.has(key)) entries.set(key, make());
  return entries.get(key) as T;
}

function typeOf({ shape, dtype }: ShapedType): ShapedType {
  return { shape, dtype };
}

function isFloat({ dtype }: ShapedType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** Puts values at the marked places, null elsewhere. */
function spread<T>(marks: readonly boolean[], values: readonly T[]): (T | null)[] {
  let next = 0;
  return marks.map((mark) => (mark ? (values[next++] as T) : null));
}
