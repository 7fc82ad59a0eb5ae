import { describe, expect, test } from 'vitest';
import type { RowReport } from '../judge';
import { experiment, row } from '../row';
import { withinTolerance } from '../rule';
import { summarise } from '../summary';
import { meanAndSd } from './figures';
import { page } from './html';
import { toJson } from './json';
import { listing } from './listing';
import { markdown } from './markdown';
import type { PaperRun } from './run';
import { table } from './table';

const one = experiment({
  name: 'one',
  full: { settings: 1, seeds: 2, seconds: 100, memory: 300 },
  quick: null,
  run: async () => 1,
});
const definition = row({
  name: 'first',
  claim: 'Less | is <more>',
  published: { value: 2.5, sd: 0.2, tag: 'paper' },
  source: 'Table 1',
  unit: 'points',
  better: 'higher',
  from: { one },
  value: (results) => results.one,
  rule: withinTolerance(1),
  note: 'Half the width.',
});
const report = (change: Partial<RowReport> = {}): RowReport => ({
  package: 'p',
  row: definition,
  ours: summarise([
    { seed: 0, value: 1 },
    { seed: 1, value: 2 },
  ]),
  verdict: 'reproduced',
  reason: 'within 1 of the published value, or better',
  command: 'pnpm bench paper --only p/first',
  ...change,
});
const lonely = { ...definition, name: 'second', published: null };
const run: PaperRun = {
  quick: false,
  rows: [report(), report({ row: lonely, ours: null, verdict: 'no data', reason: 'fetch moons.csv' })],
  versions: { p: 'p 1.0.0, core 2.0.0' },
  origins: ['A CPU, Node 20.19.0'],
  commits: ['abc', 'def'],
  seconds: 200,
  reused: 1,
  complete: true,
};

test.each([
  [[3.27, 3.41], '3.340 ± 0.099'],
  [[87.95, 89.35], '88.65 ± 0.99'],
  [[100, 340], '220 ± 170'],
  [[3.28], '3.28'],
  [[4, 4], '4.00'],
])('%j is written as %s', (values, expected) => {
  const written = meanAndSd(summarise(values.map((value, seed) => ({ seed, value }))));
  expect(written).toBe(expected);
});

test('the JSON has the promised fields, and null for what is not there', () => {
  const [first, second] = toJson(run);
  expect(first).toMatchObject({
    package: 'p',
    row: 'first',
    claim: 'Less | is <more>',
    published: 2.5,
    publishedSd: 0.2,
    provenance: 'paper',
    source: 'Table 1',
    ours: { mean: 1.5, sd: Math.SQRT1_2, seeds: 2 },
    verdict: 'reproduced',
    command: 'pnpm bench paper --only p/first',
  });
  expect(second).toMatchObject({ row: 'second', published: null, provenance: null, ours: null, verdict: 'no data' });
  expect(JSON.parse(JSON.stringify(toJson(run)))).toEqual(toJson(run));
});

describe('the table', () => {
  test('has a line for each row, and says what to do about missing data', () => {
    const text = table(run);
    expect(text).toMatch(
      /^p 1\.0\.0, core 2\.0\.0\non A CPU, Node 20\.19\.0\ncommits: abc, def\n3 min of work; 1 result from/,
    );
    expect(text).toMatch(/p\/first +reproduced +1\.50 ± 0\.71 +2 +2\.5 ± 0\.2 \[paper\] +points/);
    expect(text).toMatch(/p\/second +no data +points/);
    expect(text).toMatch(/NO DATA p\/second: fetch moons\.csv/);
    expect(text).not.toMatch(/STOPPED|QUICK/);
  });

  test('explains failures, figures that were missed, and an early end', () => {
    const rows = [
      report({ verdict: 'failed', reason: 'broken' }),
      report({ verdict: 'not reproduced', reason: 'within 1 of the published value, or better' }),
    ];
    const text = table({ ...run, rows, complete: false, quick: true });
    expect(text).toMatch(/FAILED p\/first: broken/);
    expect(text).toMatch(/p\/first: is not within 1 of the published value, or better\. Half the width\./);
    expect(text).toMatch(/STOPPED before the last job\. The same command goes on/);
    expect(text).toMatch(/QUICK/);
  });
});

test('the Markdown is a table with five cells a line, and notes', () => {
  const lines = markdown(run).split('\n');
  const cells = lines.filter((line) => line.startsWith('|')).map((line) => line.split(/(?<!\\)\|/).length - 2);
  expect(cells).toEqual([5, 5, 5, 5]);
  expect(lines[2]).toBe(
    '| Less \\| is <more> | 2.5 ± 0.2 [paper] (Table 1) | 1.50 ± 0.71 points (2 seeds) | ' +
      'reproduced (within 1 of the published value, or better) | `pnpm bench paper --only p/first` |',
  );
  expect(markdown(run)).toContain('- first: Half the width.');
  expect(markdown(run)).toContain('p 1.0.0, core 2.0.0; on A CPU, Node 20.19.0; 3 min of work.');
  expect(markdown(run)).not.toContain('--fresh');
});

describe('the page', () => {
  test('has a chart for each unit with seeds, mean and published value, and needs no other file', () => {
    const html = page(run);
    expect(html.match(/<svg /g)).toHaveLength(1);
    expect(html.match(/<circle /g)).toHaveLength(3);
    expect(html.match(/<path /g)).toHaveLength(1);
    expect(html).toContain('Less | is &lt;more&gt;');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(html).not.toMatch(/\b(src|href)=/);
  });

  test('places values in proportion on the axis', () => {
    const centre = (mean: number) => {
      const values = [0, 10, mean].map((value, seed) => ({ seed, value }));
      const ours = { values, mean, sd: null, seeds: 3 };
      return Number(/<circle cx="([\d.]+)" cy="[\d.]+" r="4.5"/.exec(page({ ...run, rows: [report({ ours })] }))?.[1]);
    };
    expect(centre(4) - centre(2)).toBeCloseTo(centre(8) - centre(6), 0);
    expect(centre(4)).toBeGreaterThan(centre(2));
  });

  test('has a chart of a single value, and none of none', () => {
    const ours = summarise([{ seed: 0, value: 3 }]);
    expect(page({ ...run, rows: [report({ ours, row: lonely })] })).not.toMatch(/NaN/);
    expect(page({ ...run, rows: [report({ ours: null })] })).not.toMatch(/<svg /);
  });
});

test('the list has claims, rules, and what an experiment takes', () => {
  const text = listing([{ name: 'p', file: '/p.ts', rows: [definition, lonely] }]);
  expect(text).toMatch(/^p\n {2}first\n {4}Less \| is <more>\n {4}published: 2\.5 ± 0\.2 \[paper\] points \(Table 1\)/);
  expect(text).toMatch(/rule: within 1 of/);
  expect(text.match(/one: full 2 seeds of 2 min and 300 MB; not in --quick/g)).toHaveLength(1);
});
