import { expect } from 'vitest';
import { bytesPerElement, type DType, type TypedArray } from '../../src/array/dtype';
import { Engine } from '../../src/backends/wasm/engine';
import { roundUp } from '../../src/backends/wasm/heap';
import type { NativeKernel, NativeModule, Word } from '../../src/backends/wasm/native';
import { control } from '../../src/backends/wasm/team';

export interface OutputType {
  readonly dtype: DType;
  readonly length: number;
}

/** Bytes that stay between values: the engine leaves as many. */
const padding = 16;

/** Makes an engine whose threads are all awake. */
export async function engineWith(threads: number): Promise<Engine> {
  const engine = new Engine({ threads, features: { relaxedSimd: false } });
  if (threads === 1) return engine;
  const nothing = engine.link({ module: { key: 'nothing', define: defineNothing }, name: 'part' });
  // Workers start with the first job, but only once this thread waits.
  const ready = () => Atomics.load(engine.heap.all('int32'), control.ready);
  const deadline = performance.now() + 20_000;
  engine.team.run(nothing, 0, 2);
  while (ready() < threads - 1 && performance.now() < deadline) await new Promise((resume) => setTimeout(resume, 1));
  expect(ready()).toBe(threads - 1);
  return engine;
}

const defineNothing: NativeModule['define'] = (module) => {
  module.export(
    'part',
    module.function({ params: ['i32', 'i32', 'i32'], result: 'void' }, () => {}),
  );
};

/** One run in memory that was full of `poison`; checks that nothing but the outputs and working memory is written. */
function runOn(
  engine: Engine,
  { stages, scratchBytes = 0, ownBytes = 0 }: NativeKernel,
  inputs: readonly TypedArray[],
  outputs: readonly OutputType[],
  poison: number,
): TypedArray[] {
  const { heap, team } = engine;
  let bytes = 0;
  const take = (size: number) => {
    const at = bytes;
    bytes = roundUp(bytes + size + padding, 64);
    return at;
  };
  const ins = inputs.map((data) => take(data.byteLength));
  const outs = outputs.map(({ dtype, length }) => take(length * bytesPerElement(dtype)));
  const scratch = take(scratchBytes);
  const own = take(ownBytes * team.size);
  const tables = stages.map(({ words }) => take(4 * words.length));
  const base = heap.allocate(bytes);
  heap.all('bool').fill(poison, base, base + bytes);
  inputs.forEach((data, i) => {
    heap.view('bool', base + (ins[i] as number), data.byteLength).set(bytesOf(data));
  });
  const places = { input: ins, output: outs, scratch: [scratch], own: [own] };
  const address = (word: Word) =>
    typeof word === 'number' ? word : base + (places[word.of][word.index] as number) + word.bytes;
  stages.forEach(({ run, parts, words }, i) => {
    const table = base + (tables[i] as number);
    heap.all('int32').set(words.map(address), table / 4);
    team.run(engine.link(run), table, parts);
  });
  const memory = heap.all('bool').slice(base, base + bytes);
  heap.free(base);
  inputs.forEach((data, i) => {
    const at = ins[i] as number;
    expect(sameBits(memory.subarray(at, at + data.byteLength), bytesOf(data)), `input ${i} is unchanged`).toBe(true);
  });
  return outputs.map(({ dtype, length }, i) => {
    const at = outs[i] as number;
    const end = at + length * bytesPerElement(dtype);
    const behind = memory.subarray(end, end + padding);
    expect(
      behind.every((byte) => byte === poison),
      `nothing is written behind output ${i}`,
    ).toBe(true);
    return new (arrayOf[dtype] as new (buffer: ArrayBuffer) => TypedArray)(memory.slice(at, end).buffer);
  });
}

const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** WebAssembly leaves open which bits a NaN has. */
function sameBits(x: TypedArray, y: TypedArray): boolean {
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

const [one, two] = [await engineWith(1), await engineWith(2)];

/**
 * The outputs of a native kernel. It runs on one thread and on two, and each time the memory holds something else before:
 * the bits must not show it. The bytes 255 are NaN as floats.
 */
export function runKernel(
  kernel: NativeKernel,
  inputs: readonly TypedArray[],
  outputs: readonly OutputType[],
): TypedArray[] {
  const results = runOn(one, kernel, inputs, outputs, 255);
  const again = runOn(two, kernel, inputs, outputs, 65);
  results.forEach((result, i) => {
    const same = sameBits(again[i] as TypedArray, result);
    expect(same, `output ${i} has the same bits on two threads and after other contents of the memory`).toBe(true);
  });
  return results;
}
