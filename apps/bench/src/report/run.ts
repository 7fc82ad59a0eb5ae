import type { CaseResult } from '../measure/measure-case';
import type { Missing } from '../measure/roster';

/** How a run was made. */
export interface RunMeta {
  readonly forback: string;
  /** `built`: the packages as they are published; `source`: the sources, compiled as they were loaded. */
  readonly code: 'built' | 'source';
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly threads: number;
  readonly repetitions: number;
  readonly init: Readonly<Record<string, unknown>>;
}

export interface Run {
  readonly meta: RunMeta;
  readonly results: readonly CaseResult[];
  readonly missing: readonly Missing[];
  /** False if it was stopped before the last case. */
  readonly complete: boolean;
}

export const ourName = 'forback';

/** The peers that have a value in any case, in the order in which they first appear. */
export function peersOf(results: readonly CaseResult[]): string[] {
  return [...new Set(results.flatMap((r) => Object.keys(r.ratios)))];
}

export function describeMeta(meta: RunMeta): string {
  const code = meta.code === 'built' ? 'built packages' : 'SOURCES, compiled as they are loaded: not for publication';
  const settings = Object.keys(meta.init).length === 0 ? '' : `, init(${JSON.stringify(meta.init)})`;
  return (
    `forback ${meta.forback} (${code}${settings}), Node ${meta.node}, ${meta.threads} of ${meta.cores} threads, ` +
    `${meta.cpu}, ${meta.platform}, ${meta.repetitions} rounds`
  );
}

/** Name, versions and settings of everybody who took part, a line each. */
export function describeContestants(results: readonly CaseResult[]): string[] {
  const lines = new Map<string, string>();
  for (const { versions, settings } of results) {
    for (const [name, own] of Object.entries(versions)) {
      const version = Object.entries(own).map(([what, number]) => `${what} ${number}`);
      lines.set(name, `${name}: ${version.join(', ')}; ${settings[name] ?? ''}`);
    }
  }
  return [...lines.values()];
}
