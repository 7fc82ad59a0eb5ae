import { random } from '@forback/core';
import { expect, it } from 'vitest';
import { dataHash } from './data-hash';
import { evaluatePair, type PlainPair } from './evaluate-pair';
import type { PairOutcome } from './pair-outcome';
import { evaluateOnThreads, type WorkerSource } from './worker-pool';

/** The sources, through a loader of TypeScript. */
const source: WorkerSource = {
  module: new URL('./pair-worker.ts', import.meta.url),
  before: [`data:text/javascript,import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();`],
};
const broken: WorkerSource = { module: new URL('./nowhere.js', import.meta.url), before: [] };
/** Ends at the second pair. */
const fragile: WorkerSource = {
  module: new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads';
    let pairs = 0;
    parentPort.on('message', ({ pair }) => {
      if (++pairs === 2) process.exit(3);
      parentPort.postMessage({ kind: 'outcome', outcome: { id: pair.id, score: 1 } });
    });
    parentPort.postMessage({ kind: 'ready' });`.replaceAll('\n', ' '),
  ),
  before: [],
};

const options = { method: 'igci', key: random.key(0) } as const;
const pairs = Array.from({ length: 5 }, (_, i): PlainPair => {
  const x = Float64Array.from(random.normal(random.key(i), { shape: [40] }).dataSync());
  const y = x.map((v) => v ** 3 + v);
  return { id: `p${i}`, data: dataHash(x, y), x, y, truth: 'x->y', weight: 1 };
});

function collect() {
  const outcomes = new Map<string, PairOutcome>();
  return {
    outcomes,
    finish: async (outcome: PairOutcome) => {
      outcomes.set(outcome.id, outcome);
    },
  };
}

it('gives the outcomes that one thread gives', { timeout: 60_000 }, async () => {
  const { outcomes, finish } = collect();
  expect(await evaluateOnThreads(pairs, options, 2, 2, finish, source)).toBe(2);
  for (const pair of pairs) {
    const { milliseconds: _, ...expected } = await evaluatePair(pair, options, 2);
    expect(outcomes.get(pair.id)).toMatchObject(expected);
  }
});

it('does nothing where no thread starts', async () => {
  const { outcomes, finish } = collect();
  expect(await evaluateOnThreads(pairs, options, 0, 2, finish, broken)).toBe(0);
  expect(outcomes.size).toBe(0);
});

it('gives up the pair at which a thread ends, and goes on with another thread', async () => {
  const { outcomes, finish } = collect();
  expect(await evaluateOnThreads(pairs, options, 0, 1, finish, fragile)).toBe(1);
  expect([...outcomes.keys()].sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
  expect(outcomes.get('p1')).toMatchObject({ failure: 'the worker ended: exit code 3', right: false });
  expect(outcomes.get('p1')?.score).toBeNaN();
  expect(outcomes.get('p2')?.score).toBe(1);
});

it('passes an error of the one who listens on, and asks for no further pair', async () => {
  let calls = 0;
  const run = evaluateOnThreads(
    pairs,
    options,
    0,
    1,
    async () => {
      calls += 1;
      throw new Error('the disk is full');
    },
    fragile,
  );
  await expect(run).rejects.toThrow('the disk is full');
  expect(calls).toBe(1);
});

it('stops when aborted', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const run = evaluateOnThreads(
    pairs,
    { ...options, signal: stop.signal },
    0,
    1,
    async () => stop.abort(reason),
    fragile,
  );
  await expect(run).rejects.toBe(reason);
});
