import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { experiment, NoDataError, type RunContext, row } from '../../row';
import { above, reportOnly, withinTolerance } from '../../rule';

/** Rows that compute nothing, for the tests of the command. They write into `context.dataDir` what was run. */
function note({ dataDir }: RunContext, text: string): string {
  if (dataDir === undefined) throw new Error('the tests name a data folder');
  appendFileSync(join(dataDir, 'runs.log'), `${text}\n`);
  return dataDir;
}

const budget = (seeds: number, seconds = 1) => ({ settings: { factor: 2 }, seeds, seconds, memory: 50 });

const twice = experiment({
  name: 'twice',
  full: budget(3, 9),
  quick: { ...budget(2), settings: { factor: 1 } },
  async run(seed, { factor }, context) {
    note(context, `twice ${seed}`);
    for (let i = 1; i <= 4; i++) context.onProgress(i / 4);
    return { value: factor * seed, pid: process.pid };
  },
});
/** Waits until the file `go` is there or it is stopped; then it returns something in any case, as careless runs do. */
const waits = experiment({
  name: 'waits',
  full: budget(1),
  quick: null,
  async run(seed, _, context) {
    const folder = note(context, `waits ${seed}`);
    while (!context.signal.aborted && !existsSync(join(folder, 'go')))
      await new Promise((soon) => setTimeout(soon, 20));
    note(context, context.signal.aborted ? 'waits stopped' : 'waits done');
    return 7;
  },
});
const misbehaves = experiment({
  name: 'misbehaves',
  full: { ...budget(1), settings: 'throws' },
  quick: { ...budget(1), settings: 'dies' },
  async run(_seed, how) {
    if (how === 'throws') throw new RangeError('no such thing');
    process.kill(process.pid, 'SIGKILL');
    return new Promise<number>(() => {});
  },
});
const infinite = experiment({ name: 'infinite', full: budget(1), quick: budget(1), run: async () => ({ x: 1 / 0 }) });
const lacking = experiment({
  name: 'lacking',
  full: budget(1),
  quick: budget(1),
  async run(): Promise<number> {
    throw new NoDataError('put moons.csv into the data folder');
  },
});

const common = { claim: 'a claim', source: 'a paper, section 1', unit: 'moons', better: 'higher' } as const;
const nothing = { ...common, published: null, rule: reportOnly() };

export default [
  row({
    ...common,
    name: 'twice',
    published: { value: 2.25, sd: 0.5, tag: 'paper' },
    from: { twice },
    value: (results) => results.twice.value,
    rule: withinTolerance(0.5),
  }),
  row({
    ...nothing,
    name: 'own-process',
    from: { twice },
    value: (results) => Number(results.twice.pid !== process.pid),
    rule: above(0, { standardErrors: 0 }),
    quickRule: above(2, { standardErrors: 0 }),
  }),
  row({ ...nothing, name: 'waits', from: { waits }, value: (results) => results.waits }),
  row({ ...nothing, name: 'misbehaves', from: { misbehaves }, value: (results) => results.misbehaves }),
  row({ ...nothing, name: 'infinite', from: { infinite, twice }, value: (results) => results.infinite.x }),
  row({ ...nothing, name: 'lacking', from: { lacking }, value: (results) => results.lacking }),
];
