import { describe, expect, test } from 'vitest';
import { allCases } from '../cases';
import type { BenchCase } from '../cases/case';
import type { CaseResult } from '../measure/measure-case';
import { short, times } from './format';
import { page } from './html';
import { toJson } from './json';
import type { Run } from './run';
import { table } from './table';

const [gemm, step] = ['gemm-64', 'tiny-step'].map((id) => allCases.find((c) => c.id === id) as BenchCase) as [
  BenchCase,
  BenchCase,
];

function result(benchCase: BenchCase, change: Partial<CaseResult> = {}): CaseResult {
  return {
    case: benchCase,
    values: {
      forback: { median: 40, min: 38, max: 42 },
      'jax-js': { median: 20, min: 10, max: 21 },
      torch: { median: 80, min: 79, max: 81 },
    },
    ratios: { 'jax-js': { median: 2.05, min: 1.9, max: 4 }, torch: { median: 0.5, min: 0.49, max: 0.51 } },
    iterations: { forback: 100, 'jax-js': 50, torch: 200 },
    rounds: { forback: 7, 'jax-js': 7, torch: 7 },
    peakMemory: { forback: 90, 'jax-js': 100, torch: 300 },
    versions: { forback: { node: '20.19.0' }, torch: { torch: '2.9', python: '3.13' } },
    settings: { forback: 'init({})', torch: 'OpenBLAS, 2 threads' },
    notRun: { memcpy: 'not limited by memory', 'tfjs-wasm': "Kernel 'X' not registered" },
    failures: [],
    ...change,
  };
}

const run: Run = {
  meta: {
    forback: '0.1.0',
    code: 'built',
    node: '20.19.0',
    cpu: 'A <CPU> & more',
    cores: 2,
    platform: 'linux x64',
    threads: 2,
    repetitions: 7,
    init: { revectorize: true },
  },
  results: [result(gemm), result(step)],
  missing: [{ name: 'tfjs-cpu', remedy: 'not installed: run `pnpm bench setup`' }],
  complete: true,
};

const failed: Run = {
  ...run,
  complete: false,
  results: [result(gemm, { values: {}, ratios: {}, failures: ['MISMATCH: torch: "y" differs'] })],
};

test.each([
  [0.012345, '0.0123'],
  [1.2345, '1.23'],
  [12.345, '12.3'],
  [1234.5, '1235'],
  [0, '0'],
  [1e-9, '0.000000'],
])('%d is written as %s', (value, expected) => {
  expect(short(value)).toBe(expected);
});

test('a ratio is written with an x', () => {
  expect(times(2.345)).toBe('2.35x');
});

describe('the table', () => {
  test('has a row for each case, values and ratios, and says what was measured', () => {
    const text = table(run);
    expect(text).toMatch(
      /^forback 0\.1\.0 \(built packages, init\({"revectorize":true}\)\), Node 20\.19\.0, 2 of 2 threads, A <CPU> & more/,
    );
    expect(text).toMatch(/torch: torch 2\.9, python 3\.13; OpenBLAS, 2 threads/);
    expect(text).toMatch(/case +unit +forback +± +jax-js +torch\n/);
    expect(text).toMatch(/gemm-64 +GFLOP\/s +40\.0 +5% +20\.0 \(2\.05x\) +80\.0 \(0\.500x\)/);
    expect(text).toMatch(/tiny-step +µs/);
    expect(text).toMatch(/MISSING tfjs-cpu: not installed: run/);
    expect(text).toMatch(/gemm-64: without tfjs-wasm: Kernel 'X' not registered/);
    expect(text).not.toMatch(/without memcpy/);
    expect(text).not.toMatch(/STOPPED|FAILED|SOURCES/);
  });

  test('shows failures, an early end, and that sources were measured', () => {
    const text = table({ ...failed, meta: { ...run.meta, code: 'source' } });
    expect(text).toMatch(/gemm-64 +GFLOP\/s +failed/);
    expect(text).toMatch(/FAILED gemm-64: MISMATCH: torch/);
    expect(text).toMatch(/STOPPED before the last case/);
    expect(text).toMatch(/SOURCES/);
  });
});

describe('the JSON', () => {
  test('is a list of cases with ours, the peers and the ratios', () => {
    const [first, second] = toJson(run);
    expect(first).toMatchObject({
      case: 'gemm-64',
      unit: 'GFLOP/s',
      better: 'higher',
      ours: 40,
      peers: { 'jax-js': 20, torch: 80 },
      ratios: { 'jax-js': 2.05, torch: 0.5 },
    });
    expect(Object.keys(first?.peers ?? {})).not.toContain('forback');
    expect(first?.spread.values.forback).toEqual({ median: 40, min: 38, max: 42 });
    expect(first?.meta).toMatchObject({
      code: 'built',
      node: '20.19.0',
      threads: 2,
      missing: { 'tfjs-cpu': expect.stringContaining('setup') },
    });
    expect(second).toMatchObject({ case: 'tiny-step', unit: 'µs', better: 'lower' });
    expect(JSON.parse(JSON.stringify(toJson(run)))).toEqual(toJson(run));
  });

  test('has null for a case that failed, and the reason', () => {
    expect(toJson(failed)[0]).toMatchObject({
      ours: null,
      peers: {},
      ratios: {},
      failures: ['MISMATCH: torch: "y" differs'],
    });
  });
});

describe('the page', () => {
  test('has a chart and a table for each group, and needs no other file', () => {
    const html = page(run);
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html.match(/<circle /g)).toHaveLength(4);
    expect(html).toContain('A &lt;CPU&gt; &amp; more');
    expect(html).toMatch(/<title>gemm-64: 2\.05x of jax-js, 1\.90x to 4\.00x<\/title>/);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(html).not.toMatch(/\b(src|href)=/);
  });

  test('places ratios on a logarithmic axis: equal factors, equal distances', () => {
    const at = (ratio: number) => {
      const ratios = { torch: { median: ratio, min: 0.1, max: 10 } };
      return Number(/<circle cx="([\d.]+)"/.exec(page({ ...run, results: [result(gemm, { ratios })] }))?.[1]);
    };
    expect(at(4) - at(2)).toBeCloseTo(at(2) - at(1), 0);
    expect(at(2)).toBeGreaterThan(at(1));
  });

  test('shows failures without a chart', () => {
    const html = page(failed);
    expect(html).toContain('MISMATCH: torch: &quot;y&quot; differs');
    expect(html).toContain('Stopped before the last case');
    expect(html).not.toMatch(/<svg |NaN/);
  });
});
