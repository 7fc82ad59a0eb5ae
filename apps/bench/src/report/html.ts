import { scaleLog } from 'd3-scale';
import type { CaseResult } from '../measure/measure-case';
import type { Spread } from '../measure/statistics';
import { short, times } from './format';
import { document, escapeText, list } from './markup';
import { describeContestants, describeMeta, ourName, peersOf, type Run } from './run';

const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];
const width = 860;
const margin = { left: 230, right: 30, top: 10, bottom: 36 };
const lineHeight = 14;

/** The ratios of one group of cases, a mark for each peer with a line from the worst to the best round. */
function ratioChart(results: readonly CaseResult[], peers: readonly string[]): string {
  const rows = results.map((r) => ({
    id: r.case.id,
    marks: peers.flatMap((name) => (r.ratios[name] ? [[name, r.ratios[name]] as const] : [])),
  }));
  const all = rows.flatMap((row) => row.marks.flatMap(([, ratio]) => [ratio.min, ratio.max]));
  if (all.length === 0) return '';
  const x = scaleLog()
    .domain([Math.min(0.5, ...all), Math.max(2, ...all)])
    .nice()
    .range([margin.left, width - margin.right]);
  const parts: string[] = [];
  const bands: string[] = [];
  let y = margin.top;
  for (const [row, { id, marks }] of rows.entries()) {
    const height = lineHeight * Math.max(1, marks.length);
    if (row % 2 === 0) bands.push(`<rect class="band" x="0" y="${y - 4}" width="${width}" height="${height + 8}"/>`);
    parts.push(
      `<text x="${margin.left - 10}" y="${y + height / 2}" dy="0.35em" text-anchor="end">${escapeText(id)}</text>`,
    );
    marks.forEach(([name, ratio], i) => {
      const at = y + lineHeight * (i + 0.5);
      const colour = colours[peers.indexOf(name) % colours.length];
      parts.push(
        `<g stroke="${colour}" fill="${colour}"><title>${escapeText(`${id}: ${times(ratio.median)} of ${name}, ${times(ratio.min)} to ${times(ratio.max)}`)}</title>` +
          `<line x1="${x(ratio.min).toFixed(1)}" x2="${x(ratio.max).toFixed(1)}" y1="${at}" y2="${at}"/>` +
          `<circle cx="${x(ratio.median).toFixed(1)}" cy="${at}" r="4"/></g>`,
      );
    });
    y += height + 8;
  }
  const bottom = y;
  const ticks = x.ticks(6).filter((t) => [1, 2, 5].includes(Number(t.toExponential(0)[0])));
  const grid = ticks.map(
    (t) =>
      `<line class="${t === 1 ? 'one' : 'grid'}" x1="${x(t).toFixed(1)}" x2="${x(t).toFixed(1)}" y1="${margin.top}" y2="${bottom}"/>` +
      `<text x="${x(t).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${t}x</text>`,
  );
  const height = bottom + margin.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    ...bands,
    ...grid,
    ...parts,
    `<text x="${(margin.left + width - margin.right) / 2}" y="${bottom + 32}" text-anchor="middle">forback over the peer in throughput; right of 1 forback is ahead</text>`,
    '</svg>',
  ].join('\n');
}

function cell({ median, min, max }: Spread, ratio?: Spread): string {
  const more =
    ratio === undefined
      ? ''
      : `<b>${times(ratio.median)}</b><br><small>${times(ratio.min)} – ${times(ratio.max)}</small>`;
  return `<td>${short(median)}<br><small>${short(min)} – ${short(max)}</small></td>${ratio === undefined ? '' : `<td>${more}</td>`}`;
}

function valueTable(results: readonly CaseResult[], peers: readonly string[]): string {
  const here = peers.filter((name) => results.some((r) => r.ratios[name] !== undefined));
  const head =
    ['case', 'unit', ourName].map((h) => `<th>${h}</th>`).join('') +
    here.map((h) => `<th colspan="2">${escapeText(h)}</th>`).join('');
  const rows = results.map((r) => {
    const ours = r.values[ourName];
    const cells = here.map((name) => {
      const [value, ratio] = [r.values[name], r.ratios[name]];
      return value && ratio ? cell(value, ratio) : '<td colspan="2"></td>';
    });
    const label = `<th scope="row" title="${escapeText(r.case.title)}">${escapeText(r.case.id)}</th><td>${r.case.metric.unit}</td>`;
    return `<tr>${label}${ours ? cell(ours) : '<td class="failed">failed</td>'}${cells.join('')}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function legend(peers: readonly string[]): string {
  const items = peers.map(
    (name, i) => `<span style="color:${colours[i % colours.length]}">● ${escapeText(name)}</span>`,
  );
  return `<p class="legend">${items.join(' ')}</p>`;
}

/** A page that needs nothing but itself. */
export function page(run: Run): string {
  const { results } = run;
  const peers = peersOf(results);
  const groups = [...new Set(results.map((r) => r.case.group))];
  const sections = groups.map((group) => {
    const own = results.filter((r) => r.case.group === group);
    return `<h2>${escapeText(group)}</h2>${ratioChart(own, peers)}${valueTable(own, peers)}${list(own.map((r) => `${r.case.id}: ${r.case.title}`))}`;
  });
  const failures = results.flatMap((r) => r.failures.map((failure) => `${r.case.id}: ${failure}`));
  const notRun = results.flatMap((r) =>
    Object.entries(r.notRun).map(([name, reason]) => `${r.case.id}, ${name}: ${reason}`),
  );
  return document('forback against its peers', [
    `<p>${escapeText(describeMeta(run.meta))}</p>`,
    run.complete ? '' : '<p class="failures">Stopped before the last case.</p>',
    list(describeContestants(results)),
    failures.length > 0 ? `<h2>Failures</h2><div class="failures">${list(failures)}</div>` : '',
    run.missing.length > 0
      ? `<h2>Missing peers</h2>${list(run.missing.map(({ name, remedy }) => `${name}: ${remedy}`))}`
      : '',
    legend(peers),
    ...sections,
    notRun.length > 0 ? `<h2>Not run</h2>${list(notRun)}` : '',
  ]);
}
