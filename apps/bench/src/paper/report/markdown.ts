import { meanAndSd, publishedFigure } from './figures';
import { describeRun, type PaperRun } from './run';

/** The table for a package's README. */
export function markdown(run: PaperRun): string {
  const lines = run.rows.map(({ row, ours, verdict, reason, command }) => [
    row.claim,
    row.published === null ? '' : `${publishedFigure(row.published)} (${row.source})`,
    ours === null ? '' : `${meanAndSd(ours)} ${row.unit} (${ours.seeds} seed${ours.seeds === 1 ? '' : 's'})`,
    ['reproduced', 'not reproduced', 'not judged'].includes(verdict) ? `${verdict} (${reason})` : verdict,
    `\`${command}\``,
  ]);
  const notes = run.rows.flatMap(({ row }) => (row.note === undefined ? [] : [`- ${row.name}: ${row.note}`]));
  return [
    line(['claim', 'published', 'ours, mean ± sd', 'verdict', 'repeat']),
    line(['---', '---', '---', '---', '---']),
    ...lines.map(line),
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
    // Not the commits: a branch may be rebased before it is read.
    `${describeRun({ ...run, reused: 0, commits: [] }).join('; ')}.`,
    '',
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
