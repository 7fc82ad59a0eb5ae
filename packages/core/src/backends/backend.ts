import type { ShapedType } from '../array/shape';
import type { Storage } from '../array/storage';
import type { Program } from '../program/program';

export interface CompileOptions {
  /** Inputs whose buffers the program may write into and return. */
  readonly donated: readonly boolean[];
}

/** Thrown by `run` when an operation fails, around its error. */
export class RunFailure extends Error {
  constructor(
    override readonly cause: unknown,
    /** Whether donated inputs may have been overwritten already. */
    readonly overwritten: boolean,
  ) {
    super();
  }
}

/** A compiled program. */
export interface Executable {
  readonly outputs: readonly ShapedType[];
  /** Inputs and outputs are dense and row-major. Outputs belong to the caller; inputs that are not donated stay unchanged. */
  run(inputs: readonly Storage[]): Storage[];
  /** It will not run again. */
  dispose?(): void;
}

/** What a backend's memory holds. Arrays in JavaScript's memory are not counted: `process.memoryUsage()` is about those. */
export interface MemoryUse {
  /** Arrays whose elements are there: state, large results and large inputs. Some may be garbage that was not needed yet. */
  readonly arrays: number;
  readonly arrayBytes: number;
  /** All that is in use: arrays, working memory of programs, code for threads. */
  readonly usedBytes: number;
  /** The most that was ever in use. */
  readonly peakBytes: number;
  /** What was asked of the system; it is never given back. */
  readonly reservedBytes: number;
}

/** The whole interface between programs and machines. */
export interface Backend {
  readonly name: string;
  /** Absent where the backend has no memory of its own. */
  memory?(): MemoryUse;
  compile(program: Program, options: CompileOptions): Executable;
  /** What compiling makes of a program, by stage, as text. */
  describe(program: Program, options: CompileOptions): { readonly stage: string; readonly text: string }[];
}
