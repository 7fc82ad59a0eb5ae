import { budgetOf, type Extent, settingsHash } from './job';
import type { Experiment, Row, Values } from './row';
import type { JobOutcome } from './run-job';
import { type Summary, summarise } from './summary';

export type Verdict =
  | 'reproduced'
  | 'not reproduced'
  /** The rule has nothing to say: it only reports, there are too few seeds for it, or the settings are the quick ones. */
  | 'not judged'
  | 'no data'
  | 'failed'
  /** Some seeds are missing. */
  | 'not run';

/** A row and what came of it. */
export interface RowReport {
  readonly package: string;
  readonly row: Row;
  readonly ours: Summary | null;
  readonly verdict: Verdict;
  /** The rule, or why it could not be applied. */
  readonly reason: string;
  /** Repeats this row. */
  readonly command: string;
}

/** The values of an experiment with one seed, or how it ended without; undefined where it was not run. */
export type Results = (experiment: Experiment, seed: number) => Values | JobOutcome | undefined;

/** Applies the rule of a row to what the runs gave. */
export function judgeRow(packageName: string, row: Row, extent: Extent, results: Results): RowReport {
  const experiments = Object.entries(row.from);
  const report = (ours: Summary | null, verdict: Verdict, reason: string): RowReport => ({
    package: packageName,
    row,
    ours,
    verdict,
    reason,
    command: commandFor(packageName, row, extent),
  });
  const seeds = Math.min(...experiments.map(([, e]) => budgetOf(e, extent)?.seeds ?? 0));
  if (seeds === 0) return report(null, 'not run', 'too long for --quick');

  const values: Summary['values'][number][] = [];
  const failures: string[] = [];
  let noData: string | null = null;
  for (let seed = 0; seed < seeds; seed++) {
    const found: Record<string, Values> = {};
    for (const [name, experiment] of experiments) {
      const result = results(experiment, seed);
      if (result === undefined) continue;
      if (!isOutcome(result)) found[name] = result;
      else if (result.kind === 'no data') noData = result.reason;
      else if (result.kind === 'failed') failures.push(`${experiment.name} seed ${seed}: ${result.reason}`);
    }
    if (Object.keys(found).length < experiments.length) continue;
    const value = figureOf(row, found);
    if (typeof value === 'number') values.push({ seed, value });
    else failures.push(`seed ${seed}: ${value}`);
  }
  const ours = values.length > 0 ? summarise(values) : null;
  if (failures.length > 0) return report(ours, 'failed', failures.join('; '));
  if (noData !== null) return report(ours, 'no data', noData);
  if (ours === null || ours.seeds < seeds)
    return report(ours, 'not run', `${ours?.seeds ?? 0} of ${seeds} seeds are there`);

  const full = isFullSettings(row, extent);
  const rule = full ? row.rule : row.quickRule;
  if (rule === undefined) return report(ours, 'not judged', 'quick settings');
  const text = full ? rule.text : `quick settings: ${rule.text}`;
  const holds = rule.holds(ours, row);
  if (holds === null) return report(ours, 'not judged', rule.reportsOnly ? text : `${text}: needs more than one seed`);
  return report(ours, holds ? 'reproduced' : 'not reproduced', text);
}

/** Our figure, or what is wrong with it. */
function figureOf(row: Row, results: Record<string, Values>): number | string {
  try {
    const value = row.value(results);
    return Number.isFinite(value) ? value : `expected a finite number from the row's value, got ${value}`;
  } catch (error) {
    return `the row's value: ${error}`;
  }
}

function isOutcome(result: Values | JobOutcome): result is JobOutcome {
  return typeof result === 'object' && typeof result.kind === 'string';
}

/** Quick settings that are those of the full run are judged like it. */
function isFullSettings(row: Row, { quick }: Extent): boolean {
  return (
    !quick ||
    Object.values(row.from).every((e) => e.quick && settingsHash(e.quick.settings) === settingsHash(e.full.settings))
  );
}

function commandFor(packageName: string, { name }: Row, { quick, seeds }: Extent): string {
  const options = `${quick ? ' --quick' : ''}${seeds === undefined ? '' : ` --seeds ${seeds}`}`;
  return `pnpm bench paper --only ${packageName}/${name}${options}`;
}
