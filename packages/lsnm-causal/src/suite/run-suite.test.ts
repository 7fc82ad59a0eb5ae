import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '@forback/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { discoverDirection } from '../discover-direction';
import { accuracy } from '../metrics/accuracy';
import type { PairOutcome } from './pair-outcome';
import { runSuite, type SuiteProgress } from './run-suite';
import type { SuitePair } from './suite-pair';

/** y = tanh 2x + (x + 3)·noise, every other pair the other way round. */
function samplePairs(count: number, rows = 60): SuitePair[] {
  return Array.from({ length: count }, (_, i) => {
    const draw = (part: number) => random.normal(random.foldIn(random.key(i), part), { shape: [rows] }).dataSync();
    const [cause, noise] = [Float64Array.from(draw(0)), draw(1)];
    const effect = cause.map((x, j) => Math.tanh(2 * x) + 0.1 * (x + 3) * (noise[j] as number));
    const pair = { id: `sample/${i}`, weight: 1 + i } as const;
    return i % 2 === 0
      ? { ...pair, x: cause, y: effect, truth: 'x->y' }
      : { ...pair, x: effect, y: cause, truth: 'y->x' };
  });
}

const pairs = samplePairs(6);
const fast = { method: 'marginal' } as const;
const untimed = (outcomes: readonly PairOutcome[]) => outcomes.map((outcome) => ({ ...outcome, milliseconds: 0 }));

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'forback-suite-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'outcomes.jsonl');
}

