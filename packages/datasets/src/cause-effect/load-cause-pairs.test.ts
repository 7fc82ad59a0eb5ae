import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, random } from '@forback/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DatasetNotFoundError } from '../errors';
import { temporaryFolder } from '../test-support';
import type { CausePairSuite } from './cause-pair';
import { loadCausePairs, loadPublishedSuite } from './load-cause-pairs';
import { causePairSuiteNames, type PublishedSuite } from './published-suites';

const csv: PublishedSuite = {
  name: 'CSV',
  folders: ['cause-effect-pairs/CSV'],
  layout: 'anlsmn',
  count: 2,
  rows: 3,
  discrete: [],
};
const columns: PublishedSuite = {
  name: 'Columns',
  folders: ['cause-effect-pairs/Columns'],
  layout: 'mooij',
  count: 4,
  discrete: [3],
};
const files: Record<string, string> = {
  'CSV/pairs_gt.txt': '1\n0\n',
  'CSV/pair_1.txt': '"","x_pa","x_child"\n"1",1,4\n"2",2,5.5\n"3",-3e-1,6\n',
  'CSV/pair_2.txt': '"","x","y"\r\n"1",7,10\r\n"2",8,11\r\n"3",9,12\r\n',
  'Columns/pairmeta.txt': '0001 1 1 2 2 0.25\n0002 2 2 1 1 1\n0003 1 1 2 2 1\n0004 1 2 3 3 0\n',
  'Columns/pair0001.txt': '  1.5e+00 2 NaN\n3\t4 9\n\n',
  'Columns/pair0002.txt': '5 6\r\n7 8\r\n9 10',
  'Columns/pair0003.txt': '0 1\n1 1\n',
  'Columns/pair0004.txt': '0 1 2\n1 1 2\n',
};

let dataDir: string;
const offer = (name: string, content: string | Uint8Array) =>
  writeFile(join(dataDir, 'cause-effect-pairs', name), content);
beforeEach(async () => {
  dataDir = await temporaryFolder();
  for (const suite of ['CSV', 'Columns']) await mkdir(join(dataDir, 'cause-effect-pairs', suite), { recursive: true });
  for (const [name, content] of Object.entries(files)) await offer(name, content);
});

const load = (suite: PublishedSuite, options = {}) => loadPublishedSuite('load', suite, { dataDir, ...options });
const plain = ({ pairs }: CausePairSuite) =>
  pairs.map(({ id, x, y, truth, weight }) => ({ id, x: [...x], y: [...y], truth, weight }));

describe('files of Tagasovska et al.', () => {
  it('reads pairs and truth, and no names of columns', async () => {
    const suite = await load(csv);
    expect(plain(suite)).toEqual([
      { id: 'CSV/1', x: [1, 2, -0.3], y: [4, 5.5, 6], truth: 'x->y', weight: 1 },
      { id: 'CSV/2', x: [7, 8, 9], y: [10, 11, 12], truth: 'y->x', weight: 1 },
    ]);
    expect(suite).toMatchObject({ name: 'CSV', synthetic: false, excluded: [] });
    const first = await load(csv);
    await offer('CSV/pair_1.txt', (files['CSV/pair_1.txt'] as string).replace('"x_pa","x_child"', '"x","y"'));
    expect(await load(csv)).toEqual(first);
  });

  it.each([
    ['empty', '', 'expected a header of three columns, got an empty file'],
    ['cut after a row', '"","x","y"\n"1",1,2\n"2",1,2\n', 'expected 3 rows, got 2'],
    ['cut inside a row', '"","x","y"\n"1",1,2\n"2",1', 'line 3: expected "2" in quotes and two numbers, got ""2",1"'],
    ['with a row missing', '"","x","y"\n"1",1,2\n"3",1,2\n', 'line 3: expected "2" in quotes'],
    ['with a word', '"","x","y"\n"1",1,NA\n', 'line 2: expected a finite number, got "NA"'],
    ['with a hole', '"","x","y"\n"1",,2\n', 'line 2: expected a finite number, got ""'],
    ['in columns', '1 2\n3 4\n', 'expected a header of three columns, got "1 2"'],
  ])('refuses a file that is %s', async (_, content, message) => {
    await offer('CSV/pair_1.txt', content);
    await expect(load(csv)).rejects.toThrow(message);
    await expect(load(csv)).rejects.toThrow('pair_1.txt');
    await expect(load(csv)).rejects.toThrow(FormatError);
  });

  it.each([
    ['cut', '1\n', 'expected a line for each of the pairs 1 to 2 in this order, got 1 lines'],
    ['empty', '', 'got 0 lines'],
    ['of something else', '1\n2\n', 'line 2: expected 0 or 1, got "2"'],
  ])('refuses a truth file that is %s', async (_, content, message) => {
    await offer('CSV/pairs_gt.txt', content);
    await expect(load(csv)).rejects.toThrow(message);
  });
});

