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

const opening = '<!-- results -->';
const closing = '<!-- /results -->';

/** The text of a README with the table between its two marks. */
export function withResults(readme: string, table: string, file: string): string {
  const from = readme.indexOf(opening);
  const to = readme.indexOf(closing);
  if (from < 0 || to < from)
    throw new Error(
      `Expected the lines ${opening} and ${closing} in ${file}, which say where its table goes. Add them.`,
    );
  return `${readme.slice(0, from + opening.length)}\n\n${table}\n${readme.slice(to)}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
