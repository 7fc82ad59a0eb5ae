import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';

export interface Point {
  epoch: number;
  value: number;
}

export interface Curve {
  name: string;
  colour: string;
  points: readonly Point[];
}

export interface Chart {
  title: string;
  /** Of the vertical axis. */
  label: string;
  curves: readonly Curve[];
}

const size = { width: 720, height: 320 };
const margin = { top: 36, right: 190, bottom: 44, left: 64 };

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);
}

/** One chart as SVG. */
export function drawChart({ title, label, curves }: Chart): string {
  const points = curves.flatMap((c) => c.points);
  const x = scaleLinear()
    .domain([0, Math.max(1, ...points.map((p) => p.epoch))])
    .range([margin.left, size.width - margin.right]);
  const y = scaleLinear()
    .domain([0, Math.max(1e-3, ...points.map((p) => p.value))])
    .nice()
    .range([size.height - margin.bottom, margin.top]);
  const path = line<Point>(
    (p) => x(p.epoch),
    (p) => y(p.value),
  );
  const left = margin.left;
  const right = size.width - margin.right;
  const bottom = size.height - margin.bottom;
  const rows = y.ticks(5).map((t) => {
    const at = y(t).toFixed(1);
    return `<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text x="${left - 8}" y="${at}" dy="0.35em" text-anchor="end">${t}</text>`;
  });
  const columns = x
    .ticks(8)
    .map((t) => `<text x="${x(t).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${t}</text>`);
  const drawn = curves.map((c, i) => {
    const legend = margin.top + 18 * i;
    return (
      `<path d="${path([...c.points]) ?? ''}" fill="none" stroke="${c.colour}" stroke-width="2"/>` +
      `<line x1="${right + 12}" x2="${right + 32}" y1="${legend}" y2="${legend}" stroke="${c.colour}" stroke-width="2"/>` +
      `<text x="${right + 38}" y="${legend}" dy="0.35em">${escapeText(c.name)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    '<style>text{font:12px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}</style>',
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    `<text x="${left}" y="18" style="font-weight:600;font-size:14px">${escapeText(title)}</text>`,
    ...rows,
    ...columns,
    `<text x="${(left + right) / 2}" y="${size.height - 8}" text-anchor="middle">epoch</text>`,
    `<text transform="translate(16 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(label)}</text>`,
    ...drawn,
    '</svg>',
  ].join('\n');
}

/** A page that needs nothing but itself. */
export function drawPage(heading: string, summary: string, charts: readonly Chart[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeText(heading)}</title>`,
    '<style>body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;color:#222}',
    'pre{background:#f5f5f5;padding:1rem;overflow-x:auto;font-size:13px}svg{max-width:100%;height:auto}</style></head><body>',
    `<h1>${escapeText(heading)}</h1>`,
    `<pre>${escapeText(summary)}</pre>`,
    ...charts.map(drawChart),
    '</body></html>',
    '',
  ].join('\n');
}
