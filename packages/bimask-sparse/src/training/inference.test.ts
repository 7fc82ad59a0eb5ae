import { io, jit, type NDArray, nn, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { loadCompressed, saveCompressed } from '../compressed';
import { forwardMask } from '../masks/forward-mask';
import { compressedApply } from './inference';
import { sparseTraining } from './sparse-training';
import { expectClose, methods, normal } from './test-support';

describe('inference', () => {
  const model = nn.sequential(
    nn.conv({ in: 1, out: 4, kernel: 3 }),
    nn.relu,
    nn.flatten,
    nn.dense({ in: 64, out: 32 }),
    nn.relu,
    nn.dense({ in: 32, out: 32 }),
    nn.relu,
    nn.dense({ in: 32, out: 3 }),
  );
  const params = model.init(random.key(0));
  const images = normal(1, [5, 1, 6, 6]);
  const loss = (q: typeof params) => np.square(model.apply(q, images)).mean();

  test.each(methods)(
    '%s: compressed, saved, loaded and run, the outputs are those of the pruned model',
    (_, method) => {
      const sparse = sparseTraining(loss, { pattern: '1:8', method: method(), example: [params], scope: 'all' });
      const sparsity = sparse.init(params);
      const pruned = sparse.prune(params, sparsity);
      const bytes = saveCompressed(pruned, { n: 1, m: 8 });
      expect(bytes.length).toBeLessThan(0.4 * io.save(params).length);
      const network = loadCompressed<typeof params>(bytes);
      expect(Object.keys(network.weights)).toContain('[3].weight');
      expectClose(jit(compressedApply(model.apply, network))(images), model.apply(pruned, images));
    },
  );

  test('weights of either orientation and groups, square ones too, and weights that are not only multiplied', () => {
    const input = normal(4, [2, 3, 8]);
    const shared = { w: normal(2, [8, 8]), v: normal(3, [6, 8]) };
    const f = (q: typeof shared, x: NDArray) => np.tanh(x.matmul(q.w)).matmul(q.v.transpose()).add(np.abs(q.w).sum());
    const onLeft = (q: typeof shared, x: NDArray) => q.v.matmul(np.tanh(q.w.matmul(x.at(0).transpose())));
    for (const axis of [0, 1] as const) {
      const pruned = {
        w: np.where(forwardMask(shared.w, '2:4', { inputAxis: axis }), shared.w, 0),
        v: np.where(forwardMask(shared.v, '2:4', { inputAxis: axis }), shared.v, 0),
      };
      const network = loadCompressed<typeof shared>(saveCompressed(pruned, { n: 2, m: 4 }));
      expect(Object.keys(network.weights).sort()).toEqual(['v', 'w']);
      expectClose(compressedApply(f, network)(input), f(pruned, input));
      expectClose(compressedApply(onLeft, network)(input), onLeft(pruned, input));
    }
  });
});
