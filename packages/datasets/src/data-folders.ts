import type { NodeModules } from './node-modules';

/** A folder that may hold data sets, each in a folder of its own, and where the idea to look there came from. */
export interface DataFolder {
  readonly path: string;
  readonly origin: string;
}

/** The folders to search, in order: the caller's, `FORBACK_DATA_DIR`, `../shared/data` beside the workspace, the cache. */
export async function dataFolders(
  node: Pick<NodeModules, 'fs' | 'path'>,
  where: { dataDir: string | undefined; environmentDir: string | undefined; cwd: string; cache: string },
): Promise<DataFolder[]> {
  const folders: DataFolder[] = [];
  const add = (path: string, origin: string) => folders.push({ path: node.path.resolve(where.cwd, path), origin });
  if (where.dataDir) add(where.dataDir, 'dataDir');
  if (where.environmentDir) add(where.environmentDir, 'FORBACK_DATA_DIR');
  const workspace = await workspaceRoot(node, where.cwd);
  if (workspace !== undefined) add(node.path.join(workspace, '..', 'shared', 'data'), 'beside the workspace');
  add(where.cache, 'cache');
  return folders;
}

/** The folders to search on this machine. */
export async function searchedFolders(node: NodeModules, dataDir: string | undefined): Promise<DataFolder[]> {
  return dataFolders(node, {
    dataDir,
    environmentDir: process.env.FORBACK_DATA_DIR,
    cwd: process.cwd(),
    cache: machineCacheFolder(node),
  });
}

/** The cache folder of the user of this machine. */
export function machineCacheFolder(node: NodeModules): string {
  return cacheFolder(node.path, {
    platform: process.platform,
    home: node.os.homedir(),
    environment: process.env,
  });
}

async function workspaceRoot(node: Pick<NodeModules, 'fs' | 'path'>, from: string): Promise<string | undefined> {
  for (let folder = node.path.resolve(from); ; folder = node.path.dirname(folder)) {
    if (await exists(node, node.path.join(folder, 'pnpm-workspace.yaml'))) return folder;
    if (folder === node.path.dirname(folder)) return undefined;
  }
}

/** The user's cache folder of this library, by the conventions of the platform. */
export function cacheFolder(
  path: Pick<NodeModules['path'], 'join' | 'isAbsolute'>,
  machine: { platform: string; home: string; environment: Readonly<Record<string, string | undefined>> },
): string {
  const { platform, home, environment } = machine;
  if (platform === 'win32')
    return path.join(environment.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'forback');
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'forback');
  // The XDG specification says to ignore a relative path.
  const xdg = environment.XDG_CACHE_HOME;
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache'), 'forback');
}

export async function exists(node: Pick<NodeModules, 'fs'>, path: string): Promise<boolean> {
  return node.fs.access(path).then(
    () => true,
    () => false,
  );
}
