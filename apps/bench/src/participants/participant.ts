import type { Workload } from '../cases/case';

/** An array in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface Task {
  readonly workload: Workload;
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Bytes that an iteration has to read and write. */
  readonly traffic: number;
}

/** A case, ready to be run in this process. */
export interface Prepared {
  /** The results for the inputs, whatever ran before. */
  results(): Promise<Record<string, Tensor>>;
  /** Back to the inputs. Not timed. */
  reset?(): void | Promise<void>;
  /** Computes so many times, and returns when the last result exists. */
  iterate(count: number): void | Promise<void>;
}

export interface StartSettings {
  readonly threads: number;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Participant {
  start(settings: StartSettings): Promise<{ versions: Record<string, string>; settings: string }>;
  prepare(task: Task): Prepared | Promise<Prepared>;
}

/** The library has no way to do this. */
export class Unsupported extends Error {}

/** Steps after which parameters are compared. */
export const checkedSteps = 2;

export const learningRate = { sgd: 0.01, adam: 0.001 } as const;

export function input(task: Task, name: string): Tensor {
  const found = task.inputs[name];
  if (found === undefined) throw new Error(`the case has no input ${name}`);
  return found;
}

/** The parameters w0, b0, w1, ... of a task. */
export function parameters(task: Task): [name: string, value: Tensor][] {
  return Object.entries(task.inputs).filter(([name]) => /^[wb]\d+$/.test(name));
}

export function firstRows({ shape, data }: Tensor, rows: number): Tensor {
  const rest = shape.slice(1);
  return {
    shape: [rows, ...rest],
    data: data.subarray(
      0,
      rest.reduce((a, b) => a * b, rows),
    ),
  };
}

/** Where a library cannot gather: a row for each label, with a one at its place. */
export function oneHot({ shape, data }: Tensor, classes: number): Tensor {
  const hot = new Float32Array(data.length * classes);
  data.forEach((label, i) => {
    hot[i * classes + label] = 1;
  });
  return { shape: [...shape, classes], data: hot };
}

/** Axis i of the result is axis `order[i]` of `x`. */
export function permute({ shape, data }: Tensor, order: readonly number[]): Tensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const to = order.map((axis) => shape[axis] as number);
  const from = order.map((axis) => strides[axis] as number);
  const result = new Float32Array(data.length);
  const place = to.map(() => 0);
  let at = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[at] as number;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] as number) + 1;
      at += from[axis] as number;
      if ((place[axis] as number) < (to[axis] as number)) break;
      at -= (from[axis] as number) * (to[axis] as number);
      place[axis] = 0;
    }
  }
  return { shape: to, data: result };
}
