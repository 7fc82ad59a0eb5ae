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

  // What went wrong, for the calling thread; the first message stays.
  function tell(where, error) {
    if (Atomics.add(words, where, 1) > 0) return;
    const text = String(error).slice(0, 255);
    const bytes = new Uint8Array(memory.buffer, c.message, 256);
    for (let i = 0; i < text.length; i++) bytes[i + 1] = text.charCodeAt(i);
    bytes[0] = text.length;
  }

  // False where this thread cannot have the code: then the others do all of the work.
  function join() {
    let run;
    try {
      // This thread may not have been told yet that another one has grown the memory.
      if (memory.buffer.byteLength < words[c.bytes]) memory.grow(0);
      run = instance(words[c.record]).functions[words[c.func]];
    } catch (error) {
      tell(c.retired, error);
      return false;
    }
    const table = words[c.table];
    const parts = words[c.parts];
    for (;;) {
      const part = Atomics.add(words, c.next, 1);
      if (part >= parts) return true;
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
    let stays = true;
    try {
      if (Atomics.load(words, c.open) === 1) stays = join();
    } catch (error) {
      tell(c.failed, error);
    }
    if (!stays) Atomics.sub(words, c.ready, 1);
    Atomics.sub(words, c.active, 1);
    if (!stays) return;
  }
}
`;
