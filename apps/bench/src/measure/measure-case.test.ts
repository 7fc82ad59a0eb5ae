import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type BenchCase, uniform } from '../cases/case';
import { measureCase } from './measure-case';
import type { Contestant } from './roster';

/** Answers the protocol without computing or waiting: a run "takes" `cost` nanoseconds an iteration. */
const fakePeer = `
const { createInterface } = require('node:readline');
const { writeFileSync } = require('node:fs');
const { cost, mode } = JSON.parse(process.argv[1]);
let runs = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const answer = (ok) => console.log(JSON.stringify({ id: request.id, ok }));
  if (mode === 'noisy') console.log('Hello from a library!\\n{"id": 99, "ok": null}\\nnull');
  if (mode === 'crash-' + request.do) {
    console.error('segmentation fault, more or less');
    process.exit(3);
  }
  if (mode === 'error-' + request.do) return console.log(JSON.stringify({ id: request.id, error: 'TypeError: no such shape' }));
  if (mode === 'cannot' && request.do === 'prepare') {
    return console.log(JSON.stringify({ id: request.id, error: 'no kernel for it', unsupported: true }));
  }
  if (mode === 'hang' && request.do === 'run') return;
  if (request.do === 'start') return answer({ versions: { fake: '1.2.3' }, settings: request.threads + ' threads' });
  if (request.do === 'prepare') return answer({});
  if (request.do === 'check') {
    const file = request.folder + '/fake-y.bin';
    const data = Float32Array.of(1, 2, 3, mode === 'wrong' ? 5 : 4);
    writeFileSync(file, new Uint8Array(data.buffer));
    return answer({ outputs: [{ name: 'y', shape: [2, 2], dtype: 'float32', file }] });
  }
  runs += 1;
  answer({ nanoseconds: request.iterations * cost, peakMemory: runs * 1e6 * cost });
});`;

function fake(name: string, cost: number, mode = 'fine'): Contestant {
  const args = ['-e', fakePeer, JSON.stringify({ cost, mode })];
  return { name, command: { file: process.execPath, args }, threads: 2, options: {} };
}

const benchCase: BenchCase = {
  id: 'fake',
  group: 'fakes',
  title: 'nothing',
  workload: { kind: 'gemm' },
  inputs: [uniform('a', [2, 2]), uniform('b', [2, 2])],
  outputs: [{ name: 'y', tolerance: 1e-6 }],
  metric: { kind: 'rate', unit: 'GFLOP/s', work: 16 },
};

const settings = { repetitions: 3, sampleMilliseconds: 1, warmMilliseconds: 1 };

async function play(
  peers: Contestant[],
  change: Partial<BenchCase> = {},
  ours = fake('forback', 8),
  signal = new AbortController().signal,
) {
  const phases: string[] = [];
  const roster = { ours, peers, missing: [] };
  const result = await measureCase({ ...benchCase, ...change }, roster, settings, signal, (phase) =>
    phases.push(phase),
  );
  return { result, phases };
}

