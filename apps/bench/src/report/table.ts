import type { Spread } from '../measure/statistics';
import { short, times } from './format';
import { describeContestants, describeMeta, ourName, peersOf, type Run } from './run';

/** The whole run as text. */
export function table(run: Run): string {
  const { results, missing } = run;
  const peers = peersOf(results);
  const header = ['case', 'unit', ourName, '±', ...peers];
  const rows = results.map((r) => {
    const ours = r.values[ourName];
    const cells = peers.map((peer) => {
      const [value, ratio] = [r.values[peer], r.ratios[peer]];
      return value && ratio ? `${short(value.median)} (${times(ratio.median)})` : '';
    });
    return [r.case.id, r.case.metric.unit, ours ? short(ours.median) : 'failed', ours ? deviation(ours) : '', ...cells];
  });
  const notes = results.flatMap((r) => [
    ...r.failures.map((failure) => `FAILED ${r.case.id}: ${failure}`),
    ...notWorthSaying(r.notRun).map(([name, reason]) => `${r.case.id}: without ${name}: ${reason}`),
  ]);
  return [
    describeMeta(run.meta),
    ...describeContestants(results).map((line) => `  ${line}`),
    ...missing.map(({ name, remedy }) => `  MISSING ${name}: ${remedy}`),
    '',
    ...align([header, ...rows]),
    '',
    'In brackets: forback over the peer in throughput (time and memory: peer over forback), the median of the rounds; above 1 forback is ahead.',
    ...notes,
    ...(run.complete ? [] : ['STOPPED before the last case.']),
    '',
  ].join('\n');
}

/** That memcpy takes no part in a matrix product surprises nobody. */
function notWorthSaying(notRun: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(notRun).filter(([name]) => name !== 'memcpy');
}

/** Half of the range, relative to the median. */
function deviation({ median, min, max }: Spread): string {
  return `${Math.round((50 * (max - min)) / median)}%`;
}

/** Columns of equal width: the first two to the left, figures to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}
