import { ArgumentError } from '@forback/core';

/** Settings of a chart. */
export interface ChartOptions {
  title?: string;
  rowLabels?: readonly string[];
  columnLabels?: readonly string[];
}

const margin = { left: 90, top: 34, bottom: 26, right: 12 };

/**
 * A matrix of numbers as an SVG picture, from white (the smallest) to blue (the largest): shared units of classes, or the
 * mean activity of units by class.
 */
export function heatmapSvg(values: readonly (readonly number[])[], options: ChartOptions = {}): string {
  const columns = values[0]?.length ?? 0;
  if (columns === 0 || values.some((row) => row.length !== columns || row.some((v) => !Number.isFinite(v)))) {
    throw new ArgumentError('heatmapSvg: expected rows of finite numbers, all of one length of 1 or more');
  }
  const flat = values.flat();
  const low = Math.min(...flat);
  const range = Math.max(...flat) - low || 1;
  const cell = Math.max(1, Math.min(28, 640 / columns));
  const height = 28;
  const cells = values.flatMap((row, i) =>
    row.map((v, j) => {
      const share = (v - low) / range;
      const colour = `rgb(${Math.round(255 - 231 * share)},${Math.round(255 - 155 * share)},${Math.round(255 - 82 * share)})`;
      const title = `<title>${escapeXml(options.rowLabels?.[i] ?? `${i}`)}, ${escapeXml(options.columnLabels?.[j] ?? `${j}`)}: ${round(v)}</title>`;
      return `<rect x="${round(margin.left + j * cell)}" y="${margin.top + i * height}" width="${round(cell)}" height="${height}" fill="${colour}">${title}</rect>`;
    }),
  );
  const labels = values.map((_, i) =>
    text(margin.left - 6, margin.top + (i + 0.65) * height, options.rowLabels?.[i] ?? `${i}`, 'end'),
  );
  const bottom = margin.top + values.length * height;
  const columnLabels = (options.columnLabels ?? []).map((label, j) =>
    text(margin.left + (j + 0.5) * cell, bottom + 16, label, 'middle'),
  );
  return picture(margin.left + columns * cell, bottom, options.title, [...cells, ...labels, ...columnLabels]);
}

/** Non-negative numbers as horizontal bars in an SVG picture: sparsity by layer, sizes of ensembles by class. */
export function barChartSvg(
  values: readonly number[],
  options: Pick<ChartOptions, 'title' | 'rowLabels'> = {},
): string {
  if (values.length === 0 || values.some((v) => !(v >= 0 && Number.isFinite(v)))) {
    throw new ArgumentError('barChartSvg: expected at least one finite number of 0 or more');
  }
  const scale = 400 / (Math.max(...values) || 1);
  const bars = values.flatMap((v, i) => {
    const y = margin.top + i * 24;
    return [
      `<rect x="${margin.left}" y="${y}" width="${round(v * scale)}" height="18" fill="#1864ab"/>`,
      text(margin.left - 6, y + 14, options.rowLabels?.[i] ?? `${i}`, 'end'),
      text(margin.left + v * scale + 6, y + 14, `${round(v)}`, 'start'),
    ];
  });
  return picture(margin.left + 460, margin.top + values.length * 24, options.title, bars);
}

function picture(right: number, bottom: number, title: string | undefined, parts: readonly string[]): string {
  const [width, height] = [Math.ceil(right + margin.right), bottom + margin.bottom];
  const heading = title === undefined ? [] : [text(8, 20, title, 'start', 'font-weight="bold"')];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    ...heading,
    ...parts,
    '</svg>',
  ].join('\n');
}

function text(x: number, y: number, content: string, anchor: string, extra = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${extra && ` ${extra}`}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
