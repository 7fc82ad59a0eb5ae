import { createHash } from 'node:crypto';
import { experimentsOf, type PackageRows } from './load-rows';
import type { Budget, Experiment, Json } from './row';

/** One run of an experiment with one seed. */
export interface Job {
  readonly package: string;
  /** The file that has the experiment. */
  readonly file: string;
  readonly experiment: string;
  readonly seed: number;
  readonly settings: Json;
  /** Of the package and of the core. */
  readonly version: string;
  /** Estimates, in seconds and MB. */
  readonly seconds: number;
  readonly memory: number;
}

/** How much is run. */
export interface Extent {
  readonly quick: boolean;
  /** Seeds of every experiment; undefined: as many as each asks for. */
  readonly seeds: number | undefined;
}

/** Null where `--quick` leaves the experiment out. */
export function budgetOf(experiment: Experiment, { quick, seeds }: Extent): Budget | null {
  const budget = quick ? experiment.quick : experiment.full;
  return budget === null || seeds === undefined ? budget : { ...budget, seeds };
}

/** Every run that the rows need, each once. */
export function planJobs({ name, file, rows }: PackageRows, extent: Extent, version: string): Job[] {
  return experimentsOf(rows).flatMap((experiment) => {
    const budget = budgetOf(experiment, extent);
    if (budget === null) return [];
    const { settings, seconds, memory } = budget;
    return Array.from(
      { length: budget.seeds },
      (_, seed): Job => ({
        package: name,
        file,
        experiment: experiment.name,
        seed,
        settings: settings as Json,
        version,
        seconds,
        memory,
      }),
    );
  });
}

/** What a result is stored under: equal keys, equal results. */
export function jobKey(job: Pick<Job, 'package' | 'experiment' | 'settings' | 'seed' | 'version'>): string {
  return [job.package, job.experiment, settingsHash(job.settings), `seed ${job.seed}`, job.version].join(' ');
}

/** For people. */
export function jobTitle({ package: name, experiment, seed }: Pick<Job, 'package' | 'experiment' | 'seed'>): string {
  return `${name}/${experiment} seed ${seed}`;
}

/** The same for equal settings, whatever the order of their names. */
export function settingsHash(settings: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings as Json)))
    .digest('hex')
    .slice(0, 12);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value) as [string, Json][];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, v]) => [name, sorted(v)]));
}
