import { checkpoint, jit, type NDArray, nn, np, random, valueAndGrad, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { srSte } from './methods';
import { sparseTraining } from './sparse-training';
import { expectClose, methods, normal, numbers } from './test-support';

const x = normal(1, [9, 12]);

describe('any model', () => {
  interface Case {
    params: { [name: string]: NDArray };
    loss: (p: { [name: string]: NDArray }) => NDArray;
    sparse: string[];
    groups?: 'channels';
  }
  const tokens = normal(10, [2, 5, 8]);
  const images = normal(11, [2, 8, 6, 6]);
  const get = (params: { [name: string]: NDArray }, name: string) => params[name] as NDArray;
  const cases: Record<string, Case> = {
    '[outputs, inputs] weights': {
      params: { a: normal(12, [16, 8]), b: normal(13, [6, 16]) },
      loss: (q) =>
        np
          .tanh(tokens.matmul(get(q, 'a').transpose()))
          .matmul(get(q, 'b').transpose())
          .sum(),
      sparse: ['a', 'b'],
    },
    'weights on the left': {
      params: { a: normal(14, [16, 8]), b: normal(15, [6, 16]) },
      loss: (q) =>
        get(q, 'b')
          .matmul(np.tanh(get(q, 'a').matmul(normal(16, [8, 7]))))
          .sum(),
      sparse: ['a', 'b'],
    },
    'einsum with heads': {
      params: { a: normal(17, [8, 2, 6]), b: normal(18, [12, 8]) },
      loss: (q) => {
        const heads = np.einsum('btd,dhk->bhtk', tokens, get(q, 'a'));
        return np.einsum('bhtk,hkd->btd', np.tanh(heads), get(q, 'b').reshape([2, 6, 8])).sum();
      },
      sparse: ['a', 'b'],
    },
    'a weight that is repeated over a batch': {
      params: { a: normal(28, [2, 8, 6]) },
      loss: (q) => np.tanh(normal(29, [3, 2, 5, 8]).matmul(get(q, 'a'))).sum(),
      sparse: ['a'],
    },
    convolutions: {
      params: { a: normal(19, [8, 8, 3, 3]), b: normal(20, [4, 8, 1, 1]) },
      loss: (q) =>
        nn.functional.conv(np.tanh(nn.functional.conv(images, get(q, 'a'), { padding: 'same' })), get(q, 'b')).sum(),
      sparse: ['a', 'b'],
    },
    'convolutions along channels': {
      params: { a: normal(19, [8, 8, 3, 3]), b: normal(20, [4, 8, 1, 1]) },
      loss: (q) =>
        nn.functional.conv(np.tanh(nn.functional.conv(images, get(q, 'a'), { padding: 'same' })), get(q, 'b')).sum(),
      sparse: ['a', 'b'],
      groups: 'channels',
    },
    'a transposed convolution': {
      params: { a: normal(21, [8, 8, 3, 3]), b: normal(22, [8, 4, 2, 2]) },
      loss: (q) => nn.functional.convTranspose(np.tanh(nn.functional.conv(images, get(q, 'a'))), get(q, 'b')).sum(),
      sparse: ['a', 'b'],
    },
    'a weight that is used twice, once transposed': {
      params: { a: normal(23, [8, 8]) },
      loss: (q) =>
        np
          .tanh(tokens.matmul(get(q, 'a')))
          .matmul(get(q, 'a').transpose())
          .sum(),
      sparse: ['a'],
    },
    'compiled and checkpointed parts': {
      params: { a: normal(24, [8, 16]), b: normal(25, [16, 6]) },
      loss: (q) => {
        const first = jit((w: NDArray) => np.tanh(tokens.matmul(w)));
        const second = checkpoint((h: NDArray, w: NDArray) => np.tanh(h.matmul(w)));
        return second(first(get(q, 'a')), get(q, 'b')).sum();
      },
      sparse: ['a', 'b'],
    },
    'a function of one example, mapped': {
      params: { a: normal(26, [8, 16]), b: normal(27, [16, 6]) },
      loss: (q) => vmap((one: NDArray) => np.tanh(one.matmul(get(q, 'a'))).matmul(get(q, 'b')))(tokens).sum(),
      sparse: ['a', 'b'],
    },
  };

  test.each(Object.entries(cases))(
    '%s: the masked network, compressed or not, compiled or not',
    (_, { params, loss, sparse: paths, groups }) => {
      for (const products of ['compressed', 'masked'] as const) {
        const sparse = sparseTraining(loss, {
          pattern: '1:4',
          method: srSte({ decay: 0 }),
          example: [params],
          scope: 'all',
          products,
          convolutionGroups: groups ?? 'kernel',
        });
        expect(sparse.layers.map((layer) => layer.path)).toEqual(paths);
        const sparsity = sparse.init(params);
        const pruned = sparse.prune(params, sparsity);
        const [value, gradient] = valueAndGrad(loss)(pruned);
        const run = (q: typeof params, s: typeof sparsity) => sparse.valueAndGrad(s)(q);
        expectClose(run(params, sparsity), [value, gradient]);
        expectClose(jit(run)(params, sparsity), [value, gradient]);
      }
    },
  );

  test('groups of a convolution lie along its kernel, or along its channels', () => {
    const weight = normal(19, [8, 8, 3, 3]);
    const loss = (q: { a: NDArray }) => nn.functional.conv(images, q.a).sum();
    const maskOf = (convolutionGroups: 'kernel' | 'channels') => {
      const sparse = sparseTraining(loss, {
        pattern: '1:4',
        method: srSte(),
        example: [{ a: weight }],
        scope: 'all',
        convolutionGroups,
      });
      const { forward } = sparse.masks(sparse.init({ a: weight })).a as { forward: NDArray };
      return forward.astype('int32');
    };
    expect(new Set(numbers(maskOf('kernel').reshape([8, 18, 4]).sum(2)))).toEqual(new Set([1]));
    expect(new Set(numbers(maskOf('channels').reshape([8, 2, 4, 9]).sum(2)))).toEqual(new Set([1]));
  });

  test.each(methods)('%s: compressed products are the masked ones, to rounding', (_, method) => {
    const model = nn.mlp([12, 20, 13, 6]);
    const params = model.init(random.key(30));
    const loss = (q: nn.MlpParams, input: NDArray) => np.square(model.apply(q, input)).mean();
    const run = (products: 'compressed' | 'masked') => {
      const sparse = sparseTraining(loss, {
        pattern: '2:8',
        method: method(),
        example: [params, x],
        scope: 'all',
        products,
      });
      return sparse.valueAndGrad(sparse.init(params))(params, x);
    };
    expectClose(run('compressed'), run('masked'));
  });
});