describe('files of Mooij et al.', () => {
  it('reads the columns that the metadata name, with weights, and leaves out what is no pair', async () => {
    const suite = await load(columns);
    expect(plain(suite)).toEqual([
      { id: 'Columns/1', x: [1.5, 3], y: [2, 4], truth: 'x->y', weight: 0.25 },
      { id: 'Columns/2', x: [5, 7, 9], y: [6, 8, 10], truth: 'y->x', weight: 1 },
    ]);
    expect(suite.excluded).toEqual([
      { id: 'Columns/4', reason: 'a variable has several columns' },
      { id: 'Columns/3', reason: 'a variable has few values' },
    ]);
  });

  it('keeps discrete pairs when asked', async () => {
    const suite = await load(columns, { discrete: true });
    expect(suite.pairs.map(({ id }) => id)).toEqual(['Columns/1', 'Columns/2', 'Columns/3']);
    expect(suite.excluded.map(({ id }) => id)).toEqual(['Columns/4']);
  });

  it.each([
    ['pair0002.txt', '', 'expected lines of numbers, got an empty file'],
    ['pair0002.txt', '1 2\n3', 'line 2: expected 2 numbers as in the first line, got 1'],
    ['pair0002.txt', '1 2\n3 x\n', 'line 2, column 2: expected a finite number, got "x"'],
    ['pair0002.txt', '1\n2\n', 'line 1, column 2: expected a finite number, got nothing'],
    ['pairmeta.txt', '0001 1 1 2 2\n', 'line 1: expected six numbers, got 5'],
    ['pairmeta.txt', '0001 1 1 1 1 1\n', 'line 1: expected a pair, the columns of its cause and effect'],
    ['pairmeta.txt', '0001 0 1 2 2 1\n', 'line 1: expected a pair, the columns of its cause and effect'],
    ['pairmeta.txt', '0001 1 1 2 2 1\n0003 1 1 2 2 1\n', 'expected a line for each of the pairs 1 to 4'],
  ])('refuses a damaged %s: %j', async (file, content, message) => {
    await offer(`Columns/${file}`, content);
    await expect(load(columns)).rejects.toThrow(message);
    await expect(load(columns)).rejects.toThrow(FormatError);
  });
});

