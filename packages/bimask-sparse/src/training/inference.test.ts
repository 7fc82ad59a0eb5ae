import { io, jit, type NDArray, nn, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { compressedApply } from './inference';
import { srSte } from './methods';
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
      const small = sparse.compress(params, sparsity);
      const bytes = io.save(small);
      expect(bytes.length).toBeLessThan(0.7 * io.save(params).length);
      const predict = jit(compressedApply(model.apply));
      expectClose(predict(io.load<typeof small>(bytes), images), model.apply(sparse.prune(params, sparsity), images));
    },
  );

  test('[outputs, inputs] weights, square ones too, and weights that are not only multiplied', () => {
    const square = { w: normal(2, [8, 8]) };
    const f = (q: typeof square, input: NDArray) => input.matmul(q.w.transpose()).add(np.abs(q.w).sum());
    const sparse = sparseTraining((q: typeof square) => f(q, normal(3, [2, 8])).sum(), {
      pattern: '2:4',
      method: srSte(),
      example: [square],
      scope: 'all',
    });
    const sparsity = sparse.init(square);
    const input = normal(4, [3, 8]);
    expectClose(compressedApply(f)(sparse.compress(square, sparsity), input), f(sparse.prune(square, sparsity), input));
  });

  test('a damaged weight is refused', () => {
    const damaged = {
      values: np.ones([3, 2]),
      indices: np.zeros([3, 2], { dtype: 'int32' }),
      layout: np.zeros([0, 1, 4, 8]),
    };
    const f = compressedApply((q: { w: NDArray }, input: NDArray) => input.matmul(q.w));
    expect(() => f({ w: damaged }, np.ones([2, 8]))).toThrow(
      /compressedApply: expected a weight with layout.*got layout \[0, 1, 4, 8\]/,
    );
  });
});
