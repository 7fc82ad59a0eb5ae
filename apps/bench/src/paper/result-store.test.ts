import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Job, jobKey, planJobs, settingsHash } from './job';
import { ResultStore, type StoredResult } from './result-store';
import { experiment, row } from './row';
import { reportOnly } from './rule';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forback-paper-store-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const job: Job = {
  package: 'p',
  file: '/p.ts',
  experiment: 'e',
  seed: 0,
  settings: { epochs: 5, sizes: [1, 2] },
  version: '1.0.0',
  seconds: 1,
  memory: 1,
};
const result = (of: Job, values: StoredResult['values']): StoredResult => ({
  package: of.package,
  experiment: of.experiment,
  seed: of.seed,
  settings: of.settings,
  version: of.version,
  values,
  seconds: 2,
  memory: 3,
  node: '20.19.0',
  cpu: 'a CPU',
  commit: null,
  finished: '2030-01-01T00:00:00.000Z',
});

describe('the store', () => {
  test('finds again what was added, in another process too', async () => {
    const store = await ResultStore.open(folder);
    expect(store.get(job)).toBeUndefined();
    await store.add(result(job, { error: 1 / 3 }));
    expect(store.get(job)?.values).toEqual({ error: 1 / 3 });
    expect((await ResultStore.open(folder)).get(job)).toEqual(result(job, { error: 1 / 3 }));
  });

  test.each<[string, Partial<Job>]>([
    ['package', { package: 'q' }],
    ['experiment', { experiment: 'f' }],
    ['seed', { seed: 1 }],
    ['settings', { settings: { epochs: 6, sizes: [1, 2] } }],
    ['version', { version: '1.0.1' }],
  ])('does not take a result with another %s for this one', async (_, change) => {
    const store = await ResultStore.open(folder);
    await store.add(result({ ...job, ...change }, 1));
    expect(store.get(job)).toBeUndefined();
    expect(store.get({ ...job, ...change })?.values).toBe(1);
  });

  test('survives a line that was cut off, and writes the next on a line of its own', async () => {
    const store = await ResultStore.open(folder);
    await store.add(result(job, 1));
    await appendFile(join(folder, 'p.jsonl'), '{"package":"p","experi');
    const again = await ResultStore.open(folder);
    await again.add(result({ ...job, seed: 1 }, 2));
    const last = await ResultStore.open(folder);
    expect([last.get(job)?.values, last.get({ ...job, seed: 1 })?.values]).toEqual([1, 2]);
    expect((await readFile(join(folder, 'p.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  test('the last of two results counts, and forgotten ones are computed again', async () => {
    const store = await ResultStore.open(folder);
    await store.add(result(job, 1));
    await store.add(result(job, 2));
    const again = await ResultStore.open(folder);
    expect(again.get(job)?.values).toBe(2);
    again.forget([job]);
    expect(again.get(job)).toBeUndefined();
  });

  test('a folder that does not exist is empty', async () => {
    expect((await ResultStore.open(join(folder, 'nowhere'))).get(job)).toBeUndefined();
  });
});

test('equal settings have equal hashes, whatever their order; others do not', () => {
  expect(settingsHash({ a: 1, b: { c: 2, d: [3] } })).toBe(settingsHash({ b: { d: [3], c: 2 }, a: 1 }));
  const hashes = [{ a: 1 }, { a: '1' }, { a: [1] }, { a: null }, [1, 2], [2, 1]].map(settingsHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

describe('the plan', () => {
  const budget = (epochs: number, seeds: number) => ({ settings: { epochs }, seeds, seconds: 10, memory: 20 });
  const run = async () => 1;
  const both = experiment({ name: 'both', full: budget(5, 3), quick: budget(1, 1), run });
  const long = experiment({ name: 'long', full: budget(9, 2), quick: null, run });
  const common = { claim: '', published: null, source: '', unit: '', better: 'lower', rule: reportOnly() } as const;
  const rows = [
    row({ ...common, name: 'first', from: { both }, value: (results) => results.both }),
    row({ ...common, name: 'second', from: { both, long }, value: (results) => results.both - results.long }),
  ];
  const plan = (quick: boolean, seeds?: number) =>
    planJobs({ name: 'p', file: '/p.ts', rows }, { quick, seeds }, '1').map((j) => [j.experiment, j.seed, j.settings]);

  test('has an experiment of two rows once for each seed', () => {
    expect(plan(false)).toEqual([
      ['both', 0, { epochs: 5 }],
      ['both', 1, { epochs: 5 }],
      ['both', 2, { epochs: 5 }],
      ['long', 0, { epochs: 9 }],
      ['long', 1, { epochs: 9 }],
    ]);
  });

  test('takes the quick settings, and leaves out what has none', () => {
    expect(plan(true)).toEqual([['both', 0, { epochs: 1 }]]);
  });

  test('has as many seeds as asked for', () => {
    expect(plan(false, 1).map(([name]) => name)).toEqual(['both', 'long']);
    expect(plan(true, 2)).toHaveLength(2);
  });

  test('has a key of its own for every job', () => {
    const keys = planJobs({ name: 'p', file: '/p.ts', rows }, { quick: false, seeds: undefined }, '1').map(jobKey);
    expect(new Set(keys).size).toBe(5);
  });
});
