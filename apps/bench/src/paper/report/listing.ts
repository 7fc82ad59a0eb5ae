import { experimentsOf, type PackageRows } from '../load-rows';
import type { Experiment } from '../row';
import { publishedFigure } from './figures';
import { duration } from './run';

/** Rows with their claims, and experiments with what they take. */
export function listing(packages: readonly PackageRows[]): string {
  const lines = packages.flatMap(({ name, rows }) => [
    name,
    ...rows.flatMap((row) => [
      `  ${row.name}`,
      `    ${row.claim}`,
      `    published: ${row.published === null ? 'nothing comparable' : `${publishedFigure(row.published)} ${row.unit}`} (${row.source})`,
      `    rule: ${row.rule.text}`,
      `    from: ${Object.values(row.from)
        .map((e) => e.name)
        .join(', ')}`,
    ]),
    '  experiments, time and memory of one seed',
    ...experimentsOf(rows).map((e) => `    ${e.name}: ${extent(e, 'full')}; ${extent(e, 'quick')}`),
    '',
  ]);
  return lines.join('\n');
}

function extent(experiment: Experiment, name: 'full' | 'quick'): string {
  const budget = experiment[name];
  if (budget === null) return `not in --${name}`;
  const { seeds, seconds, memory } = budget;
  return `${name} ${seeds} seed${seeds === 1 ? '' : 's'} of ${duration(seconds)} and ${memory} MB`;
}
