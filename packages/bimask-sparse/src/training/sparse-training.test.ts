import { array, grad, io, type NDArray, nn, np, optim, random, tree, valueAndGrad } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { softThreshold, softThresholdScale } from '../masks/soft-threshold';
import type { SparseMethod } from './method';
import { biMask, oneShot, srSte, sSte, transposable } from './methods';
import { freeze, type SparseTrainingOptions, sparseTraining } from './sparse-training';
import { expectClose, normal, numbers } from './test-support';

/** Two linear layers; G at the output is `c`. */
interface Two {
  first: NDArray;
  second: NDArray;
}
const x = normal(1, [9, 12]);
const c = normal(2, [9, 10]);
const two: Two = { first: normal(3, [12, 16]), second: normal(4, [16, 10]) };
const linearLoss = (p: Two, input: NDArray) => input.matmul(p.first).matmul(p.second).mul(c).sum();
const onlySecond = (layer: { path: string }) => layer.path === 'second';

function secondSparse(method: SparseMethod, more: Partial<SparseTrainingOptions<[Two, NDArray]>> = {}) {
  return sparseTraining(linearLoss, { pattern: '2:4', method, example: [two, x], scope: onlySecond, ...more });
}

describe.each(['compressed', 'masked'] as const)('the three products, %s', (products) => {
  test('Bi-Mask: forward with F, input gradient with B, weight gradient dense plus the decay of what F leaves out', () => {
    const sparse = secondSparse(biMask(random.key(5), { decay: 0.1 }), { products });
    const sparsity = sparse.init(two);
    const { forward, backward } = sparse.masks(sparsity).second as { forward: NDArray; backward: NDArray };
    expect(np.any(np.notEqual(forward, backward)).item()).toBe(1);
    const [value, gradient] = sparse.valueAndGrad(sparsity)(two, x);

    const hidden = x.matmul(two.first);
    expectClose(
      value,
      hidden
        .matmul(np.where(forward, two.second, 0))
        .mul(c)
        .sum(),
    );
    const sent = c.matmul(np.where(backward, two.second, 0).transpose());
    expectClose(gradient.first, x.transpose().matmul(sent));
    const straight = hidden.transpose().matmul(c);
    expectClose(gradient.second, straight.add(np.where(forward, 0, two.second.mul(0.1))));
    // Exactly: what F keeps has no decay.
    const [, without] = secondSparse(biMask(random.key(5), { decay: 0 }), { products }).valueAndGrad(sparsity)(two, x);
    expect(numbers(np.where(forward, gradient.second, 0))).toEqual(numbers(np.where(forward, without.second, 0)));
  });

  test.each([
    ['SR-STE', () => srSte({ decay: 0 })],
    ['transposable masks', () => transposable()],
  ] as const)(
    '%s without decay: the exact gradient of the masked network, also where F is 0 (straight through)',
    (_, method) => {
      const sparse = secondSparse(method(), { products });
      const sparsity = sparse.init(two);
      const pruned = sparse.prune(two, sparsity);
      const [value, gradient] = valueAndGrad(linearLoss)(pruned, x);
      const [sparseValue, sparseGradient] = sparse.valueAndGrad(sparsity)(two, x);
      expectClose(sparseValue, value);
      expectClose(sparseGradient, gradient);
    },
  );

  test('Bi-Mask is exact where no column group has more than N entries', () => {
    // F is two diagonals in every 4 × 4 tile.
    const tile = np
      .eye(4)
      .add(np.roll(np.eye(4), 1, 1))
      .add(0.01);
    const square: Two = {
      first: normal(6, [12, 8]),
      second: np.tile(tile, [2, 2]).mul(normal(7, [8, 8]).mul(0.1).add(1)),
    };
    const target = normal(8, [9, 8]);
    const loss = (p: Two) => x.matmul(p.first).matmul(p.second).mul(target).sum();
    const method = biMask(random.key(5), { decay: 0, swaps: 0 });
    const sparse = sparseTraining(loss, { pattern: '2:4', method, example: [square], scope: onlySecond, products });
    const sparsity = sparse.init(square);
    expect(sparse.kept(sparsity)).toEqual({ second: { forward: 32, backward: 32, share: 1 } });
    expectClose(sparse.valueAndGrad(sparsity)(square)[1], grad(loss)(sparse.prune(square, sparsity)));
  });

  test('S-STE: products take β S(W), the gradient goes straight through', () => {
    const sparse = secondSparse(sSte(), { products });
    const sparsity = sparse.init(two);
    const soft = softThreshold(two.second, '2:4', { inputAxis: 0 });
    const weight = soft.mul(softThresholdScale(two.second, soft));
    const [value, gradient] = sparse.valueAndGrad(sparsity)(two, x);
    expectClose(value, linearLoss({ ...two, second: weight }, x));
    expectClose(gradient, grad(linearLoss)({ ...two, second: weight }, x));
    // β stays that of the first weights.
    const later = sparse.refresh(
      tree.map((leaf) => leaf.mul(2), two),
      sparse.refresh(two, sparsity),
    );
    expect(later.layers.second?.scale?.item()).toBe(sparsity.layers.second?.scale?.item());
  });
});

