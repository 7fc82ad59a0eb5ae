import { type NDArray, nn } from '@forback/core';
import type { Workload } from '../cases/case';
import { input, type Task } from './participant';

/** w0, b0, w1, ... */
export type Params = Record<string, NDArray>;
export type Loss = (params: Params, x: NDArray, y: NDArray) => NDArray;

export function lossOf(task: Task, workload: Extract<Workload, { kind: 'mlp-step' | 'cnn-step' }>): Loss {
  if (workload.kind === 'cnn-step') {
    return (p, x, y) => {
      const block = (h: NDArray, w: NDArray, b: NDArray) => {
        const sum = nn.functional.conv(h, w, { padding: 'same' }).add(b.reshape([-1, 1, 1]));
        return nn.functional.maxPool(nn.relu(sum), { window: 2 });
      };
      const { w0, b0, w1, b1, w2, b2 } = p as Record<'w0' | 'b0' | 'w1' | 'b1' | 'w2' | 'b2', NDArray>;
      const logits = nn
        .flatten(block(block(x, w0, b0), w1, b1))
        .matmul(w2)
        .add(b2);
      return nn.losses.softmaxCrossEntropy(logits, y).mean();
    };
  }
  const depth = workload.sizes.length - 1;
  const model = (p: Params, x: NDArray) => {
    let h = x;
    for (let i = 0; i < depth; i++) {
      h = h.matmul(p[`w${i}`] as NDArray).add(p[`b${i}`] as NDArray);
      if (i < depth - 1) h = nn.relu(h);
    }
    return h;
  };
  if (input(task, 'y').data instanceof Int32Array)
    return (p, x, y) => nn.losses.softmaxCrossEntropy(model(p, x), y).mean();
  return (p, x, y) => nn.losses.meanSquaredError(model(p, x), y).mean();
}
