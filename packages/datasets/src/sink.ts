import { concatenate } from './concatenate';
import type { NodeModules } from './node-modules';

/** Where the bytes of a download go. */
export interface Sink {
  /** Bytes that are here. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Drops what is here. */
  restart(): Promise<void>;
  bytes(): Promise<Uint8Array>;
  /** Makes the bytes the file; the sink is done. */
  commit(): Promise<void>;
  /** Stops without a file; keeps what is here for a later attempt where that is possible. */
  suspend(): Promise<void>;
}

export function memorySink(): Sink {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    async append(chunk) {
      chunks.push(chunk);
      size += chunk.length;
    },
    async restart() {
      chunks = [];
      size = 0;
    },
    async bytes() {
      return concatenate(chunks, size);
    },
    async commit() {},
    async suspend() {},
  };
}

/**
 * Collects a file under `<name>.<process id>.part` and renames it at the end, so that the final name never holds a part
 * of a file. What a process that has ended left behind is continued.
 */
export async function fileSink(node: NodeModules, folder: string, name: string): Promise<Sink> {
  const { fs, path } = node;
  await fs.mkdir(folder, { recursive: true });
  const part = path.join(folder, `${name}.${process.pid}.part`);
  await adoptLeftover(node, folder, name, part);
  const handle = await fs.open(part, 'a+');
  let { size } = await handle.stat();
  return {
    get size() {
      return size;
    },
    async append(chunk) {
      await handle.appendFile(chunk);
      size += chunk.length;
    },
    async restart() {
      await handle.truncate(0);
      size = 0;
    },
    async bytes() {
      return fs.readFile(part);
    },
    async commit() {
      await handle.sync();
      await handle.close();
      await fs.rename(part, path.join(folder, name));
    },
    async suspend() {
      await handle.close();
      if (size === 0) await fs.rm(part, { force: true });
    },
  };
}

/** Takes over one part of an ended process under our own name and removes the others. */
async function adoptLeftover(node: NodeModules, folder: string, name: string, part: string): Promise<void> {
  const { fs, path } = node;
  const entries = await fs.readdir(folder);
  let adopted = entries.includes(path.basename(part));
  for (const entry of entries) {
    const id = entry.startsWith(`${name}.`) ? /^\.(\d+)\.part$/.exec(entry.slice(name.length)) : null;
    if (id === null || isRunning(Number(id[1]))) continue;
    const leftover = path.join(folder, entry);
    // Another process may have been faster with either: then there is nothing left to do.
    if (adopted) await fs.rm(leftover, { force: true });
    else {
      adopted = await fs.rename(leftover, part).then(
        () => true,
        () => false,
      );
    }
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
  }
}
