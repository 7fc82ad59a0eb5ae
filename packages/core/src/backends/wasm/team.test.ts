import { afterEach, expect, test, vi } from 'vitest';
import { engineWith } from '../../../test/support/run-kernel';
import { BackendError } from '../../errors';
import { call, i32, type ModuleBuilder, memory } from './assembler';
import { Engine } from './engine';
import { type NativeFunction, nativeSignature } from './native';
import { control } from './team';

/** mark: word `part` of the array at the table's address becomes worker + 1. last: traps in its last part. */
function defineMarks(module: ModuleBuilder): void {
  const mark = module.function(nativeSignature, (f, table, part, worker) => {
    const at = f.local('i32', i32.add(i32.load(table), i32.mul(part, 4)));
    // Long enough for another thread to come.
    const i = f.local('i32');
    f.for(i, 0, i32.load(table, 4), 1, () => f.emit(memory.fill(at, 0, 4)));
    f.emit(i32.store(at, i32.add(worker, 1)));
  });
  const trap = module.function(nativeSignature, (f, table, part, worker) => {
    f.if(worker, () => f.unreachable());
    f.emit(call(mark, table, part, worker));
  });
  module.export('trap', trap);
  module.export('mark', mark);
}

const run = (name: 'mark' | 'trap'): NativeFunction => ({ module: { key: 'marks', define: defineMarks }, name });

/** Which worker did each part. */
function marks(engine: Engine, name: 'mark' | 'trap', parts: number, rounds: number): number[] {
  const { heap, team } = engine;
  const data = heap.allocate(4 * parts + 4);
  const table = heap.allocate(8);
  heap.view('int32', data, parts + 1).fill(0);
  heap.all('int32').set([data, rounds], table / 4);
  try {
    team.run(engine.link(run(name)), table, parts);
    return [...heap.view('int32', data, parts + 1)].map((worker) => worker - 1);
  } finally {
    heap.free(data);
    heap.free(table);
  }
}

const engines: Engine[] = [];
function keep(engine: Engine): Engine {
  engines.push(engine);
  return engine;
}
afterEach(() => {
  for (const engine of engines.splice(0)) engine.team.stop();
});

test.each([1, 2, 3])('every part is done once and none beyond, on %i threads', async (threads) => {
  const engine = keep(await engineWith(threads));
  for (const parts of [0, 1, 2, 3, 64, 1000]) {
    const workers = marks(engine, 'mark', parts, 10);
    expect(workers.pop()).toBe(-1);
    expect(workers.every((worker) => worker >= 0 && worker < threads)).toBe(true);
  }
});

test('workers take parts of a long job, and are awake or woken for later ones', async () => {
  const engine = keep(await engineWith(2));
  const words = engine.heap.all('int32');
  for (const asleep of [false, true]) {
    while (asleep && Atomics.load(words, control.sleepers) === 0) await new Promise((resume) => setTimeout(resume, 1));
    const seen = new Set<number>();
    // The machine may be busy with something else for a while.
    for (let i = 0; i < 1000 && !seen.has(1); i++) {
      for (const worker of marks(engine, 'mark', 64, 20_000).slice(0, 64)) seen.add(worker);
    }
    expect(seen.has(1)).toBe(true);
  }
});

test('a worker that fails is reported with what happened, and work goes on with one thread', async () => {
  const engine = keep(await engineWith(2));
  const attempt = () => {
    for (let i = 0; i < 1000; i++) marks(engine, 'trap', 64, 20_000);
  };
  expect(attempt).toThrow(
    new BackendError(
      'wasm: a worker thread could not run a kernel (RuntimeError: unreachable); from now on programs run on one thread. ' +
        'Arrays are still readable',
    ),
  );
  expect(marks(engine, 'mark', 5, 1)).toEqual([0, 0, 0, 0, 0, -1]);
});

test('a worker that cannot load a kernel leaves, and the others do its work', async () => {
  const engine = keep(await engineWith(2));
  const words = engine.heap.all('int32');
  const record = engine.link(run('mark')).record();
  // The code of the module lies behind three words; no module begins like this.
  engine.heap.view('int32', record + 12, 1).fill(-1);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (let i = 0; i < 1000 && Atomics.load(words, control.ready) > 0; i++) {
    expect(marks(engine, 'mark', 64, 20_000).slice(0, 64)).toEqual(new Array(64).fill(0));
  }
  expect(Atomics.load(words, control.ready)).toBe(0);
  expect(marks(engine, 'mark', 2, 1)).toEqual([0, 0, -1]);
  expect(warn).toHaveBeenCalledWith(
    expect.stringMatching(/could not load a kernel \(CompileError: .*\); programs run on fewer threads/),
  );
  warn.mockRestore();
});

test('a team that was stopped works on one thread', () => {
  const engine = keep(new Engine({ threads: 4, features: { relaxedSimd: false } }));
  engine.team.stop();
  expect(marks(engine, 'mark', 3, 1)).toEqual([0, 0, 0, -1]);
});
