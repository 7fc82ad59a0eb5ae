import { describe, expect, test } from 'vitest';
import type { Extent } from './job';
import { judgeRow, type Results } from './judge';
import { experiment, type Row, row } from './row';
import { above, reportOnly, withinStandardErrors } from './rule';

const budget = { seeds: 3, seconds: 1, memory: 1 };
const run = async () => ({ x: 1 });
const a = experiment({
  name: 'a',
  full: { ...budget, settings: { n: 2 } },
  quick: { ...budget, seeds: 1, settings: { n: 1 } },
  run,
});
const same = experiment({
  name: 'same',
  full: { ...budget, settings: { n: 2 } },
  quick: { ...budget, seeds: 2, settings: { n: 2 } },
  run,
});
const long = experiment({ name: 'long', full: { ...budget, settings: 1 }, quick: null, run });

const definition = {
  name: 'r',
  claim: 'c',
  published: { value: 2, tag: 'paper' },
  source: 's',
  unit: 'u',
  better: 'higher',
  rule: withinStandardErrors(2),
} as const;
const ofA = row({ ...definition, from: { a }, value: (r) => r.a.x });

const full: Extent = { quick: false, seeds: undefined };
const quick: Extent = { quick: true, seeds: undefined };
const values =
  (...xs: number[]): Results =>
  (_, seed) =>
    xs[seed] === undefined ? undefined : { x: xs[seed] };
const judge = (which: Row, extent: Extent, results: Results) => judgeRow('p', which, extent, results);

describe('a verdict', () => {
  test('is what the rule says of the mean over the seeds', () => {
    expect(judge(ofA, full, values(1, 2, 3))).toMatchObject({
      verdict: 'reproduced',
      reason: 'within 2 standard errors of the published value, or better',
      ours: { mean: 2, sd: 1, seeds: 3 },
      command: 'pnpm bench paper --only p/r',
    });
    expect(judge(ofA, full, values(0, 0.1, 0.2)).verdict).toBe('not reproduced');
  });

  test('waits for all seeds', () => {
    expect(judge(ofA, full, values(1, 2))).toMatchObject({ verdict: 'not run', reason: '2 of 3 seeds are there' });
    expect(judge(ofA, full, values())).toMatchObject({ verdict: 'not run', ours: null });
    expect(judge(ofA, { ...full, seeds: 2 }, values(1, 3))).toMatchObject({
      verdict: 'reproduced',
      command: 'pnpm bench paper --only p/r --seeds 2',
    });
  });

  test('takes pairs of the same seed, where a row looks at two experiments', () => {
    const both = row({ ...definition, from: { a, same }, value: (r) => r.a.x - r.same.x });
    const results: Results = (e, seed) => ({ x: e.name === 'a' ? 10 * seed : seed });
    expect(judge(both, full, results).ours?.values.map((v) => v.value)).toEqual([0, 9, 18]);
    const without: Results = (e, seed) => (e.name === 'a' && seed === 1 ? undefined : { x: seed });
    expect(judge(both, full, without)).toMatchObject({ verdict: 'not run', ours: { seeds: 2 } });
  });

  test('is not passed on quick settings, unless they have a rule or are the full ones', () => {
    expect(judge(ofA, quick, values(9))).toMatchObject({
      verdict: 'not judged',
      reason: 'quick settings',
      command: 'pnpm bench paper --only p/r --quick',
    });
    const ruled = row({ ...definition, from: { a }, value: (r) => r.a.x, quickRule: above(5, { standardErrors: 0 }) });
    expect(judge(ruled, quick, values(9))).toMatchObject({ verdict: 'reproduced', reason: 'quick settings: above 5' });
    const identical = row({ ...definition, from: { same }, value: (r) => r.same.x });
    expect(judge(identical, quick, values(2, 3)).verdict).toBe('reproduced');
    const excluded = row({ ...definition, from: { a, long }, value: (r) => r.a.x });
    expect(judge(excluded, quick, values(1))).toMatchObject({ verdict: 'not run', reason: 'too long for --quick' });
  });

  test('is not passed where the rule cannot be applied', () => {
    expect(judge(ofA, { ...full, seeds: 1 }, values(2)).reason).toMatch(/needs more than one seed/);
    const only = row({ ...definition, from: { a }, value: (r) => r.a.x, rule: reportOnly() });
    expect(judge(only, full, values(1, 2, 3))).toMatchObject({ verdict: 'not judged', reason: 'only reported' });
  });

  test('names failures and missing data, and keeps the seeds that are there', () => {
    const failing: Results = (_, seed) => (seed === 1 ? { kind: 'failed', reason: 'broken' } : { x: seed });
    expect(judge(ofA, full, failing)).toMatchObject({
      verdict: 'failed',
      reason: 'a seed 1: broken',
      ours: { mean: 1, seeds: 2 },
    });
    expect(judge(ofA, full, () => ({ kind: 'no data', reason: 'get it' }))).toMatchObject({
      verdict: 'no data',
      reason: 'get it',
      ours: null,
    });
    const odd = row({ ...definition, from: { a }, value: () => Number.NaN });
    expect(judge(odd, full, values(1, 2, 3))).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(/seed 0: expected a finite number from the row's value, got NaN/),
    });
    const thrower = row({
      ...definition,
      from: { a },
      value: () => {
        throw new Error('no such layer');
      },
    });
    expect(judge(thrower, full, values(1, 2, 3)).reason).toMatch(/seed 0: the row's value: Error: no such layer/);
  });
});
