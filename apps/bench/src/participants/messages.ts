import type { InputSpec, Workload } from '../cases/case';

/** What a measured process is asked, one line of JSON each. It answers with `Answer`, in the same order. */
export type Request =
  | { readonly do: 'start'; readonly threads: number; readonly options: Readonly<Record<string, unknown>> }
  | {
      readonly do: 'prepare';
      readonly workload: Workload;
      readonly inputs: readonly StoredArray[];
      readonly traffic: number;
    }
  /** Computes the results from the inputs and writes each to `folder`. Training: two steps, the parameters and the last loss. */
  | { readonly do: 'check'; readonly folder: string }
  /** `warm` iterations that are not timed, then `iterations` that are. */
  | { readonly do: 'run'; readonly iterations: number; readonly warm: number };

export interface StoredArray extends Pick<InputSpec, 'name' | 'shape' | 'dtype'> {
  /** Row-major, little-endian. */
  readonly file: string;
}

export interface Started {
  /** Of the library and of what runs it, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** How it was set up, for people. */
  readonly settings: string;
}

export interface Checked {
  readonly outputs: readonly StoredArray[];
}

export interface Measured {
  readonly nanoseconds: number;
  /** The most memory that the process has had resident, in bytes. */
  readonly peakMemory: number;
}

export interface Answers {
  start: Started;
  prepare: Record<string, never>;
  check: Checked;
  run: Measured;
}

export type Answer =
  | { readonly id: number; readonly ok: unknown }
  /** `unsupported`: the library cannot do this; anything else is a failure. */
  | { readonly id: number; readonly error: string; readonly unsupported?: boolean };
