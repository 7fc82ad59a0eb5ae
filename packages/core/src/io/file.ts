import { ArgumentError, BackendError } from '../errors';
import { decodeTree, encodeTree } from './save-load';

/**
 * Writes a tree to a file, as `save` does. The file appears or changes at once when everything is written: an interruption
 * leaves the old one. Node, Deno and Bun only.
 *
 * @throws what `save` throws; BackendError in a browser; the file system's own errors.
 */
export async function saveFile(path: string, tree: unknown): Promise<void> {
  const fs = fileSystem('io.saveFile', path);
  const bytes = encodeTree('io.saveFile', tree);
  // Renaming is atomic within a file system, so the temporary folder is beside the file.
  const folder = await fs.mkdtemp(`${path}.`);
  try {
    const temporary = `${folder}/tree`;
    await fs.writeFile(temporary, bytes, { flush: true });
    await fs.rename(temporary, path);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/**
 * Reads the tree that `saveFile` wrote. Node, Deno and Bun only.
 *
 * @throws what `load` throws; BackendError in a browser; the file system's own errors.
 */
export async function loadFile<T = unknown>(path: string): Promise<T> {
  const fs = fileSystem('io.loadFile', path);
  return decodeTree(`io.loadFile(${JSON.stringify(path)})`, await fs.readFile(path)) as T;
}

/** `process.getBuiltinModule` needs no import, so that bundlers for the web find nothing to resolve. */
function fileSystem(where: string, path: unknown) {
  if (typeof path !== 'string' || path === '') {
    throw new ArgumentError(
      `${where}: expected the path of a file, got ${path === '' ? 'an empty string' : typeof path}`,
    );
  }
  const { process } = globalThis;
  if (process?.getBuiltinModule === undefined) {
    throw new BackendError(`${where}: there is no file system here; use io.save and io.load with bytes`);
  }
  return process.getBuiltinModule('node:fs/promises');
}
