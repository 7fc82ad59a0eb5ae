import { ArgumentError } from '@forback/core';
import type { Alignment, LayerAlignment } from './alignment';

/** A measurement at some moment of training. */
export interface AlignmentPoint {
  /** Step or epoch. */
  readonly at: number;
  readonly alignment: Alignment;
}

/** Settings of the chart. */
export interface AlignmentChartOptions {
  /** What is drawn. Default: 'gradientAngle'. */
  metric?: keyof LayerAlignment;
  /** Default: the metric's name. */
  title?: string;
  /** Of the horizontal axis. Default: 'step'. */
  label?: string;
}

const width = 720;
const height = 320;
const area = { left: 56, right: 540, top: 40, bottom: 276 };
const colours = ['#1971c2', '#d9480f', '#2b8a3e', '#862e9c', '#c2255c', '#5f3dc4', '#0b7285', '#5c940d'];

/**
 * Curves of a metric over training, one for each layer, as an SVG document. Angles are drawn from 0 to 90 degrees (180 if
 * one is larger). NaN leaves a gap.
 *
 * @throws ArgumentError for no points.
 */
export function alignmentChart(history: readonly AlignmentPoint[], options: AlignmentChartOptions = {}): string {
  const { metric = 'gradientAngle', title = metric, label = 'step' } = options;
  const first = history[0];
  if (first === undefined) {
    throw new ArgumentError('alignmentChart: expected at least one point { at, alignment }, got none');
  }
  const curves = Object.keys(first.alignment).map((layer) => ({
    layer,
    points: history.map(({ at, alignment }) => [at, alignment[layer]?.[metric].item() ?? Number.NaN] as const),
  }));
  const values = curves.flatMap(({ points }) => points.map(([, v]) => v)).filter(Number.isFinite);
  const largest = Math.max(0, ...values);
  const top = metric.endsWith('Angle') ? (largest > 90 ? 180 : 90) : largest || 1;
  const from = first.at;
  const until = Math.max(from + 1e-9, ...history.map(({ at }) => at));
  const x = (at: number) => (area.left + ((at - from) / (until - from)) * (area.right - area.left)).toFixed(1);
  const y = (value: number) => (area.bottom - (value / top) * (area.bottom - area.top)).toFixed(1);
  const rows = [0, 1, 2, 3].map((i) => {
    const value = (top * i) / 3;
    return (
      `<line x1="${area.left}" x2="${area.right}" y1="${y(value)}" y2="${y(value)}" stroke="#dee2e6"/>` +
      `<text x="${area.left - 8}" y="${y(value)}" dy="0.35em" text-anchor="end">${Number(value.toPrecision(3))}</text>`
    );
  });
  const drawn = curves.map(({ layer, points }, i) => {
    const colour = colours[i % colours.length];
    const legend = area.top + 18 * i;
    return (
      `<path d="${pathOf(points, x, y)}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      `<line x1="${area.right + 12}" x2="${area.right + 32}" y1="${legend}" y2="${legend}" stroke="${colour}" stroke-width="2"/>` +
      `<text x="${area.right + 38}" y="${legend}" dy="0.35em">${escapeText(layer)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<text x="${area.left}" y="20" font-size="14">${escapeText(title)}</text>`,
    ...rows,
    ...[from, until].map(
      (at) => `<text x="${x(at)}" y="${area.bottom + 18}" text-anchor="middle">${Number(at.toPrecision(6))}</text>`,
    ),
    `<text x="${(area.left + area.right) / 2}" y="${area.bottom + 36}" text-anchor="middle">${escapeText(label)}</text>`,
    ...drawn,
    '</svg>',
  ].join('\n');
}

function pathOf(
  points: readonly (readonly [number, number])[],
  x: (at: number) => string,
  y: (value: number) => string,
): string {
  let pen = 'M';
  return points
    .map(([at, value]) => {
      const step = Number.isFinite(value) ? `${pen}${x(at)} ${y(value)}` : '';
      pen = step === '' ? 'M' : 'L';
      return step;
    })
    .join('');
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
