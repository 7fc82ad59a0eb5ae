import { describe, expectTypeOf, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import * as random from '../random';
import { grad, valueAndGrad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import * as nn from '.';

type Biased = { weight: NDArray; bias: NDArray };

declare const x: NDArray;
declare const labels: NDArray;
const key = random.key(0);

describe('parameters', () => {
  test('of dense and conv have a bias unless it is turned off', () => {
    expectTypeOf(nn.dense({ in: 1, out: 2 }).init(key)).toEqualTypeOf<Biased>();
    expectTypeOf(nn.dense({ in: 1, out: 2, bias: true }).init(key)).toEqualTypeOf<Biased>();
    expectTypeOf(nn.dense({ in: 1, out: 2, bias: false }).init(key)).toEqualTypeOf<{ weight: NDArray }>();
    expectTypeOf(nn.conv({ in: 1, out: 2, kernel: 3 }).init(key)).toEqualTypeOf<Biased>();
    expectTypeOf(nn.convTranspose({ in: 1, out: 2, kernel: 3, bias: false }).init(key)).toEqualTypeOf<{
      weight: NDArray;
    }>();
    const perhaps = true as boolean;
    expectTypeOf(nn.dense({ in: 1, out: 2, bias: perhaps }).init(key)).toEqualTypeOf<{
      weight: NDArray;
      bias?: NDArray;
    }>();
  });

  test('of a multilayer perceptron are a list, and so is their gradient', () => {
    const model = nn.mlp([784, 10]);
    const params = model.init(key);
    expectTypeOf(params).toEqualTypeOf<Biased[]>();
    const loss = (p: typeof params, images: NDArray) =>
      nn.losses.softmaxCrossEntropy(model.apply(p, images), labels).mean();
    expectTypeOf(grad(loss)(params, x)).toEqualTypeOf<Biased[]>();
    expectTypeOf(valueAndGrad(loss)(params, x)).toEqualTypeOf<[value: NDArray, gradient: Biased[]]>();
  });

  test('of a sequence are a tuple in its order, and so is their gradient', () => {
    const model = nn.sequential(nn.dense({ in: 3, out: 2, bias: false }), nn.relu, nn.dropout(), nn.mlp([2, 1]));
    type Params = [{ weight: NDArray }, null, null, Biased[]];
    expectTypeOf(model).toEqualTypeOf<nn.Layer<Params>>();
    const params = model.init(key);
    expectTypeOf(params).toEqualTypeOf<Params>();
    expectTypeOf<nn.ParamsOf<typeof model>>().toEqualTypeOf<Params>();
    expectTypeOf<nn.StateOf<typeof model>>().toEqualTypeOf<null>();
    const loss = (p: Params) => model.apply(p, x, { train: true, key }).mean();
    expectTypeOf(grad(loss)(params)).toEqualTypeOf<Params>();
    expectTypeOf(jit(grad(loss))(params)).toEqualTypeOf<Params>();
  });

  test('of a list of equal layers are a list', () => {
    const layers = [1, 2, 3].map(() => nn.dense({ in: 4, out: 4 }));
    expectTypeOf(nn.sequential(...layers).init(key)).toEqualTypeOf<Biased[]>();
  });
});

describe('state', () => {
  const model = nn.sequential(nn.conv({ in: 1, out: 2, kernel: 3 }), nn.batchNorm({ features: 2 }), nn.relu);
  type Params = [Biased, { scale: NDArray; bias: NDArray }, null];
  type State = [null, nn.BatchNormState, null];

  test('of a sequence is a tuple in its order', () => {
    expectTypeOf(model).toEqualTypeOf<nn.StatefulLayer<Params, State>>();
    expectTypeOf(model.apply(model.init(key), model.initState(), x)).toEqualTypeOf<[y: NDArray, state: State]>();
    expectTypeOf(nn.sequential(nn.sequential(model), nn.flatten).initState()).toEqualTypeOf<[[State], null]>();
  });

  test('comes back beside the gradient', () => {
    const loss = (params: Params, state: State): [NDArray, State] => {
      const [y, next] = model.apply(params, state, x, { train: true });
      return [y.mean(), next];
    };
    const [[value, next], gradient] = valueAndGrad(loss, { hasAux: true })(model.init(key), model.initState());
    expectTypeOf(value).toEqualTypeOf<NDArray>();
    expectTypeOf(next).toEqualTypeOf<State>();
    expectTypeOf(gradient).toEqualTypeOf<Params>();
  });

  test('cannot be left out', () => {
    // @ts-expect-error a stateful layer takes its state
    model.apply(model.init(key), x);
  });
});

test('wrong calls do not compile', () => {
  // @ts-expect-error the number of inputs is missing
  nn.dense({ out: 3 });
  // @ts-expect-error there is no such padding
  nn.conv({ in: 1, out: 1, kernel: 3, padding: 'full' });
  // @ts-expect-error a kernel is missing
  nn.conv({ in: 1, out: 1 });
  // @ts-expect-error parameters of another layer
  nn.mlp([2, 2]).apply({ weight: x, bias: x }, x);
  // @ts-expect-error neither a layer nor a function
  nn.sequential([nn.relu]);
});
