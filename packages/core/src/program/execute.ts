import { NDArray } from '../array/ndarray';
import { showType } from '../array/shape';
import type { Storage } from '../array/storage';
import { type Backend, type Executable, RunFailure } from '../backends/backend';
import { currentBackend } from '../backends/current';
import { DonatedArrayError, internalError } from '../errors';
import type { Primitive } from '../primitives/primitive';
import { LruCache } from './lru-cache';
import { optimise } from './passes';
import { identityOf, newVar, type Program, paramsKey, programKey } from './program';

/** Executables by backend, program structure and donated inputs: equal programs share one. */
const executables = new LruCache<Executable>(2048);

/** Where a program's executable was found the last time, so that the key of a large program is not looked up every time. */
const known = new WeakMap<Program, { backend: Backend; donated: string; executable: Executable }>();

/** The executable of a program, shared by all programs of its structure. */
function executableFor(program: Program, donated: readonly boolean[] = noneDonated): Executable {
  const backend = currentBackend();
  const mask = donated.map(Number).join('');
  const last = known.get(program);
  if (last?.backend === backend && last.donated === mask) return last.executable;
  const executable = compileCached(programKey(program), () => program, donated);
  known.set(program, { backend, donated: mask, executable });
  return executable;
}

function compileCached(key: string, makeProgram: () => Program, donated: readonly boolean[]): Executable {
  const backend = currentBackend();
  const fullKey = `${identityOf(backend)}|${donated.map(Number).join('')}|${key}`;
  let executable = executables.get(fullKey);
  if (executable === undefined) {
    executable = backend.compile(optimise(makeProgram()), { donated });
    executables.set(fullKey, executable);
  }
  return executable;
}

/** Runs one operation: a program of a single equation. */
export function evaluateEquation<P extends object>(
  primitive: Primitive<P>,
  inputs: readonly NDArray[],
  params: P,
): NDArray[] {
  let key = `eager ${primitive.id} ${paramsKey(params)}`;
  for (const x of inputs) key += `|${x.dtype}${x.shape.join(' ')}`;
  const executable = compileCached(key, () => singleEquation(primitive, inputs, params), noneDonated);
  const buffers = inputs.map((x) => x.storage(primitive.name));
  return run(executable, buffers, () => {});
}

const noneDonated: readonly boolean[] = [];

function singleEquation<P extends object>(primitive: Primitive<P>, inputs: readonly NDArray[], params: P): Program {
  const variables = inputs.map(newVar);
  const outputs = primitive.outputs(inputs, params).map(newVar);
  return { inputs: variables, equations: [{ primitive, params, inputs: variables, outputs }], outputs };
}

export interface ExecuteOptions {
  /** Named in the error when a donated array is read again. */
  readonly name?: string;
  /** Which inputs give up their buffers. */
  readonly donated?: readonly boolean[];
}

/** Runs a program on concrete arrays. */
export function execute(program: Program, inputs: readonly NDArray[], options: ExecuteOptions = {}): NDArray[] {
  const name = options.name ?? 'jit';
  const donated = options.donated ?? noneDonated;
  const executable = executableFor(program, donated);
  const buffers = inputs.map((x) => x.storage(name));
  checkDonatedOnce(name, inputs, buffers, donated);
  const giveAway = () => {
    inputs.forEach((x, i) => {
      if (donated[i]) x.giveAway(name);
    });
  };
  // After an error too, what has been written over is lost.
  const results = run(executable, buffers, giveAway);
  giveAway();
  return results;
}

function run(executable: Executable, buffers: readonly Storage[], onLoss: () => void): NDArray[] {
  try {
    return wrap(executable, executable.run(buffers));
  } catch (error) {
    if (!(error instanceof RunFailure)) throw error;
    if (error.overwritten) onLoss();
    throw error.cause;
  }
}

function checkDonatedOnce(
  name: string,
  inputs: readonly NDArray[],
  buffers: readonly Storage[],
  donated: readonly boolean[],
): void {
  donated.forEach((d, i) => {
    if (!d || !buffers.some((b, j) => j !== i && b === buffers[i])) return;
    throw new DonatedArrayError(
      `${name}: a donated ${showType(inputs[i] as NDArray)} is used twice in one call, as another argument or through the ` +
        "function's closure; pass a copy",
    );
  });
}

function wrap(executable: Executable, buffers: readonly Storage[]): NDArray[] {
  return buffers.map((storage, i) => {
    const type = executable.outputs[i];
    if (type === undefined) throw internalError('executable returned too many outputs');
    return NDArray.stored(storage, type);
  });
}
