import { mkdir, writeFile } from 'node:fs/promises';
import nodePath, { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder, dataFolders } from './data-folders';
import { type NodeModules, nodeModules } from './node-modules';
import { temporaryFolder } from './test-support';

const node = nodeModules() as NodeModules;

describe('dataFolders', () => {
  it('lists the folders in the order of the search', async () => {
    const root = await temporaryFolder();
    const cwd = join(root, 'repository', 'packages', 'a');
    await mkdir(cwd, { recursive: true });
    await writeFile(join(root, 'repository', 'pnpm-workspace.yaml'), '');
    const folders = await dataFolders(node, { dataDir: 'mine', environmentDir: '/theirs', cwd, cache: '/cache' });
    expect(folders).toEqual([
      { path: join(cwd, 'mine'), origin: 'dataDir' },
      { path: nodePath.resolve('/theirs'), origin: 'FORBACK_DATA_DIR' },
      { path: join(root, 'shared', 'data'), origin: 'beside the workspace' },
      { path: nodePath.resolve('/cache'), origin: 'cache' },
    ]);
  });

  it('leaves out what is not set', async () => {
    const cwd = await temporaryFolder();
    const folders = await dataFolders(node, { dataDir: undefined, environmentDir: '', cwd, cache: '/cache' });
    expect(folders.map(({ origin }) => origin)).toEqual(['cache']);
  });
});

describe('cacheFolder', () => {
  const of = (platform: string, home: string, environment: Record<string, string>) =>
    cacheFolder(platform === 'win32' ? nodePath.win32 : nodePath.posix, { platform, home, environment });

  it('follows the conventions of each platform', () => {
    expect(of('linux', '/home/a', {})).toBe('/home/a/.cache/forback');
    expect(of('linux', '/home/a', { XDG_CACHE_HOME: '/fast' })).toBe('/fast/forback');
    expect(of('linux', '/home/a', { XDG_CACHE_HOME: 'relative' })).toBe('/home/a/.cache/forback');
    expect(of('darwin', '/Users/a', { XDG_CACHE_HOME: '/fast' })).toBe('/Users/a/Library/Caches/forback');
    expect(of('win32', 'C:\\Users\\a', { LOCALAPPDATA: 'D:\\local' })).toBe('D:\\local\\forback');
    expect(of('win32', 'C:\\Users\\a', {})).toBe('C:\\Users\\a\\AppData\\Local\\forback');
  });
});
