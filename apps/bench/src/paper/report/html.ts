import { scaleLinear } from 'd3-scale';
import { document, escapeText, list } from '../../report/markup';
import type { RowReport } from '../judge';
import { meanAndSd, publishedFigure } from './figures';
import { describeRun, type PaperRun } from './run';

const width = 860;
const margin = { left: 330, right: 30, top: 10, bottom: 40 };
const rowHeight = 26;
const colours = { ours: '#0072b2', published: '#d55e00' };

/** A page that needs nothing but itself: charts and a table for each package. */
export function page(run: PaperRun): string {
  const packages = [...new Set(run.rows.map((r) => r.package))];
  const sections = packages.map((name) => {
    const own = run.rows.filter((r) => r.package === name);
    const units = [...new Set(own.map((r) => r.row.unit))];
    const charts = units.map((unit) =>
      chart(
        own.filter((r) => r.row.unit === unit),
        unit,
      ),
    );
    const notes = own.flatMap(({ row }) => (row.note === undefined ? [] : [`${row.name}: ${row.note}`]));
    return `<h2>${escapeText(name)}</h2>${charts.join('\n')}${rowTable(own)}${list(notes)}`;
  });
  return document("forback and its papers' results", [
    list(describeRun(run)),
    run.complete ? '' : '<p class="failures">Stopped before the last job.</p>',
    `<p class="legend"><span style="color:${colours.ours}">● ours: mean, line ± standard deviation, small dots: seeds</span>` +
      `<span style="color:${colours.published}">◆ published</span></p>`,
    ...sections,
  ]);
}

/** Rows of one unit on one axis. */
function chart(reports: readonly RowReport[], unit: string): string {
  const shown = reports.filter(({ ours }) => ours !== null);
  const all = shown.flatMap(({ ours, row: { published } }) => [
    ...(ours?.values.map((v) => v.value) ?? []),
    ...(ours ? [ours.mean - (ours.sd ?? 0), ours.mean + (ours.sd ?? 0)] : []),
    ...(published ? [published.value - (published.sd ?? 0), published.value + (published.sd ?? 0)] : []),
  ]);
  if (all.length === 0) return '';
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const x = scaleLinear()
    // An axis of no length has no place for its only value.
    .domain(least === most ? [least - 1, most + 1] : [least, most])
    .nice()
    .range([margin.left, width - margin.right]);
  const at = (value: number) => x(value).toFixed(1);
  const bottom = margin.top + rowHeight * shown.length;
  const grid = x
    .ticks(6)
    .map(
      (t) =>
        `<line class="grid" x1="${at(t)}" x2="${at(t)}" y1="${margin.top}" y2="${bottom}"/>` +
        `<text x="${at(t)}" y="${bottom + 16}" text-anchor="middle">${t}</text>`,
    );
  const marks = shown.map((report, i) => mark(report, margin.top + rowHeight * (i + 0.5), at));
  const height = bottom + margin.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    ...grid,
    ...marks,
    `<text x="${(margin.left + width - margin.right) / 2}" y="${bottom + 34}" text-anchor="middle">${escapeText(unit)}</text>`,
    '</svg>',
  ].join('\n');
}

function mark({ row, ours, verdict }: RowReport, y: number, at: (value: number) => string): string {
  const { published } = row;
  const parts = [
    `<text x="${margin.left - 10}" y="${y}" dy="0.35em" text-anchor="end">${escapeText(row.name)}</text>`,
    `<title>${escapeText(`${row.name}: ${ours === null ? verdict : `${meanAndSd(ours)} ${row.unit}, ${verdict}`}`)}</title>`,
  ];
  if (ours !== null) {
    const { mean, sd, values } = ours;
    const own = [
      ...values.map(({ value }) => `<circle cx="${at(value)}" cy="${y}" r="2" fill-opacity="0.5"/>`),
      sd === null ? '' : `<line x1="${at(mean - sd)}" x2="${at(mean + sd)}" y1="${y}" y2="${y}"/>`,
      `<circle cx="${at(mean)}" cy="${y}" r="4.5"/>`,
    ];
    parts.push(`<g stroke="${colours.ours}" fill="${colours.ours}">${own.join('')}</g>`);
  }
  if (published !== null) {
    const { value, sd } = published;
    const theirs = [
      sd === undefined ? '' : `<line x1="${at(value - sd)}" x2="${at(value + sd)}" y1="${y - 7}" y2="${y - 7}"/>`,
      `<path d="M${at(value)} ${y - 12}l5 5l-5 5l-5 -5z"/>`,
    ];
    parts.push(`<g stroke="${colours.published}" fill="${colours.published}">${theirs.join('')}</g>`);
  }
  return `<g>${parts.join('')}</g>`;
}

function rowTable(reports: readonly RowReport[]): string {
  const head = ['row', 'ours', 'seeds', 'published', 'unit', 'verdict', 'claim, source, command'];
  const rows = reports.map(({ row, ours, verdict, reason, command }) => {
    const cells = [
      ours === null ? '' : meanAndSd(ours),
      ours === null ? '' : String(ours.seeds),
      publishedFigure(row.published),
      row.unit,
    ].map((text) => `<td>${escapeText(text)}</td>`);
    const bad = verdict === 'failed' || verdict === 'not reproduced' ? ' class="failed"' : '';
    return (
      `<tr><th scope="row">${escapeText(row.name)}</th>${cells.join('')}` +
      `<td${bad}>${escapeText(verdict)}<br><small>${escapeText(reason)}</small></td>` +
      `<td class="text">${escapeText(row.claim)}<br><small>${escapeText(row.source)}</small><br><code>${escapeText(command)}</code></td></tr>`
    );
  });
  return `<div class="wide"><table><thead><tr>${head.map((h) => `<th>${h}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
