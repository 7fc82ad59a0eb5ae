import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Writes a report, with the folders that it needs, and says so. */
export async function writeReport(file: string, text: string, out: NodeJS.WritableStream): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFile(file, text);
  out.write(`Written: ${file}\n`);
}