describe('runSuite', () => {
  it('says of each pair what discoverDirection says, and scores it', async () => {
    const report = await runSuite(pairs.slice(0, 2), { rule: 'likelihood' });
    for (const [i, outcome] of report.outcomes.entries()) {
      const { id, x, y, truth } = pairs[i] as SuitePair;
      const direct = await discoverDirection(x, y, { rule: 'likelihood' });
      expect(outcome).toMatchObject({ id, truth, weight: 1 + i, rows: 60, failure: null, stability: null });
      expect(outcome.score).toBe(direct.score);
      expect(outcome.direction).toBe(direct.direction);
      expect(outcome.scores.likelihood).toBe(direct.score);
      expect(outcome.scores.hsic).toBe(direct.hsic.reverse - direct.hsic.forward);
      expect(outcome.right).toBe(direct.direction === truth);
    }
    const { outcomes, metrics, byRule } = report;
    expect(metrics).toEqual(byRule.likelihood);
    expect(byRule.hsic?.accuracy).toBe(accuracy(outcomes.map((o) => ({ ...o, score: o.scores.hsic }))));
    expect(report.rulesDisagree).toEqual(
      outcomes.filter(({ scores }) => scores.likelihood > 0 !== scores.hsic > 0).map(({ id }) => id),
    );
  });

  it('gives the same outcomes every time, and those of exchanged variables exchanged', async () => {
    const { outcomes } = await runSuite(pairs.slice(0, 2));
    expect(untimed((await runSuite(pairs.slice(0, 2))).outcomes)).toEqual(untimed(outcomes));
    const exchanged = pairs.slice(0, 2).map((pair) => ({
      ...pair,
      x: pair.y,
      y: pair.x,
      truth: pair.truth === 'x->y' ? ('y->x' as const) : ('x->y' as const),
    }));
    const other = await runSuite(exchanged);
    expect(other.outcomes.map(({ score }) => -score)).toEqual(outcomes.map(({ score }) => score));
    expect(other.outcomes.map(({ right }) => right)).toEqual(outcomes.map(({ right }) => right));
  });

  it('lists pairs that fail, counts them as wrong, and goes on', async () => {
    const [a, b, c] = pairs as [SuitePair, SuitePair, SuitePair];
    const report = await runSuite([a, { ...b, y: [1, 2, Number.NaN] }, { ...c, x: new Float64Array(60).fill(1) }], {
      ...fast,
      minConfidence: 0,
    });
    expect(report.failures).toHaveLength(1);
    expect(report.failures[0]?.id).toBe(b.id);
    expect(report.failures[0]?.reason).toContain('runSuite, pair sample/1: expected finite numbers, got NaN in y[2]');
    expect(report.outcomes.map(({ right }) => right)).toEqual([report.outcomes[0]?.right, false, false]);
    expect(report.undecided).toEqual([b.id, c.id]);
    expect(report.outcomes[2]?.warnings).toContain('constant-column');
    expect(report.metrics.accuracy).toBeLessThanOrEqual(1 / 3);
    expect(report.byRule).toEqual({ likelihood: null, hsic: null });
  });

  it('counts a pair without a score among the failures', async () => {
    const [a, b] = pairs as [SuitePair, SuitePair];
    const huge = { ...b, y: Array.from(b.y as Float64Array, (v) => v * 1e200) };
    const { failures, outcomes } = await runSuite([a, huge], { standardise: false });
    expect(failures.map(({ id }) => id)).toEqual([b.id]);
    expect(failures[0]?.reason).toContain('A fit has no finite likelihood');
    expect(outcomes[1]).toMatchObject({ direction: 'undecided', right: false });
  });

  it('reports progress from the start to the end', async () => {
    const seen: SuiteProgress[] = [];
    await runSuite(pairs, { ...fast, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ done, total }) => [done, total])).toEqual([0, 1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
    expect(seen.map(({ outcome }) => outcome?.id)).toEqual([undefined, ...pairs.map(({ id }) => id)]);
  });

  it('goes on from earlier outcomes, but not from those of other data', async () => {
    const first = await runSuite(pairs, fast);
    const count = async (resume: readonly PairOutcome[], list = pairs) => {
      const done: string[] = [];
      const report = await runSuite(list, {
        ...fast,
        resume,
        onProgress: ({ outcome }) => outcome && done.push(outcome.id),
      });
      return { done, report };
    };
    const { done, report } = await count(first.outcomes.slice(0, 4));
    expect(done).toEqual(['sample/4', 'sample/5']);
    expect(untimed(report.outcomes)).toEqual(untimed(first.outcomes));
    const [pair, ...rest] = pairs as [SuitePair, ...SuitePair[]];
    expect((await count(first.outcomes, [{ ...pair, x: pair.y, y: pair.x, truth: 'y->x' }, ...rest])).done).toEqual([
      'sample/0',
    ]);
    expect((await count(first.outcomes, [{ ...pair, weight: 9 }, ...rest])).done).toEqual(['sample/0']);
  });

  it('tries again what has failed', async () => {
    const first = await runSuite(pairs, fast);
    const [broken, ...rest] = first.outcomes as [PairOutcome, ...PairOutcome[]];
    const resume = [{ ...broken, score: Number.NaN, right: false, failure: 'the worker ended' }, ...rest];
    expect(untimed((await runSuite(pairs, { ...fast, resume })).outcomes)).toEqual(untimed(first.outcomes));
  });

  it('stops when aborted', async () => {
    const reason = new Error('enough');
    await expect(runSuite(pairs, { ...fast, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    let last = 0;
    const run = runSuite(pairs, {
      ...fast,
      signal: stop.signal,
      onProgress: ({ done }) => {
        last = done;
        if (done === 2) stop.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
    expect(last).toBe(2);
  });

  it('resamples', async () => {
    const { outcomes } = await runSuite(pairs.slice(0, 2), { ...fast, bootstrap: 5 });
    for (const { stability } of outcomes) {
      expect(stability?.resamples).toBe(5);
      expect((stability?.forward ?? 0) + (stability?.reverse ?? 0)).toBeCloseTo(1, 12);
    }
  });

  it('refuses options and lists that make no sense', async () => {
    await expect(runSuite([])).rejects.toThrow('runSuite: expected at least one pair, got none');
    await expect(runSuite([pairs[0], pairs[0]] as SuitePair[])).rejects.toThrow('got two of "sample/0"');
    const backwards = { ...(pairs[0] as SuitePair), truth: 'backwards' as 'x->y' };
    await expect(runSuite([backwards])).rejects.toThrow('runSuite: expected the truth of pair 0 to be x->y or y->x');
    await expect(runSuite(pairs, { threads: 0 })).rejects.toThrow(
      'runSuite: expected threads to be a whole number of 1',
    );
    await expect(runSuite(pairs, { bootstrap: -1 })).rejects.toThrow('expected bootstrap to be a whole number of 0');
    await expect(runSuite(pairs, { method: 'lingam' as 'anm' })).rejects.toThrow(
      'runSuite: expected method to be one of',
    );
  });
});

describe('a file of outcomes', () => {
  it('keeps every outcome as it comes, and the next run goes on from it', async () => {
    const file = await temporaryFile();
    const stop = new AbortController();
    const settings = { ...fast, bootstrap: 2, key: 7 };
    const options = { ...settings, file };
    const interrupted = runSuite(pairs, {
      ...options,
      signal: stop.signal,
      onProgress: ({ done }) => done === 3 && stop.abort(new Error('Ctrl-C')),
    });
    await expect(interrupted).rejects.toThrow('Ctrl-C');
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(4);
    const started: number[] = [];
    const resumed = await runSuite(pairs, { ...options, onProgress: ({ done }) => started.push(done) });
    expect(started).toEqual([3, 4, 5, 6]);
    const whole = await runSuite(pairs, settings);
    expect(untimed(resumed.outcomes)).toEqual(untimed(whole.outcomes));
    expect(await readdir(join(file, '..'))).toEqual(['outcomes.jsonl']);
  });

  it('survives a line that was cut off', async () => {
    const file = await temporaryFile();
    const options = { ...fast, file };
    const { outcomes } = await runSuite(pairs, options);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, -20));
    const done: string[] = [];
    const again = await runSuite(pairs, { ...options, onProgress: ({ outcome }) => outcome && done.push(outcome.id) });
    expect(done).toEqual(['sample/5']);
    expect(untimed(again.outcomes)).toEqual(untimed(outcomes));
  });

  it('is refused where it is of other options, or something else', async () => {
    const file = await temporaryFile();
    await runSuite(pairs, { ...fast, file });
    await expect(runSuite(pairs, { method: 'igci', file })).rejects.toThrow('to be of a run with these options');
    await expect(runSuite(pairs, { ...fast, key: 1, file })).rejects.toThrow('give another path, or delete the file');
    await writeFile(file, 'id,score\n');
    await expect(runSuite(pairs, { ...fast, file })).rejects.toThrow('to be a file of outcomes, got something else');
  });

  it('cannot be where there are no files', async () => {
    vi.stubGlobal('process', undefined);
    try {
      await expect(runSuite(pairs, { ...fast, file: 'outcomes.jsonl' })).rejects.toThrow(
        'runSuite: expected no file here, where there are none',
      );
      expect((await runSuite(pairs, { ...fast, threads: 4 })).threads).toBe(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
