import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError, FormatError } from '../errors';
import { array } from '../numpy';
import { loadFile, save, saveFile } from '.';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forback-io-'));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true });
});

describe('saveFile and loadFile', () => {
  test('keep a tree, and leave nothing else behind', async () => {
    const path = join(folder, 'model.safetensors');
    await saveFile(path, { a: array([1, 2]) });
    await saveFile(path, { a: array([3]), n: 1 });
    expect(await readdir(folder)).toEqual(['model.safetensors']);
    expect(new Uint8Array(await readFile(path))).toEqual(save({ a: array([3]), n: 1 }));
    const { a } = await loadFile<{ a: ReturnType<typeof array> }>(path);
    expect(a.toJS()).toEqual([3]);
  });

  test('a tree that cannot be saved leaves the old file', async () => {
    const path = join(folder, 'model');
    await saveFile(path, 1);
    await expect(saveFile(path, { f: () => 1 })).rejects.toThrow('io.saveFile: f is a function');
    expect(await loadFile(path)).toBe(1);
    expect(await readdir(folder)).toEqual(['model']);
  });

  test('a write that fails leaves nothing', async () => {
    await expect(saveFile(folder, 1)).rejects.toThrow(/EISDIR|EPERM|ENOTEMPTY|EEXIST/);
    await expect(saveFile(join(folder, 'no', 'such'), 1)).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual([]);
    expect(
      await readdir(join(folder, '..')).then((names) => names.filter((n) => n.startsWith(basename(folder)))),
    ).toHaveLength(1);
  });

  test('errors name the file', async () => {
    const path = join(folder, 'x');
    await expect(loadFile(path)).rejects.toThrow('ENOENT');
    await writeFile(path, 'hello, this is text');
    await expect(loadFile(path)).rejects.toThrow(FormatError);
    await expect(loadFile(path)).rejects.toThrow(
      `io.loadFile(${JSON.stringify(path)}): not a safetensors file but text`,
    );
    await expect(saveFile('', 1)).rejects.toThrow('io.saveFile: expected the path of a file, got an empty string');
    await expect(loadFile(3 as never)).rejects.toThrow('io.loadFile: expected the path of a file, got number');
  });

  test('there are none in a browser', async () => {
    vi.stubGlobal('process', undefined);
    await expect(saveFile('x', 1)).rejects.toThrow(BackendError);
    await expect(loadFile('x')).rejects.toThrow(
      'io.loadFile: there is no file system here; use io.save and io.load with bytes',
    );
  });
});