describe('the plain product and other results', () => {
  test('N = M is dense training, bit for bit', () => {
    const sparse = sparseTraining(linearLoss, {
      pattern: '4:4',
      method: biMask(random.key(0)),
      example: [two, x],
      scope: 'all',
    });
    const sparsity = sparse.init(two);
    expect(sparsity.layers).toEqual({});
    expect(numbers(sparse.valueAndGrad(sparsity)(two, x))).toEqual(numbers(valueAndGrad(linearLoss)(two, x)));
  });

  test('passes what the loss returns beside its value', () => {
    const loss = (q: Two, input: NDArray) => [linearLoss(q, input), { mean: input.mean() }] as const;
    const sparse = sparseTraining(loss, {
      pattern: '2:4',
      method: srSte(),
      example: [two, x],
      scope: onlySecond,
      hasAux: true,
    });
    const [[value, aux]] = sparse.valueAndGrad(sparse.init(two))(two, x);
    expectClose(value, secondSparse(srSte()).valueAndGrad(sparse.init(two))(two, x)[0]);
    expect(aux.mean.item()).toBe(x.mean().item());
  });
});

describe('which layers', () => {
  const model = nn.mlp([8, 16, 16, 4]);
  const params = model.init(random.key(0));
  const loss = (q: nn.MlpParams) => model.apply(q, normal(1, [3, 8])).sum();
  const patternsFor = (scope: SparseTrainingOptions<[nn.MlpParams]>['scope']) =>
    sparseTraining(loss, { pattern: '2:4', method: srSte(), example: [params], ...(scope && { scope }) }).layers.map(
      ({ pattern }) => pattern && `${pattern.n}:${pattern.m}`,
    );

  test('the first and the last are dense unless the scope says otherwise', () => {
    expect(patternsFor(undefined)).toEqual([null, '2:4', null]);
    expect(patternsFor('all-but-last')).toEqual(['2:4', '2:4', null]);
    expect(patternsFor('all')).toEqual(['2:4', '2:4', '2:4']);
    expect(patternsFor(({ inputs, outputs }) => (outputs > 4 ? (inputs > 8 ? '1:8' : true) : null))).toEqual([
      '2:4',
      '1:8',
      null,
    ]);
  });

  test('dense layers keep their exact gradient', () => {
    const sparse = sparseTraining(loss, { pattern: '2:4', method: oneShot(), example: [params] });
    const sparsity = sparse.init(params);
    const gradient = sparse.valueAndGrad(sparsity)(params)[1];
    const exact = grad(loss)(sparse.prune(params, sparsity));
    expectClose([gradient[0], gradient[2]], [exact[0], exact[2]]);
  });
});

