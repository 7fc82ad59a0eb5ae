/** A rectangle of a chart, in pixels, and the values at its edges. */
export interface Panel {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The palette of the charts. */
export const colours = {
  points: '#495057',
  fit: '#1971c2',
  series: ['#1971c2', '#d9480f', '#2b8a3e', '#862e9c', '#c2255c', '#5f3dc4', '#0b7285', '#5c940d'],
} as const;

/** An SVG document of these elements. */
export function svgDocument(width: number, height: number, elements: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    ...elements,
    '</svg>',
  ].join('\n');
}

/** Frame, ticks and names of the axes. */
export function axes(panel: Panel, names: { readonly x: string; readonly y: string }): string[] {
  const { left, right, top, bottom } = panel;
  const scale = scalesOf(panel);
  const middle = (top + bottom) / 2;
  return [
    `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="#ced4da"/>`,
    ...ticks(panel.x).map(
      (v) => `<text x="${scale.x(v)}" y="${bottom + 16}" text-anchor="middle">${formatTick(v)}</text>`,
    ),
    ...ticks(panel.y).map(
      (v) => `<text x="${left - 6}" y="${scale.y(v)}" dy="0.35em" text-anchor="end">${formatTick(v)}</text>`,
    ),
    `<text x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle">${escapeText(names.x)}</text>`,
    `<text transform="translate(${left - 44} ${middle}) rotate(-90)" text-anchor="middle">${escapeText(names.y)}</text>`,
  ];
}

/** Text that begins at a place. */
export function text(x: number, y: number, content: string, size = 12): string {
  return `<text x="${x}" y="${y}" font-size="${size}">${escapeText(content)}</text>`;
}

/** A line through points. */
export function line(panel: Panel, xs: ArrayLike<number>, ys: ArrayLike<number>, stroke: string): string {
  const scale = scalesOf(panel);
  const points = Array.from(xs, (x, i) => `${scale.x(x)} ${scale.y(ys[i] as number)}`);
  return `<path d="M${points.join('L')}" fill="none" stroke="${stroke}" stroke-width="2"/>`;
}

/** The area between two curves. */
export function band(
  panel: Panel,
  xs: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  fill: string,
): string {
  const scale = scalesOf(panel);
  const there = Array.from(xs, (x, i) => `${scale.x(x)} ${scale.y(upper[i] as number)}`);
  const back = Array.from(xs, (x, i) => `${scale.x(x)} ${scale.y(lower[i] as number)}`).reverse();
  return `<path d="M${[...there, ...back].join('L')}Z" fill="${fill}" fill-opacity="0.15"/>`;
}

/** A dot for each point, in one path: at most `most` of them, evenly taken from the list. */
export function dots(panel: Panel, xs: ArrayLike<number>, ys: ArrayLike<number>, most = 2000): string {
  const scale = scalesOf(panel);
  const step = Math.max(1, xs.length / most);
  const path = Array.from({ length: Math.min(xs.length, most) }, (_, k) => {
    const i = Math.floor(k * step);
    return `M${scale.x(xs[i] as number)} ${scale.y(ys[i] as number)}h0`;
  }).join('');
  return `<path d="${path}" stroke="${colours.points}" stroke-opacity="0.4" stroke-width="3" stroke-linecap="round"/>`;
}

/** From the smallest to the largest value, with a margin of 4 % of the whole on either side. */
export function rangeOf(...lists: readonly ArrayLike<number>[]): readonly [number, number] {
  let min = Infinity;
  let max = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      min = Math.min(min, list[i] as number);
      max = Math.max(max, list[i] as number);
    }
  }
  const margin = 0.04 * (max - min) || 1;
  return [min - margin, max + margin];
}

function scalesOf({ left, right, top, bottom, x, y }: Panel) {
  const share = ([from, to]: readonly [number, number], value: number) => (value - from) / (to - from);
  return {
    x: (value: number) => (left + share(x, value) * (right - left)).toFixed(1),
    y: (value: number) => (bottom - share(y, value) * (bottom - top)).toFixed(1),
  };
}

/** Round values inside a range, three to seven of them. */
function ticks([from, to]: readonly [number, number]): number[] {
  const rough = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

function formatTick(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function escapeText(content: string): string {
  return content.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
