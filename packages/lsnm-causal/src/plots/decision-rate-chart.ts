import { ArgumentError } from '@forback/core';
import { audrc, decisionRateCurve } from '../metrics/decision-rate';
import type { ScoredPair } from '../metrics/scored-pair';
import { axes, colours, line, type Panel, svgDocument, text } from './svg';

/** Settings of `decisionRateChart`. */
export interface DecisionRateChartOptions {
  /** Default: 'Accuracy of the surest decisions'. */
  readonly title?: string;
  /** Whether pairs count by their weights. Default: true. */
  readonly weighted?: boolean;
}

const panel: Panel = { left: 60, right: 480, top: 40, bottom: 300, x: [0, 1], y: [0, 1] };

/**
 * Decision-rate curves as an SVG document: accuracy on the pairs with the largest |score| against their share, one curve for
 * each method, with the area under it (LOCI's definition) in the legend. The numbers are those of `decisionRateCurve`.
 *
 * @param series scored pairs by the name of the method, such as `report.outcomes`.
 * @throws ArgumentError for no series, or one without pairs.
 */
export function decisionRateChart(
  series: Readonly<Record<string, readonly ScoredPair[]>>,
  { title = 'Accuracy of the surest decisions', weighted = true }: DecisionRateChartOptions = {},
): string {
  const entries = Object.entries(series);
  if (entries.length === 0)
    throw new ArgumentError('decisionRateChart: expected scored pairs by the name of their method, got none');
  const curves = entries.flatMap(([name, pairs], i) => {
    const points = decisionRateCurve(pairs, { weighted });
    const area = audrc(pairs, { definition: weighted ? 'loci' : 'unweighted' });
    const colour = colours.series[i % colours.series.length] as string;
    const at = panel.top + 8 + 20 * i;
    const rates = points.map(({ rate }) => rate);
    const accuracies = points.map(({ accuracy }) => accuracy);
    return [
      line(panel, [0, ...rates], [accuracies[0] as number, ...accuracies], colour),
      `<path d="M${panel.right + 14} ${at}h20" stroke="${colour}" stroke-width="2"/>`,
      text(panel.right + 40, at + 4, `${name}, area ${(100 * area).toFixed(1)} %`),
    ];
  });
  return svgDocument(760, 350, [
    text(panel.left, 22, title, 14),
    ...axes(panel, { x: 'share of pairs that are decided', y: 'accuracy' }),
    line(panel, [0, 1], [0.5, 0.5], '#ced4da'),
    ...curves,
  ]);
}
