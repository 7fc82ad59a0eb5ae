import { verifiedContent } from './content';
import { exists, machineCacheFolder, searchedFolders } from './data-folders';
import { DownloadFailure, describe, download } from './download';
import { DatasetNotFoundError } from './errors';
import type { LocateOptions } from './load-options';
import { type NodeModules, nodeModules } from './node-modules';
import type { PublishedFile, PublishedSet } from './published-files';
import { fileSink, memorySink } from './sink';

/** The verified contents of the files of `arrangement`, in its order, and where they came from. */
export interface LocatedSet {
  readonly arrangement: readonly PublishedFile[];
  readonly contents: readonly Uint8Array[];
  readonly where: string;
}

/** Finds a data set on disk or on the mirrors. */
export async function locate(caller: string, set: PublishedSet, options: LocateOptions): Promise<LocatedSet> {
  if (options.signal?.aborted) throw options.signal.reason ?? new DOMException(`${caller}: aborted`, 'AbortError');
  const attempts: string[] = [];
  const node = nodeModules();
  let target: string | undefined;
  if (node !== undefined) {
    for (const folder of await searchedFolders(node, options.dataDir)) {
      const located = await search(node, folder.path, set, (line) => attempts.push(line));
      if (located !== undefined) return located;
      const state = (await exists(node, folder.path)) ? `no complete ${set.title}` : 'no such folder';
      attempts.push(`${folder.path} (${folder.origin}): ${state}`);
    }
    const kept = options.dataDir ? node.path.resolve(options.dataDir) : machineCacheFolder(node);
    target = node.path.join(kept, set.folders[0] as string);
  }

  if (options.download === false) {
    attempts.push('download: turned off');
  } else {
    try {
      return await downloadAll(node, target, set, options);
    } catch (error) {
      if (!(error instanceof DownloadFailure)) throw error;
      attempts.push(...error.attempts);
    }
  }
  throw new DatasetNotFoundError(
    `${caller}: ${set.title} is in none of the folders searched and was not downloaded.`,
    attempts,
    `Set FORBACK_DATA_DIR, or dataDir, to a folder with ${set.folders[0]}/${set.download.map((file) => file.name).join(', ')}. ` +
      'syntheticDigitsDataset(key) needs no files.',
  );
}

async function search(
  node: NodeModules,
  folder: string,
  set: PublishedSet,
  report: (line: string) => void,
): Promise<LocatedSet | undefined> {
  for (const where of set.folders.map((name) => node.path.join(folder, name))) {
    for (const arrangement of set.arrangements) {
      const paths: string[] = [];
      const missing: string[] = [];
      for (const file of arrangement) {
        const path = await findFile(node, where, file);
        if (path === undefined) missing.push(file.name);
        else paths.push(path);
      }
      if (missing.length === 0) {
        const contents: Uint8Array[] = [];
        for (const [i, file] of arrangement.entries()) {
          const path = paths[i] as string;
          contents.push(await verifiedContent(file, await node.fs.readFile(path), path));
        }
        return { arrangement, contents, where };
      }
      if (paths.length > 0) report(`${where}: ${missing.join(', ')} missing`);
    }
  }
  return undefined;
}

async function findFile(node: NodeModules, folder: string, file: PublishedFile): Promise<string | undefined> {
  const names = file.inflated === undefined ? [file.name] : [file.name, file.name.replace(/\.gz$/, '')];
  for (const name of names) {
    const path = node.path.join(folder, name);
    if (await exists(node, path)) return path;
  }
  return undefined;
}

async function downloadAll(
  node: NodeModules | undefined,
  target: string | undefined,
  set: PublishedSet,
  options: LocateOptions,
): Promise<LocatedSet> {
  const mirrors = [...(options.mirrors ?? set.mirrors)];
  const contents: Uint8Array[] = [];
  for (const file of set.download) {
    if (node === undefined || target === undefined) {
      contents.push(await download(set.title, file, mirrors, memorySink(), options));
    } else {
      contents.push(await downloadTo(node, target, set, file, mirrors, options));
    }
  }
  const where = target === undefined ? `${mirrors[0]}` : `${target} (downloaded from ${mirrors[0]})`;
  return { arrangement: set.download, contents, where };
}

/** Downloads in progress in this process, by their path: two calls at the same time share the file. */
const running = new Map<string, Promise<unknown>>();

async function downloadTo(
  node: NodeModules,
  folder: string,
  set: PublishedSet,
  file: PublishedFile,
  mirrors: string[],
  options: LocateOptions,
): Promise<Uint8Array> {
  const path = node.path.join(folder, file.name);
  while (running.has(path)) await running.get(path);
  const task = (async () => {
    if (await exists(node, path)) return verifiedContent(file, await node.fs.readFile(path), path);
    const sink = await fileSink(node, folder, file.name).catch((error: unknown) => {
      throw new DownloadFailure([`${path}: cannot be written (${describe(error)})`]);
    });
    return download(set.title, file, mirrors, sink, options);
  })();
  // Whoever waits wants to know that it has ended, not how.
  running.set(
    path,
    task.catch(() => {}),
  );
  try {
    return await task;
  } finally {
    running.delete(path);
  }
}