describe('masked decay', () => {
  test('goes through Adam with the gradient, unlike a decay of the weights', () => {
    const decay = 0.1;
    const sparse = secondSparse(srSte({ decay }));
    const plain = secondSparse(srSte({ decay: 0 }));
    const sparsity = sparse.init(two);
    const adam = optim.adam({ learningRate: 0.01 });
    const stepped = (gradient: Two) => optim.applyUpdates(two, adam.update(gradient, adam.init(two), two)[0]);
    const { forward } = sparse.masks(sparsity).second as { forward: NDArray };
    const [, gradient] = plain.valueAndGrad(sparsity)(two, x);
    const penalty = np.where(forward, 0, two.second.mul(decay));
    const after = stepped(sparse.valueAndGrad(sparsity)(two, x)[1]);
    expectClose(after, stepped({ ...gradient, second: gradient.second.add(penalty) }), 1e-6);
    const decoupled = stepped(gradient).second.sub(penalty.mul(0.01));
    expect(np.abs(after.second.sub(decoupled)).max().item()).toBeGreaterThan(1e-4);
  });

  test('acts also with masks of a method without decay, such as those of a saved run', () => {
    const sparse = secondSparse(srSte({ decay: 0.1 }));
    const without = secondSparse(srSte({ decay: 0 })).init(two);
    expect(without.layers.second?.mask).toBe(null);
    const gradients = [without, sparse.init(two)].map((sparsity) => sparse.valueAndGrad(sparsity)(two, x)[1]);
    expect(numbers(gradients[0])).toEqual(numbers(gradients[1]));
    const oneShotGradient = secondSparse(oneShot()).valueAndGrad(without)(two, x)[1].second;
    const { forward } = sparse.masks(without).second as { forward: NDArray };
    expect(numbers(np.where(forward, 0, oneShotGradient))).toEqual(numbers(np.zerosLike(two.second)));
  });

  test('shrinks what F leaves out, and nothing else, where the loss is flat', () => {
    const loss = (q: Two, input: NDArray) => linearLoss(q, input).mul(0);
    const sparse = sparseTraining(loss, { pattern: '2:4', method: srSte(), example: [two, x], scope: onlySecond });
    const sparsity = sparse.init(two);
    const { forward } = sparse.masks(sparsity).second as { forward: NDArray };
    const expected = np.where(forward, 0, two.second.mul(2e-4));
    expectClose(sparse.valueAndGrad(sparsity)(two, x)[1].second, expected, 0);
  });
});

describe('schedules', () => {
  const moved = (steps: number): Two => ({ ...two, second: normal(50 + steps, [16, 10]) });
  const forwardOf = (sparse: ReturnType<typeof secondSparse>, sparsity: ReturnType<typeof sparse.init>) =>
    numbers(sparse.masks(sparsity).second?.forward.astype('int32'));

  test('masks follow the weights in every step, or every so many', () => {
    const everyStep = secondSparse(srSte());
    const everyThird = secondSparse(srSte({ maskEvery: 3 }));
    let [often, rarely] = [everyStep.init(moved(0)), everyThird.init(moved(0))];
    for (let step = 0; step < 7; step++) {
      often = everyStep.refresh(moved(step), often);
      rarely = everyThird.refresh(moved(step), rarely);
      expect(forwardOf(everyStep, often)).toEqual(forwardOf(everyStep, everyStep.init(moved(step))));
      expect(forwardOf(everyThird, rarely)).toEqual(
        forwardOf(everyThird, everyThird.init(moved(3 * Math.floor(step / 3)))),
      );
    }
  });

  test('the permutation stays between searches, and the backward mask follows the weights', () => {
    const sparse = secondSparse(biMask(random.key(9), { permuteEvery: 2 }));
    const start = sparse.refresh(moved(0), sparse.init(moved(0)));
    const one = sparse.refresh(moved(1), start);
    const second = sparse.refresh(moved(2), one);
    const of = (s: typeof start) => numbers(s.layers.second?.permutation);
    expect(of(one)).toEqual(of(start));
    expect(of(second)).not.toEqual(of(one));
    expect(numbers(one.layers.second?.backward)).not.toEqual(numbers(start.layers.second?.backward));
  });

  test('frozen masks stay, forward and backward', () => {
    const sparse = secondSparse(biMask(random.key(9), { permuteEvery: 1 }));
    const frozen = freeze(sparse.refresh(moved(0), sparse.init(moved(0))));
    const later = sparse.refresh(moved(5), sparse.refresh(moved(4), frozen));
    expect(numbers(later)).toEqual(numbers(frozen));
  });

  test('one-shot masks stay, and what they leave out has no gradient', () => {
    const sparse = secondSparse(oneShot());
    const first = sparse.init(two);
    const later = sparse.refresh(moved(5), sparse.refresh(moved(4), first));
    expect(numbers(later.layers)).toEqual(numbers(first.layers));
    const { forward } = sparse.masks(later).second as { forward: NDArray };
    const gradient = sparse.valueAndGrad(later)(two, x)[1].second;
    expect(numbers(np.where(forward, 0, gradient))).toEqual(numbers(np.zerosLike(gradient)));
    expect(np.square(gradient).sum().item()).toBeGreaterThan(0);
  });

  test('a run that is saved in the middle goes on to the same bits', () => {
    const optimiser = optim.sgd({ learningRate: 0.01, momentum: 0.9 });
    const loss = (q: Two, input: NDArray) => np.square(np.tanh(input.matmul(q.first)).matmul(q.second).sub(c)).mean();
    const build = () =>
      sparseTraining(loss, {
        pattern: '2:4',
        method: biMask(random.key(5), { permuteEvery: 2 }),
        example: [two, x],
        scope: 'all',
      });
    const start = () => ({ params: two, optimiser: optimiser.init(two), sparsity: build().init(two) });
    const run = (from: ReturnType<typeof start>, steps: number) => {
      const sparse = build();
      let state = from;
      for (let i = 0; i < steps; i++) {
        const sparsity = sparse.refresh(state.params, state.sparsity);
        const [, gradient] = sparse.valueAndGrad(sparsity)(state.params, x);
        const [updates, next] = optimiser.update(gradient, state.optimiser, state.params);
        state = { params: optim.applyUpdates(state.params, updates), optimiser: next, sparsity };
      }
      return state;
    };
    const resumed = io.load<ReturnType<typeof start>>(io.save(run(start(), 3)));
    expect(numbers(run(resumed, 4))).toEqual(numbers(run(start(), 7)));
  });
});

