import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '@forback/core';
import { expect, it } from 'vitest';
import { searchedFolders } from '../data-folders';
import { nodeModules } from '../node-modules';
import { parseCepc } from './parse-cepc';

const pairs = 'SampleID,A,B\r\none, 1 2.5 -3e-1 , 4 5 6\r\ntwo,1 2,3 4\r\nthree,0 1,1 0\r\n';
const targets = 'SampleID,Target\r\none,1.0\r\ntwo,-1\r\nthree,0\r\n';

it('reads vectors, directions, and what has none', () => {
  const suite = parseCepc(pairs, targets, 'mine');
  expect(suite.pairs.map(({ x, y, ...rest }) => ({ ...rest, x: [...x], y: [...y] }))).toEqual([
    { id: 'mine/one', x: [1, 2.5, -0.3], y: [4, 5, 6], truth: 'x->y', weight: 1 },
    { id: 'mine/two', x: [1, 2], y: [3, 4], truth: 'y->x', weight: 1 },
  ]);
  expect(suite.excluded).toEqual([{ id: 'mine/three', reason: 'no direction: its target is 0' }]);
});

it.each([
  ['', targets, 'expected pairs to begin with "SampleID,A,B", got an empty file'],
  [pairs, '', 'expected targets to begin with "SampleID,Target", got an empty file'],
  ['a,b\n1,2\n', targets, 'expected pairs to begin with "SampleID,A,B", got "a,b"'],
  ['SampleID,A,B\none,1 2\n', targets, 'pairs, line 2: expected 3 cells, got 2; the file is truncated'],
  ['SampleID,A,B\none,1 2 3,4 5\n', targets, 'pairs, line 2: expected as many numbers in A as in B, got 3 and 2'],
  ['SampleID,A,B\none,1 x,4 5\n', targets, 'pairs, line 2, A: expected a finite number, got "x"'],
  ['SampleID,A,B\none,,\n', targets, 'pairs, line 2, A: expected a finite number, got ""'],
  ['SampleID,A,B\none,1,2\n', targets, 'expected a row of pairs for each target, got none for two, three'],
  ['SampleID,A,B\none,1,2\none,1,2\n', targets, 'line 3: expected each pair once, got one again'],
  [pairs, 'SampleID,Target\none,1\none,1\n', 'targets, line 3: expected each pair once, got one again'],
  [pairs, 'SampleID,Target\none,1\n', 'pairs, line 3: expected a target for two, got none'],
  [pairs, 'SampleID,Target\none,yes\n', 'targets, line 2: expected a finite number, got "yes"'],
])('refuses damaged files: %j %j', (a, b, message) => {
  expect(() => parseCepc(a, b)).toThrow(message);
  expect(() => parseCepc(a, b)).toThrow(FormatError);
});

it('reads the example of cdt where it is', async () => {
  const node = nodeModules();
  const folders = node === undefined ? [] : await searchedFolders(node, undefined);
  for (const { path } of folders) {
    const read = (name: string) =>
      readFile(join(path, 'cause-effect-pairs', 'cdt', name), 'utf8').catch(() => undefined);
    const [a, b] = [await read('Example_pairwise_pairs.csv'), await read('Example_pairwise_targets.csv')];
    if (a === undefined || b === undefined) continue;
    const suite = parseCepc(a, b);
    expect(suite.pairs.map(({ truth }) => truth)).toEqual(['x->y', 'x->y', 'y->x', 'y->x', 'x->y']);
    for (const { x, y } of suite.pairs) expect([x.length, y.length]).toEqual([1500, 1500]);
    expect(suite.pairs[0]?.x[0]).toBe(0.461476036574);
  }
});
