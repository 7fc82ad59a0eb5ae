import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { array } from '@forback/core';
import { type NodeTask, sparseMatrix, undirectedGraph } from '@forback/forward-forward';
import { NoDataError, type RunContext } from '../row';
import { readNpz } from './npz';

/** Classes and features of Cora_ML. */
export const coraMl = { classes: 7, features: 2879 } as const;

type Split = { train: number[]; val: number[]; test: number[] };

/**
 * Cora_ML, made undirected: 2995 nodes; with split 0 to 4 of ForwardGNN (Park et al. 2024): 1916 nodes to train, 480 to
 * validate, 599 to test.
 *
 * @throws NoDataError where the files are not there.
 */
export async function coraMlTask(split: number, { dataDir }: Pick<RunContext, 'dataDir'>): Promise<NodeTask> {
  const [archive, splits] = await Promise.all(
    ['cora_ml.npz', 'forwardgnn-node-5splits.json'].map((name) => readDataFile(dataDir, name)),
  );
  const arrays = readNpz(archive as Buffer);
  const values = (name: string): number[] => {
    const found = arrays.get(name);
    if (found === undefined) throw new Error(`cora_ml.npz has no array "${name}"`);
    return found;
  };
  const chosen = (JSON.parse(String(splits)) as Record<string, Split>)[`split${split}`];
  if (chosen === undefined) throw new Error(`Cora_ML has splits 0 to 4, got ${split}`);
  const nodes = values('labels').length;
  return {
    graph: undirectedGraph(nodes, rowsOf(values('adj_matrix.indptr')), values('adj_matrix.indices')),
    features: sparseMatrix([nodes, coraMl.features], {
      rows: rowsOf(values('attr_matrix.indptr')),
      columns: values('attr_matrix.indices'),
      values: values('attr_matrix.data'),
    }),
    featureCount: coraMl.features,
    labels: array(Int32Array.from(values('labels'))),
    train: chosen.train,
    validation: chosen.val,
    test: chosen.test,
  };
}

async function readDataFile(dataDir: string | undefined, name: string): Promise<Buffer> {
  const file = join(dataDir ?? '.', 'cora_ml', name);
  return readFile(file).catch((error: unknown) => {
    throw new NoDataError(
      `${file} is not there (${error}). cora_ml.npz is in the repository gasteigerjo/ppnp, the splits in ` +
        'NamyongPark/forwardgnn-datasplits; put both into cora_ml in the data folder, or give another one with --data.',
    );
  });
}

/** The row of each entry, from where the rows begin. */
function rowsOf(pointers: readonly number[]): number[] {
  return pointers.slice(1).flatMap((end, row) => new Array<number>(end - (pointers[row] as number)).fill(row));
}
