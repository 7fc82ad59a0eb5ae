import { np, random } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meanAdjacency, symmetricAdjacency, undirectedGraph } from './graph';
import { type GraphLayer, graphAttention, graphConvolution, sageMean } from './graph-layers';
import { sparseMatmul } from './sparse-matmul';
import { appendColumns, appendRows, type Features, normaliseRows, sparseMatrix } from './sparse-matrix';

const dense = (matrix: Parameters<typeof sparseMatmul>[0], columns: number) =>
  sparseMatmul(matrix, np.eye(columns)).toJS() as number[][];

test('edges count once, in both directions; self-loops and repetitions are dropped', () => {
  const graph = undirectedGraph(4, [0, 1, 1, 2, 2], [1, 0, 2, 2, 1]);
  expect([...graph.sources]).toEqual([0, 1, 1, 2]);
  expect([...graph.targets]).toEqual([1, 0, 2, 1]);
});

test('normalised adjacencies: symmetric with self-loops, and rows of means; node 3 is isolated', () => {
  const graph = undirectedGraph(4, [0, 1], [1, 2]);
  const s = 1 / Math.sqrt(6);
  [
    [1 / 2, s, 0, 0],
    [s, 1 / 3, s, 0],
    [0, s, 1 / 2, 0],
    [0, 0, 0, 1],
  ].forEach((row, i) => {
    row.forEach((v, j) => {
      expect(dense(symmetricAdjacency(graph), 4)[i]?.[j]).toBeCloseTo(v, 6);
    });
  });
  expect(dense(meanAdjacency(graph), 4)).toEqual([
    [0, 1, 0, 0],
    [0.5, 0, 0.5, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test('a node that does not exist is refused', () => {
  expect(() => undirectedGraph(2, [0], [2])).toThrow(/edge 0 is \(0, 2\), but nodes go from 0 to 1/);
  expect(() => undirectedGraph(2, [0], [])).toThrow(/as many sources as targets/);
  expect(() => undirectedGraph(0, [], [])).toThrow(/at least one node, got 0/);
});

const numbers = random.uniform(random.key(1), { shape: [5, 6] }).toJS() as number[][];
const places = numbers.flatMap((row, i) => row.flatMap((v, j) => (v > 0.5 ? [{ i, j, v }] : [])));
const sparse = sparseMatrix([5, 6], {
  rows: places.map((p) => p.i),
  columns: places.map((p) => p.j),
  values: places.map((p) => p.v),
});
const full = sparseMatmul(sparse, np.eye(6));
const read = (features: Features, columns: number) =>
  'rowPointers' in features ? sparseMatmul(features, np.eye(columns)) : features;
const distance = (a: Features, b: Features, columns: number) =>
  np
    .abs(read(a, columns).sub(read(b, columns)))
    .max()
    .item();

test('sparse features are treated as dense ones are', () => {
  const rows = random.normal(random.key(2), { shape: [2, 6] });
  const columns = random.normal(random.key(3), { shape: [5, 3] });
  expect(distance(normaliseRows(sparse), normaliseRows(full), 6)).toBeLessThan(1e-6);
  expect(distance(appendRows(sparse, rows), appendRows(full, rows), 6)).toBe(0);
  expect(distance(appendColumns(sparse, 6, columns), appendColumns(full, 6, columns), 9)).toBe(0);
  expect(() => appendColumns(sparse, 6, rows)).toThrow(/expected 5 rows, got columns \[2, 6\]/);
});

const layers: [string, () => GraphLayer][] = [
  ['GCN', () => graphConvolution({ in: 6, out: 8 })],
  ['SAGE', () => sageMean({ in: 6, out: 8 })],
  ['GAT', () => graphAttention({ in: 6, out: 8, heads: 2 })],
];

describe.each(layers)('%s', (_name, make) => {
  const layer = make();
  const graph = undirectedGraph(5, [0, 1, 2], [1, 2, 3]);
  const run = (g: typeof graph, x: Features) =>
    layer.apply(layer.init(random.key(4)), layer.prepare(layer.connect(g), x));

  test('gives the same for cached dense and for sparse features', () => {
    expect(
      np
        .abs(run(graph, sparse).sub(run(graph, full)))
        .max()
        .item(),
    ).toBeLessThan(1e-5);
  });

  test('follows the nodes when they are renumbered', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (order) => {
        const place = order.map((_, v) => order.indexOf(v));
        const moved = undirectedGraph(
          5,
          [...graph.sources].map((v) => place[v] as number),
          [...graph.targets].map((v) => place[v] as number),
        );
        const expected = np.take(run(graph, full), order);
        expect(
          np
            .abs(run(moved, np.take(full, order)).sub(expected))
            .max()
            .item(),
        ).toBeLessThan(1e-5);
      }),
      { numRuns: 20 },
    );
  });

  test('sees neighbours, and only them; an isolated node sees itself', () => {
    const bump = np.zeros([5, 6]).add(np.expandDims(np.equal(np.arange(5), 0).astype('float32'), 1));
    const change = np
      .abs(run(graph, full.add(bump)).sub(run(graph, full)))
      .sum(1)
      .dataSync();
    expect(change[0]).toBeGreaterThan(1e-4);
    expect(change[1]).toBeGreaterThan(1e-4);
    expect(Math.max(...change.slice(2))).toBeLessThan(1e-6);
    expect([...run(graph, full).dataSync()].every(Number.isFinite)).toBe(true);
  });
});

test('attention weights sum to one: equal features give equal outputs whatever the edges', () => {
  const layer = graphAttention({ in: 6, out: 8 });
  const params = layer.init(random.key(5));
  const same = np.broadcastTo(full.slice([0, 1]), [5, 6]);
  const run = (sources: number[], targets: number[]) =>
    layer.apply(params, layer.prepare(layer.connect(undirectedGraph(5, sources, targets)), same));
  expect(
    np
      .abs(run([0, 1, 2], [1, 2, 3]).sub(run([], [])))
      .max()
      .item(),
  ).toBeLessThan(1e-5);
  expect(() => graphAttention({ in: 6, out: 8, heads: 3 })).toThrow(/heads to divide out 8, got 3/);
});
