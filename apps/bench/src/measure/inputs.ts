import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InputSpec, sizeOf } from '../cases/case';
import type { StoredArray } from '../participants/messages';

/** Writes the inputs of a case as raw little-endian arrays, which every language can read. */
export async function writeInputs(specs: readonly InputSpec[], folder: string): Promise<StoredArray[]> {
  return await Promise.all(
    specs.map(async (spec, i) => {
      const file = join(folder, `input-${spec.name}.bin`);
      const { buffer } = generate(spec, i);
      await writeFile(file, new Uint8Array(buffer));
      return { name: spec.name, shape: spec.shape, dtype: spec.dtype, file };
    }),
  );
}

/** The values of an input: a hash of position and seed, the same on every machine. */
export function generate(
  { shape, dtype, fill }: InputSpec,
  seed: number,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const values = dtype === 'int32' ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
  const offset = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < values.length; i++) {
    const unit = mix(i + offset) / 2 ** 32;
    values[i] = fill.kind === 'integers' ? Math.floor(unit * fill.below) : fill.low + unit * (fill.high - fill.low);
  }
  return values;
}

/** The finaliser of MurmurHash3 (Appleby 2011): every bit of the result depends on every bit of the argument. */
function mix(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
