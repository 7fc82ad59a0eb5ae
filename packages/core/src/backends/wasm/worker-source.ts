/** What a worker thread runs, in Node and in browsers. It looks for jobs for a while before it goes to sleep. */
export const workerSource = `
'use strict';
const node = typeof process === 'object' && typeof require === 'function';
if (node) main(require('node:worker_threads').workerData);
else self.onmessage = (event) => main(event.data);

function main({ memory, worker, control: c }) {
  const words = new Int32Array(memory.buffer, 0, 128);
  const modules = new Map();

  // A module's record: identity, bytes of code, number of imported modules, their records, the code.
  function instance(record) {
    const head = new Int32Array(memory.buffer, record, 3);
    const known = modules.get(head[0]);
    if (known) return known;
    const imports = { heap: { memory }, math: Math };
    const records = new Int32Array(memory.buffer, record + 12, head[2]);
    records.forEach((other, i) => { imports[i] = instance(other).exports; });
    const code = new Uint8Array(memory.buffer, record + 12 + 4 * head[2], head[1]).slice();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), imports);
    const made = { exports, functions: Object.values(exports) };
    modules.set(head[0], made);
    return made;
  }

  function join() {
    const run = instance(words[c.record]).functions[words[c.func]];
    const table = words[c.table];
    const parts = words[c.parts];
    for (;;) {
      const part = Atomics.add(words, c.next, 1);
      if (part >= parts) return;
      run(table, part, worker);
    }
  }

  let seen = Atomics.load(words, c.epoch);
  Atomics.add(words, c.ready, 1);
  for (;;) {
    let spins = 0;
    while (Atomics.load(words, c.epoch) === seen && spins < 20000) spins++;
    if (spins === 20000) {
      Atomics.add(words, c.sleepers, 1);
      Atomics.wait(words, c.epoch, seen);
      Atomics.sub(words, c.sleepers, 1);
    }
    seen = Atomics.load(words, c.epoch);
    Atomics.add(words, c.active, 1);
    try {
      if (Atomics.load(words, c.open) === 1) join();
    } catch (error) {
      Atomics.store(words, c.failed, 1);
    }
    Atomics.sub(words, c.active, 1);
  }
}
`;