describe('a case', () => {
  test('gives values in its unit and ratios of the rounds', async () => {
    const { result, phases } = await play([fake('slow', 20), fake('quick', 4, 'noisy')]);
    expect(result.failures).toEqual([]);
    expect(result.values.forback).toEqual({ median: 2, min: 2, max: 2 });
    expect(result.values.slow?.median).toBe(0.8);
    expect(result.ratios).toEqual({
      slow: { median: 2.5, min: 2.5, max: 2.5 },
      quick: { median: 0.5, min: 0.5, max: 0.5 },
    });
    // A millisecond of 8, 20 and 4 nanoseconds.
    expect(result.iterations).toEqual({ forback: 125_000, slow: 50_000, quick: 250_000 });
    expect(result.versions.slow).toEqual({ fake: '1.2.3' });
    expect(result.settings.slow).toBe('2 threads');
    expect(phases.filter((p) => p.startsWith('round'))).toEqual(['round 1 of 3', 'round 2 of 3', 'round 3 of 3']);
    expect(phases.indexOf('checking quick')).toBeLessThan(phases.indexOf('warming up forback'));
  });

  test('whose results differ is not timed, and says who differs', async () => {
    const { result, phases } = await play([fake('right', 20), fake('liar', 1, 'wrong')]);
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]).toMatch(/^MISMATCH: liar: "y" differs by .* element 3: 5, forback has 4$/);
    expect(result.values).toEqual({});
    expect(result.ratios).toEqual({});
    expect(phases.some((p) => p.startsWith('round'))).toBe(false);
  });

  test.each([
    ['crash-start', /^peer ended with exit code 3\. Its last words: segmentation fault/],
    ['crash-run', /^peer ended with exit code 3/],
    ['error-prepare', /^peer: TypeError: no such shape$/],
    ['error-run', /^peer: TypeError: no such shape$/],
  ])('goes on without a peer that fails (%s), and says so', async (mode, reason) => {
    const { result } = await play([fake('peer', 20, mode), fake('other', 16)]);
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]).toMatch(reason);
    expect(Object.keys(result.values)).toEqual(['forback', 'other']);
    expect(result.ratios.other?.median).toBe(2);
  });

  test('without a program to run names it', async () => {
    const { result } = await play([{ ...fake('ghost', 1), command: { file: '/nowhere/ghost', args: [] } }]);
    expect(result.failures[0]).toMatch(/^ghost could not be started: .*ENOENT/);
  });

  test('names peers that cannot do it or sit it out, without failing', async () => {
    const lazy: Contestant = { ...fake('lazy', 1), sitsOut: (c) => `not for ${c.id}` };
    const { result } = await play([fake('unable', 20, 'cannot'), lazy]);
    expect(result.failures).toEqual([]);
    expect(result.notRun).toEqual({ unable: 'no kernel for it', lazy: 'not for fake' });
    expect(Object.keys(result.values)).toEqual(['forback']);
  });

  test('of forback against itself is for those that it names, and they for nothing else', async () => {
    const variant: Contestant = { ...fake('variant', 20), variantOfOurs: true };
    const own = await play([variant, fake('peer', 20)], { against: ['variant'] });
    expect(Object.keys(own.result.values)).toEqual(['forback', 'variant']);
    expect(own.result.notRun).toEqual({ peer: 'forback is compared with itself' });
    const usual = await play([variant]);
    expect(usual.result.notRun).toEqual({ variant: 'takes part only where forback is compared with itself' });
  });

  test('has no values if forback fails', async () => {
    const { result } = await play([fake('peer', 20)], {}, fake('forback', 8, 'crash-run'));
    expect(result.failures[0]).toMatch(/^forback ended with exit code 3/);
    expect(result.values).toEqual({});
  });

  test('of time counts less as better', async () => {
    const { result } = await play([fake('peer', 4000)], { metric: { kind: 'time', unit: 'µs' } });
    expect(result.values.peer?.median).toBe(4);
    expect(result.ratios.peer?.median).toBe(500);
  });

  test('asks a very slow peer for fewer rounds, and compares those', async () => {
    const { result } = await play([fake('snail', 4e9), fake('stone', 9e9)]);
    expect(result.ratios.snail).toEqual({ median: 5e8, min: 5e8, max: 5e8 });
    expect(result.rounds).toEqual({ forback: 3, snail: 2, stone: 1 });
  });

  test('in fresh processes takes each sample in a new one', async () => {
    const memory = { metric: { kind: 'memory', unit: 'MB' }, fresh: { warm: 0, iterations: 5 } } as const;
    const { result } = await play([fake('peer', 24)], memory);
    // The fake's memory grows with the runs of its process.
    expect(result.values).toEqual({ forback: { median: 8, min: 8, max: 8 }, peer: { median: 24, min: 24, max: 24 } });
    expect(result.ratios.peer?.median).toBe(3);
    expect(result.iterations.forback).toBe(5);
  });
});

describe('an interrupt', () => {
  test('ends a case that hangs, with its reason, and leaves no files', async () => {
    const ours = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('forback-bench-'));
    const before = await ours();
    const stop = new AbortController();
    const reason = new Error('enough');
    const roster = { ours: fake('forback', 8), peers: [fake('peer', 20, 'hang')], missing: [] };
    const played = measureCase(benchCase, roster, settings, stop.signal, (phase) => {
      if (phase === 'warming up peer') setTimeout(() => stop.abort(reason), 50);
    });
    await expect(played).rejects.toBe(reason);
    expect((await ours()).filter((name) => !before.includes(name))).toEqual([]);
  });

  test('before the start starts nothing', async () => {
    await expect(play([], {}, fake('forback', 8), AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
  });
});
