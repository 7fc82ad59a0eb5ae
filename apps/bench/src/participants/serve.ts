import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Answer, Checked, Measured, Request, StoredArray } from './messages';
import { type Participant, type Prepared, type Tensor, Unsupported } from './participant';
import { peakMemory } from './peak-memory';

/** Answers requests from standard input until it closes. What libraries print goes to standard error. */
export async function serve(participant: Participant): Promise<void> {
  const send = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  let prepared: Prepared | undefined;

  const answer = async (request: Request): Promise<unknown> => {
    if (request.do === 'start') return await participant.start(request);
    if (request.do === 'prepare') {
      const inputs = Object.fromEntries(
        await Promise.all(request.inputs.map(async (x) => [x.name, await load(x)] as const)),
      );
      prepared = await participant.prepare({ workload: request.workload, inputs, traffic: request.traffic });
      return {};
    }
    if (prepared === undefined) throw new Error(`${request.do} before prepare`);
    if (request.do === 'check') return await check(prepared, request.folder);
    return await measure(prepared, request.iterations, request.warm);
  };

  for await (const line of createInterface({ input: process.stdin })) {
    const { id, ...request } = JSON.parse(line) as Request & { id: number };
    const reply = await answer(request as Request).then(
      (ok): Answer => ({ id, ok }),
      (error: unknown): Answer => ({ id, error: describe(error), unsupported: error instanceof Unsupported }),
    );
    send(`${JSON.stringify(reply)}\n`);
  }
  // Worker threads of a library may still be alive.
  process.exit(0);
}

function describe(error: unknown): string {
  if (error instanceof Unsupported) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function load({ shape, dtype, file }: StoredArray): Promise<Tensor> {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return { shape, data: dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes) };
}

async function check(prepared: Prepared, folder: string): Promise<Checked> {
  const outputs: StoredArray[] = [];
  for (const [name, { shape, data }] of Object.entries(await prepared.results())) {
    const file = join(folder, `${name}.bin`);
    await writeFile(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    outputs.push({ name, shape, dtype: data instanceof Int32Array ? 'int32' : 'float32', file });
  }
  return { outputs };
}

async function measure(prepared: Prepared, iterations: number, warm: number): Promise<Measured> {
  await prepared.reset?.();
  globalThis.gc?.();
  if (warm > 0) await prepared.iterate(warm);
  const start = process.hrtime.bigint();
  await prepared.iterate(iterations);
  const nanoseconds = Number(process.hrtime.bigint() - start);
  return { nanoseconds, peakMemory: peakMemory() };
}