describe('bad input', () => {
  test('options', () => {
    const build = (more: Record<string, unknown>) =>
      sparseTraining(linearLoss, { pattern: '2:4', method: srSte(), example: [two, x], scope: 'all', ...more });
    expect(() => build({ pattern: '5:4' })).toThrow(/sparseTraining: expected whole numbers n and m/);
    expect(() => build({ method: 'bi-mask' })).toThrow(/sparseTraining: expected options.method such as biMask\(key\)/);
    expect(() => build({ example: [] })).toThrow(/options.example to be a list of arguments/);
    expect(() => build({ scope: 'some' })).toThrow(/expected scope to be 'inner'.*got some/);
    expect(() => build({ scope: 'inner' })).toThrow(
      /no layer is sparse, of first, second; choose another scope than 'inner'/,
    );
    expect(() => build({ scope: () => '3:2' })).toThrow(/the scope for first: expected whole numbers/);
    expect(() => build({ products: 'fast' })).toThrow(/products 'compressed' or 'masked', got fast/);
    expect(() => build({ convolutionGroups: 'all' })).toThrow(/convolutionGroups 'kernel' or 'channels', got all/);
    expect(() => sparseTraining(1 as never, { pattern: '2:4', method: srSte(), example: [two] })).toThrow(
      /a loss function, got number/,
    );
  });

  test('models without products, and losses that look at values', () => {
    const build = (loss: (q: Two) => NDArray) =>
      sparseTraining(loss, { pattern: '2:4', method: srSte(), example: [two], scope: 'all' });
    expect(() => build((q) => q.first.sum())).toThrow(/no parameter meets a product/);
    expect(() => build((q) => (q.first.sum().item() > 0 ? q.first.sum() : q.second.sum()))).toThrow(/numbers/);
  });

  test('methods', () => {
    expect(() => srSte({ maskEvery: 0 })).toThrow(
      /srSte: expected maskEvery to be a whole number of steps from 1 on, got 0/,
    );
    expect(() => srSte({ decay: -1 })).toThrow(/srSte: expected decay of 0 or more, got -1/);
    expect(() => biMask(random.key(0), { permuteEvery: 1.5 })).toThrow(/biMask: expected permuteEvery.*got 1.5/);
    expect(() => biMask(random.key(0), { search: 'best' as 'swap' })).toThrow(/biMask: expected search.*got 'best'/);
    expect(() => biMask(random.key(0), { swaps: -1 })).toThrow(/biMask: expected swaps to be a whole number.*got -1/);
    expect(() => transposable({ solver: 'best' as 'exact' })).toThrow(/transposable: expected solver.*got 'best'/);
  });

  test('the sparsity of another model', () => {
    const sparse = secondSparse(srSte());
    const other = { ...sparse.init(two), layers: {} };
    expect(() => sparse.valueAndGrad(other)(two, x)).toThrow(
      /valueAndGrad: expected the sparsity to have second, got nothing; make it with init/,
    );
  });
});

test('a permutation in the state has to be one', () => {
  const sparse = secondSparse(biMask(random.key(0), { permuteEvery: 1 }));
  const sparsity = sparse.refresh(two, sparse.init(two));
  const own = sparsity.layers.second;
  if (!own) throw new Error('no layer');
  const broken = { ...sparsity, layers: { second: { ...own, permutation: array([0, 0, 0], { dtype: 'int32' }) } } };
  expect(() => sparse.refresh(two, broken)).toThrow(/a permutation of the 10 outputs, int32\[10\], got int32\[3\]/);
});
