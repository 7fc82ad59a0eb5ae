import type { DirectionResult, PlotData } from '../result';
import { axes, band, colours, dots, line, type Panel, rangeOf, svgDocument, text } from './svg';

/** Settings of the charts of a result. */
export interface DirectionChartOptions {
  /** Default: the verdict. */
  readonly title?: string;
}

const width = 820;
const height = 360;

/**
 * Both fits as an SVG document: the rows (2000 of them at most), the mean and mean ± 2 standard deviations of the effect,
 * x → y on the left and y → x on the right. The numbers are those of `result.plot`.
 *
 * @throws ArgumentError for a result without fits (igci, marginal, data that decide nothing).
 */
export function directionChart(result: DirectionResult, options: DirectionChartOptions = {}): string {
  return bothWays(result, options, (plot, cause, effect, [left, right]) => {
    const { curve, points } = plot;
    const panel = panelBetween(left, right, rangeOf(points.cause), rangeOf(points.effect, curve.mean));
    const clip = `panel-${left}`;
    const inside = [
      dots(panel, points.cause, points.effect),
      band(panel, curve.cause, curve.lower, curve.upper, colours.fit),
      line(panel, curve.cause, curve.mean, colours.fit),
    ];
    return [...axes(panel, { x: cause, y: effect }), ...clipped(clip, panel, inside)];
  });
}

/**
 * The residuals of both fits against the supposed cause, in standard deviations of the noise, as an SVG document. Where a
 * direction is right and its model fits, they look the same everywhere; the heading has HSIC, which measures that.
 *
 * @throws ArgumentError for a result without fits (igci, marginal, data that decide nothing).
 */
export function residualChart(result: DirectionResult, options: DirectionChartOptions = {}): string {
  return bothWays(result, options, (plot, cause, _, [left, right]) => {
    const panel = panelBetween(left, right, rangeOf(plot.points.cause), rangeOf(plot.residuals));
    return [
      ...axes(panel, { x: cause, y: 'residual' }),
      dots(panel, plot.points.cause, plot.residuals),
      line(panel, panel.x, [0, 0], colours.fit),
    ];
  });
}

function bothWays(
  result: DirectionResult,
  { title = verdictOf(result) }: DirectionChartOptions,
  draw: (plot: PlotData, cause: string, effect: string, sides: readonly [number, number]) => string[],
): string {
  const [x, y] = result.names;
  const heading = (way: 'x->y' | 'y->x', at: number) => {
    const key = way === 'x->y' ? 'forward' : 'reverse';
    const [cause, effect] = way === 'x->y' ? [x, y] : [y, x];
    const figures = [
      ['log-likelihood', result.logLikelihood[key]] as const,
      ['HSIC', result.hsic[key]] as const,
    ].flatMap(([name, value]) => (Number.isNaN(value) ? [] : [`${name} ${value.toPrecision(4)}`]));
    return text(at, 46, [`${cause} → ${effect}`, ...figures].join(', '));
  };
  return svgDocument(width, height, [
    text(60, 22, title, 14),
    heading('x->y', 60),
    ...draw(result.plot('x->y'), x, y, [60, 400]),
    heading('y->x', 470),
    ...draw(result.plot('y->x'), y, x, [470, 810]),
  ]);
}

function panelBetween(left: number, right: number, x: Panel['x'], y: Panel['y']): Panel {
  return { left, right, top: 58, bottom: height - 46, x, y };
}

function clipped(id: string, { left, right, top, bottom }: Panel, elements: readonly string[]): string[] {
  return [
    `<clipPath id="${id}"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath>`,
    `<g clip-path="url(#${id})">`,
    ...elements,
    '</g>',
  ];
}

function verdictOf({ cause, effect, score }: DirectionResult): string {
  const verdict = cause === null || effect === null ? 'undecided' : `${cause} → ${effect}`;
  return `${verdict} (score ${score.toPrecision(3)})`;
}
