import { describe, expect, test } from 'vitest';
import { type Load, runPool } from './pool';

interface TestJob extends Load {
  readonly name: string;
}
const job = (name: string, seconds: number, memory = 1): TestJob => ({ name, seconds, memory });
const never = new AbortController().signal;

/** Runs jobs that end when they are told to. */
function controlled() {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  let most = 0;
  let used = 0;
  return {
    started,
    mostMemory: () => most,
    run: (j: TestJob) => {
      started.push(j.name);
      used += j.memory;
      most = Math.max(most, used);
      return new Promise<void>((end) =>
        ends.set(j.name, () => {
          used -= j.memory;
          end();
        }),
      );
    },
    end: async (name: string) => {
      ends.get(name)?.();
      await new Promise((soon) => setImmediate(soon));
    },
  };
}

describe('the pool', () => {
  test('starts the longest jobs first, as many as there are processes', async () => {
    const c = controlled();
    const all = runPool(
      [job('short', 1), job('long', 9), job('middle', 5)],
      { processes: 2, memory: 10 },
      c.run,
      never,
    );
    expect(c.started).toEqual(['long', 'middle']);
    await c.end('middle');
    expect(c.started).toEqual(['long', 'middle', 'short']);
    await c.end('long');
    await c.end('short');
    await all;
  });

  test('keeps to the memory, and lets smaller jobs pass one that does not fit yet', async () => {
    const c = controlled();
    const jobs = [job('a', 9, 6), job('b', 8, 6), job('c', 7, 4), job('d', 6, 1)];
    const all = runPool(jobs, { processes: 4, memory: 10 }, c.run, never);
    expect(c.started).toEqual(['a', 'c']);
    await c.end('a');
    expect(c.started).toEqual(['a', 'c', 'b']);
    await c.end('c');
    expect(c.started).toEqual(['a', 'c', 'b', 'd']);
    await c.end('b');
    await c.end('d');
    await all;
    expect(c.mostMemory()).toBe(10);
  });

  test('runs a job that is larger than the memory alone', async () => {
    const c = controlled();
    const all = runPool([job('huge', 9, 99), job('tiny', 1, 1)], { processes: 4, memory: 10 }, c.run, never);
    expect(c.started).toEqual(['huge']);
    await c.end('huge');
    expect(c.started).toEqual(['huge', 'tiny']);
    await c.end('tiny');
    await all;
  });

  test('starts nothing once it is stopped, and waits for what runs', async () => {
    const c = controlled();
    const stop = new AbortController();
    const all = runPool([job('a', 2), job('b', 1)], { processes: 1, memory: 10 }, c.run, stop.signal);
    stop.abort();
    await c.end('a');
    await all;
    expect(c.started).toEqual(['a']);
  });

  test('has nothing to do without jobs', async () => {
    await runPool([], { processes: 1, memory: 1 }, () => Promise.reject(new Error('none')), never);
  });
});
