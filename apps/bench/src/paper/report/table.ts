import { align } from '../../report/table';
import type { RowReport } from '../judge';
import { meanAndSd, publishedFigure } from './figures';
import { describeRun, type PaperRun } from './run';

/** The run as text. */
export function table(run: PaperRun): string {
  const header = ['row', 'verdict', 'ours', 'seeds', 'published', 'unit'];
  const rows = run.rows.map(({ package: name, row, ours, verdict }) => [
    `${name}/${row.name}`,
    verdict,
    ours === null ? '' : meanAndSd(ours),
    ours === null ? '' : String(ours.seeds),
    publishedFigure(row.published),
    row.unit,
  ]);
  return [
    ...describeRun(run),
    '',
    ...align([header, ...rows]),
    '',
    ...run.rows.flatMap(explanation),
    ...(run.complete ? [] : ['STOPPED before the last job. The same command goes on from here.']),
    '',
  ].join('\n');
}

function explanation({ package: name, row, verdict, reason }: RowReport): string[] {
  const where = `${name}/${row.name}`;
  if (verdict === 'failed') return [`FAILED ${where}: ${reason}`];
  if (verdict === 'no data') return [`NO DATA ${where}: ${reason}`];
  if (verdict === 'not reproduced')
    return [`${where}: is not ${reason}${row.note === undefined ? '' : `. ${row.note}`}`];
  return [];
}
