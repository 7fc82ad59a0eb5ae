import { describe, expect, it } from 'vitest';
import { discoverDirection } from '../discover-direction';
import type { ScoredPair } from '../metrics/scored-pair';
import { decisionRateChart } from './decision-rate-chart';
import { directionChart, residualChart } from './direction-charts';

const x = Array.from({ length: 80 }, (_, i) => i / 10 - 4);
const y = x.map((v, i) => v ** 2 + Math.sin(37 * i));

/** Numbers of a path, and that the document is well-formed enough to be drawn. */
function parse(svg: string) {
  const opened = [...svg.matchAll(/<([a-zA-Z]+)[^>]*[^/]>/g)].map((m) => m[1]);
  const closed = [...svg.matchAll(/<\/([a-zA-Z]+)>/g)].map((m) => m[1]);
  expect(closed.sort()).toEqual(opened.sort());
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  return [...svg.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d as string);
}

describe('charts of a result', () => {
  it('draw every row, the curve and its band, both ways', async () => {
    const result = await discoverDirection({ 'a<b': x, y });
    const paths = parse(directionChart(result));
    expect(paths).toHaveLength(6);
    for (const [points, band, curve] of [paths.slice(0, 3), paths.slice(3)] as [string, string, string][]) {
      expect(points.match(/M/g)).toHaveLength(80);
      expect(band.match(/L/g)).toHaveLength(2 * 201 - 1);
      expect(curve.match(/[ML]/g)).toHaveLength(201);
    }
    const svg = directionChart(result, { title: 'Mine & yours' });
    expect(svg).toContain('Mine &#38; yours');
    expect(svg).toContain('a&#60;b → y');
  });

  it('put a point where its value belongs', async () => {
    const result = await discoverDirection({ x, y });
    const [points] = parse(directionChart(result));
    const places = [...(points as string).matchAll(/M([\d.]+) ([\d.]+)/g)].map(([, a, b]) => [Number(a), Number(b)]);
    const [first, last] = [places[0], places.at(-1)] as [[number, number], [number, number]];
    // A margin of 4 % on either side of 340 pixels.
    expect(first[0]).toBeCloseTo(60 + (340 * 0.04) / 1.08, 0);
    expect(last[0]).toBeCloseTo(400 - (340 * 0.04) / 1.08, 0);
    const heights = places.map(([, b]) => b as number);
    expect(y[heights.indexOf(Math.min(...heights))]).toBe(Math.max(...y));
  });

  it('draw residuals against the cause', async () => {
    const result = await discoverDirection({ x, y });
    const paths = parse(residualChart(result));
    expect(paths).toHaveLength(4);
    expect(paths[0]?.match(/M/g)).toHaveLength(80);
    expect(residualChart(result)).toContain(`HSIC ${result.hsic.forward.toPrecision(4)}`);
  });

  it('draw at most 2000 rows', async () => {
    const n = 5000;
    const many = Array.from({ length: n }, (_, i) => Math.sin(i));
    const result = await discoverDirection(
      many,
      many.map((v, i) => v + Math.cos(7 * i)),
      { method: 'reci' },
    );
    const [points] = parse(directionChart(result));
    expect(points?.match(/M/g)).toHaveLength(2000);
  });

  it('need fits', async () => {
    const result = await discoverDirection({ x, y }, { method: 'igci' });
    expect(() => directionChart(result)).toThrow('plot: expected a result with fitted models');
    expect(() => residualChart(result)).toThrow('plot: expected a result with fitted models');
  });
});

describe('decisionRateChart', () => {
  const pairs: ScoredPair[] = [
    { truth: 'x->y', score: 3 },
    { truth: 'y->x', score: 2, weight: 2 },
    { truth: 'x->y', score: Number.NaN },
  ];

  it('draws a curve for each method, from the surest pair to all', () => {
    const svg = decisionRateChart({ LOCI: pairs, 'the <rest>': pairs.slice(0, 1) });
    const paths = parse(svg);
    // The line of guessing, then a curve and a mark of the legend for each.
    expect(paths).toHaveLength(5);
    expect(paths[1]).toBe('M60.0 40.0L165.0 40.0L375.0 213.3L480.0 235.0');
    expect(svg).toContain(`LOCI, area ${((100 * (1 + 1 / 3 + 1 / 4)) / 3).toFixed(1)} %`);
    expect(svg).toContain('the &#60;rest&#62;, area 100.0 %');
    expect(decisionRateChart({ LOCI: pairs }, { weighted: false })).toContain(
      `area ${((100 * (1 + 1 / 2 + 1 / 3)) / 3).toFixed(1)} %`,
    );
  });

  it('needs something to draw', () => {
    expect(() => decisionRateChart({})).toThrow('decisionRateChart: expected scored pairs by the name of their method');
    expect(() => decisionRateChart({ LOCI: [] })).toThrow('expected at least one pair');
  });
});
