import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { ones, zeros } from '../numpy/creation';
import { foldIn, key, split } from '../random';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { leaves } from '../tree/tree';
import { relu } from './activations';
import { flatten } from './flatten';
import { batchNorm } from './layers/batch-norm';
import { conv } from './layers/conv';
import { dense } from './layers/dense';
import { dropout } from './layers/dropout';
import { maxPool } from './layers/pooling';
import { sequential } from './sequential';
import { elements, expectClose, scattered } from './test-support';

describe('without a state', () => {
  const first = dense({ in: 3, out: 4 });
  const second = dense({ in: 4, out: 2 });
  const model = sequential(first, relu, second);
  const x = scattered([5, 3], 1, 'float32');

  test('applies its parts in order, with a key of its own for each', () => {
    const params = model.init(key(3));
    expect(params.length).toBe(3);
    expect(params[1]).toBeNull();
    const keys = split(key(3), 3);
    expect(elements(params[0].weight)).toEqual(elements(first.init(keys[0]).weight));
    expect(elements(params[2].weight)).toEqual(elements(second.init(keys[2]).weight));
    const expected = second.apply(params[2], relu(first.apply(params[0], x)));
    expect(elements(model.apply(params, x))).toEqual(elements(expected));
    expect(elements(jit(model.apply)(params, x))).toEqual(elements(expected));
  });

  test('has gradients of the structure of its parameters', () => {
    const gradient = grad((params: ReturnType<typeof model.init>) => model.apply(params, x).sum())(model.init(key(0)));
    expect(gradient[1]).toBeNull();
    expect(gradient[2].bias.toJS()).toEqual([5, 5]);
  });

  test('nests', () => {
    const outer = sequential(model, sequential(relu));
    const params = outer.init(key(1));
    expect(elements(outer.apply(params, x))).toEqual(elements(relu(model.apply(params[0], x))));
  });

  test('folds the key with the position of each part', () => {
    const drops = sequential(dropout(), dropout());
    const options = { train: true, key: key(9) };
    const once = dropout().apply(null, ones([40]), { train: true, key: foldIn(key(9), 0) });
    const twice = dropout().apply(null, once, { train: true, key: foldIn(key(9), 1) });
    expect(elements(drops.apply([null, null], ones([40]), options))).toEqual(elements(twice));
    expect(elements(drops.apply([null, null], ones([40])))).toEqual(elements(ones([40])));
  });
});

describe('with a state', () => {
  const norm = batchNorm({ features: 2 });
  const model = sequential(
    conv({ in: 1, out: 2, kernel: 3 }),
    norm,
    relu,
    maxPool({ window: 2 }),
    flatten,
    dense({ in: 8, out: 3 }),
  );
  const x = scattered([4, 1, 6, 6], 3, 'float32');

  test('hands the state of each part on', () => {
    const params = model.init(key(0));
    const state = model.initState();
    expect(state.map((s) => s === null)).toEqual([true, false, true, true, true, true]);
    const [y, next] = model.apply(params, state, x, { train: true });
    expect(y.shape).toEqual([4, 3]);
    const hidden = conv({ in: 1, out: 2, kernel: 3 }).apply(params[0], x);
    const [, expected] = norm.apply(params[1], norm.initState(), hidden, { train: true });
    expect(elements(next[1].mean)).toEqual(elements(expected.mean));
    const [, kept] = model.apply(params, next, x);
    expect(leaves(kept).map(elements)).toEqual(leaves(next).map(elements));
  });

  test('is stateful when it contains a stateful sequence', () => {
    const outer = sequential(model, relu);
    const [y, state] = outer.apply(outer.init(key(0)), outer.initState(), x, { train: true });
    expect(y.shape).toEqual([4, 3]);
    expect(state[1]).toBeNull();
    expectClose(
      state[0][1].mean,
      elements(model.apply(outer.init(key(0))[0], model.initState(), x, { train: true })[1][1].mean),
      0,
    );
  });
});

test('says what is wrong', () => {
  expect(() => sequential()).toThrow(new ArgumentError('nn.sequential: expected at least one layer, got none'));
  expect(() => sequential([relu] as never)).toThrow(
    'nn.sequential: expected part 0 to be a layer or a function, got a list; spread it with ...',
  );
  expect(() => sequential(relu, null as never)).toThrow('expected part 1 to be a layer or a function, got null');
  const model = sequential(relu, relu);
  expect(() => model.apply([null] as never, zeros([1]))).toThrow(
    'nn.sequential: expected params to be a list of 2, one entry for each part, got a list of 1; make it with init(key)',
  );
  const stateful = sequential(batchNorm({ features: 1 }));
  expect(() => stateful.apply(stateful.init(key(0)), undefined as never, zeros([2, 1]) as NDArray)).toThrow(
    'nn.sequential: expected state to be a list of 1, one entry for each part, got undefined; make it with initState()',
  );
});
