import { ArgumentError, array, type NDArray } from '@forback/core';
import { type SparseMatrix, sparseMatrix } from './sparse-matrix';

/** An undirected graph without self-loops or repeated edges. Make one with `undirectedGraph`. */
export interface Graph {
  readonly nodes: number;
  /** Both directions of every edge. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
}

/**
 * An undirected graph from a list of edges in any direction: each edge counts once, in both directions, and self-loops are
 * dropped, since the layers add their own. Nodes without edges are fine: a layer sees only what they have themselves.
 *
 * @throws ArgumentError for a node that does not exist.
 */
export function undirectedGraph(nodes: number, sources: ArrayLike<number>, targets: ArrayLike<number>): Graph {
  if (!Number.isInteger(nodes) || nodes < 1) {
    throw new ArgumentError(`undirectedGraph: expected at least one node, got ${nodes}`);
  }
  if (sources.length !== targets.length) {
    throw new ArgumentError(
      `undirectedGraph: expected as many sources as targets, got ${sources.length} and ${targets.length}`,
    );
  }
  const keys = new Set<number>();
  for (let e = 0; e < sources.length; e++) {
    const [a, b] = [sources[e] as number, targets[e] as number];
    const exists = (v: number) => Number.isInteger(v) && v >= 0 && v < nodes;
    if (!exists(a) || !exists(b)) {
      throw new ArgumentError(`undirectedGraph: edge ${e} is (${a}, ${b}), but nodes go from 0 to ${nodes - 1}`);
    }
    if (a === b) continue;
    keys.add(a * nodes + b).add(b * nodes + a);
  }
  const sorted = Float64Array.from(keys).sort();
  return {
    nodes,
    sources: Int32Array.from(sorted, (key) => Math.floor(key / nodes)),
    targets: Int32Array.from(sorted, (key) => key % nodes),
  };
}

/** A graph with more nodes and edges. */
export function extendGraph(
  { nodes, sources, targets }: Graph,
  more: { nodes: number; sources: ArrayLike<number>; targets: ArrayLike<number> },
): Graph {
  return undirectedGraph(
    nodes + more.nodes,
    [...sources, ...Array.from(more.sources)],
    [...targets, ...Array.from(more.targets)],
  );
}

function degrees({ nodes, sources }: Graph): Int32Array {
  const counts = new Int32Array(nodes);
  for (const v of sources) counts[v] = (counts[v] as number) + 1;
  return counts;
}

function withLoops({ nodes, sources, targets }: Graph): { rows: number[]; columns: number[] } {
  const loops = Array.from({ length: nodes }, (_, v) => v);
  return { rows: [...sources, ...loops], columns: [...targets, ...loops] };
}

/** D^−½ (A + I) D^−½ with the degrees of A + I (Kipf and Welling 2017, eq. 2). */
export function symmetricAdjacency(graph: Graph): SparseMatrix {
  const degree = degrees(graph);
  const { rows, columns } = withLoops(graph);
  const scale = (v: number) => 1 / Math.sqrt((degree[v] as number) + 1);
  const values = rows.map((row, e) => scale(row) * scale(columns[e] as number));
  return sparseMatrix([graph.nodes, graph.nodes], { rows, columns, values });
}

/** D^−1 A: the mean over the neighbours, zero for a node without any (Hamilton et al. 2017). */
export function meanAdjacency(graph: Graph): SparseMatrix {
  const degree = degrees(graph);
  const values = Array.from(graph.sources, (v) => 1 / (degree[v] as number));
  return sparseMatrix([graph.nodes, graph.nodes], { rows: graph.sources, columns: graph.targets, values });
}

/** A + I. */
export function loopedAdjacency(graph: Graph): SparseMatrix {
  return sparseMatrix([graph.nodes, graph.nodes], withLoops(graph));
}

/** int32 indices. */
export function indexArray(values: ArrayLike<number>): NDArray {
  return array(Int32Array.from(values));
}
