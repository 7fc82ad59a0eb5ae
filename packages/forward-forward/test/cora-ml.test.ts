import { random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { graphConvolution, graphQuality, singleForward, trainGraph } from '../src/index';
import { coraMlFolder, loadCoraMl } from './cora-ml';

const folder = coraMlFolder();

// Needs the data folder, which is not part of the repository.
describe.runIf(folder !== undefined)('Cora_ML', () => {
  test('has the published counts, and its first split is learnt by one SF layer', { timeout: 60_000 }, async () => {
    const task = loadCoraMl(folder as string, 0);
    expect(task.graph.nodes).toBe(2995);
    expect(task.graph.sources.length).toBe(16316);
    expect([task.train.length, task.validation.length, task.test?.length]).toEqual([1916, 480, 599]);
    const layers = [graphConvolution({ in: 2879, out: 32 })];
    const method = singleForward({ layers, classes: 7 });
    const { state } = await trainGraph(method, task, { key: random.key(0), epochs: 260, checkEvery: 20 });
    // 599 test nodes: the standard deviation of an accuracy near 0.85 is 0.015.
    expect(graphQuality(method, state, task)).toBeGreaterThan(0.8);
  });
});
