import { inspect, isDeepStrictEqual } from 'node:util';
import type { Rule } from './rule';

/** Anything that JSON keeps. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a run gives: one figure, or several with names. */
export type Values = number | Readonly<Record<string, number>>;

/** What a run gets besides its seed and its settings. */
export interface RunContext {
  /** Aborted when the run should stop. What it returns afterwards is thrown away. */
  readonly signal: AbortSignal;
  /** The share of the run that is done, from 0 to 1. */
  onProgress(share: number): void;
  /** Folder with data sets; undefined: where the loaders look by themselves. */
  readonly dataDir: string | undefined;
}

/** How an experiment is run, and what a run with one seed takes. */
export interface Budget<Settings = unknown> {
  /** What JSON keeps. They are the identity of the result: other settings, another result. */
  readonly settings: Settings;
  /** Runs with the seeds 0, 1, ... unless `--seeds` says otherwise. */
  readonly seeds: number;
  /** Time of one run on one core, in seconds. An estimate. */
  readonly seconds: number;
  /** The most memory of one run, in MB. An estimate; runs share the machine by it. */
  readonly memory: number;
}

/** What is computed. Several rows can look at one experiment; it runs once for each seed, in a process of its own. */
export interface Experiment<Settings = unknown, V extends Values = Values> {
  /** Unique in its package. */
  readonly name: string;
  readonly full: Budget<Settings>;
  /** Null: too much for `--quick`. */
  readonly quick: Budget<Settings> | null;
  /**
   * Computes with one seed. The same seed and settings have to give the same values.
   *
   * @throws NoDataError where its data are missing.
   */
  run(seed: number, settings: Settings, context: RunContext): Promise<V>;
}

/** The data of an experiment are not there. The message says which, and how to get them. */
export class NoDataError extends Error {
  override readonly name = 'NoDataError';
}

/** A published figure. */
export interface Published {
  readonly value: number;
  readonly sd?: number;
  /** Number of seeds or splits behind `sd`. */
  readonly seeds?: number;
  /** Where it was read: printed in the paper, the authors' code, or a public training log. Nothing else is quoted. */
  readonly tag: 'paper' | 'code' | 'log';
}

/** A claim, what was published about it, and how ours is obtained and judged. */
export interface Row<Results extends Readonly<Record<string, Values>> = Readonly<Record<string, Values>>> {
  /** Unique in its package. */
  readonly name: string;
  readonly claim: string;
  readonly published: Published | null;
  /** Paper, section, table; for a log, what was trained. Differences from our settings belong here. */
  readonly source: string;
  readonly unit: string;
  /** `target`: as near to the published value as possible. */
  readonly better: 'higher' | 'lower' | 'target';
  /** The experiments that the row looks at. */
  readonly from: { readonly [Name in keyof Results]: Experiment<unknown, Results[Name]> };
  /** Our figure for one seed, from the results of the experiments with that seed. */
  value(results: Results): number;
  /** Written down before the run. */
  readonly rule: Rule;
  /** For `--quick`, where its settings differ from those of the full run. Default: not judged. */
  readonly quickRule?: Rule;
  /** Why ours is not what was published, if the reason is known. */
  readonly note?: string;
}

/**
 * Checks an experiment.
 *
 * @throws TypeError for a budget of nothing, or settings that JSON does not keep.
 */
export function experiment<Settings, V extends Values>(definition: Experiment<Settings, V>): Experiment<Settings, V> {
  const { name, full, quick } = definition;
  for (const { seeds, seconds, memory, settings } of quick === null ? [full] : [full, quick]) {
    if (!(Number.isInteger(seeds) && seeds >= 1 && seconds > 0 && memory > 0)) {
      throw new TypeError(
        `experiment ${name}: expected one seed or more, and seconds and memory above 0, got ${seeds}, ${seconds} and ${memory}`,
      );
    }
    if (settings === undefined || !isDeepStrictEqual(JSON.parse(JSON.stringify(settings)), settings))
      throw new TypeError(`experiment ${name}: expected settings that JSON keeps, got ${inspect(settings)}`);
  }
  return definition;
}

/**
 * Checks a row, and forgets the types of its results.
 *
 * @throws TypeError for a rule that needs a published value where there is none.
 */
export function row<Results extends Readonly<Record<string, Values>>>(definition: Row<Results>): Row {
  if (definition.rule.needsPublished && definition.published === null)
    throw new TypeError(`row ${definition.name}: the rule "${definition.rule.text}" needs a published value, got null`);
  return definition as unknown as Row;
}