describe('loadCausePairs', () => {
  it('refuses numbers that are not the published ones', async () => {
    await expect(load({ ...columns, digest: '00' })).rejects.toThrow(
      /Columns: expected the published numbers \(SHA-256 00\), got others \([0-9a-f]{64}\): a file is damaged/,
    );
  });

  it('does not mind other line ends and spaces', async () => {
    const digest = /got others \((\w+)\)/;
    const of = async () => digest.exec(String(await load({ ...columns, digest: '' }).catch(String)))?.[1];
    const before = await of();
    await offer('Columns/pair0002.txt', '5   6\n7 8.0\n9 10\n');
    expect(await of()).toBe(before);
    await offer('Columns/pair0002.txt', '5 6\n7 8.5\n9 10\n');
    expect(await of()).not.toBe(before);
  });

  it('exchanges x and y with a key, and the truth with them', async () => {
    const published = plain(await load(csv));
    const swapped = published.map(({ x, y, truth, ...rest }) => ({
      ...rest,
      x: y,
      y: x,
      truth: truth === 'x->y' ? 'y->x' : 'x->y',
    }));
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const shuffled = plain(await load(csv, { shuffle: random.key(seed) }));
      const pattern = shuffled.map((pair, i) => {
        const same = JSON.stringify(pair) === JSON.stringify(published[i]);
        if (!same) expect(pair).toEqual(swapped[i]);
        return same;
      });
      seen.add(pattern.join());
    }
    expect(seen.size).toBe(4);
  });

  it('says where it looked, what is missing and what to do', async () => {
    for (const name of ['HOME', 'USERPROFILE', 'LOCALAPPDATA', 'XDG_CACHE_HOME', 'FORBACK_DATA_DIR'])
      vi.stubEnv(name, dataDir);
    try {
      await rm(join(dataDir, 'cause-effect-pairs', 'CSV', 'pair_2.txt'));
      const error = (await load(csv).catch((reason: unknown) => reason)) as DatasetNotFoundError;
      expect(error).toBeInstanceOf(DatasetNotFoundError);
      expect(error.message).toContain('load: the pairs of CSV are in none of the folders searched');
      expect(error.message).toContain('1 of 2 pairs missing, the first is pair_2.txt');
      expect(error.message).toContain('cause-effect-pairs/CSV/pairs_gt.txt and pair_1.txt to pair_2.txt');
      expect(error.attempts).toContain(`${dataDir} (dataDir): no complete CSV`);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('names the suites there are', async () => {
    await expect(loadCausePairs('LSS' as 'LS')).rejects.toThrow(
      'loadCausePairs: expected suite to be one of AN, AN-s, LS, LS-s, MN-U, SIM, SIM-c, Tuebingen, got LSS',
    );
    await expect(loadCausePairs('LS', { shuffle: 3 as never, dataDir })).rejects.toThrow();
  });

  it('stops when aborted', async () => {
    const reason = new Error('enough');
    await expect(loadCausePairs('LS', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(load(csv, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

// Where a data folder is at hand these tests read the real files, and elsewhere they see the error that says there is none.
describe('the published suites', () => {
  const causes = { AN: 55, 'AN-s': 52, LS: 49, 'LS-s': 53, 'MN-U': 61, SIM: 50, 'SIM-c': 53, Tuebingen: 73 };

  it.each(causePairSuiteNames)('reads %s where it is', { timeout: 30_000 }, async (name) => {
    let suite: CausePairSuite;
    try {
      suite = await loadCausePairs(name);
    } catch (error) {
      expect(error).toBeInstanceOf(DatasetNotFoundError);
      return;
    }
    const { pairs, excluded } = suite;
    expect(pairs.filter(({ truth }) => truth === 'x->y')).toHaveLength(causes[name]);
    if (name !== 'Tuebingen') {
      expect(pairs).toHaveLength(100);
      expect(excluded).toEqual([]);
      for (const { x, y } of pairs) expect([x.length, y.length]).toEqual([1000, 1000]);
      return;
    }
    expect(pairs).toHaveLength(99);
    expect(pairs.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(35.4979, 10);
    expect(excluded.map(({ id }) => Number(id.split('/')[1])).sort((a, b) => a - b)).toEqual([
      47, 52, 53, 54, 55, 70, 71, 105, 107,
    ]);
    const lengths = pairs.map(({ x }) => x.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([94, 16_382]);
    expect(Number.isFinite(pairs.find(({ id }) => id === 'Tuebingen/81')?.y[0])).toBe(true);
  });
});
