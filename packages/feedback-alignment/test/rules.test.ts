import { grad, jit, linalg, type NDArray, nn, np, optim, random, tree, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  backpropagation,
  brSF,
  dfa,
  drtp,
  type Feedback,
  type FeedbackRule,
  fa,
  feedbackGrad,
  feedbackValueAndGrad,
  frSF,
  ifa,
  initFeedback,
  kolenPollack,
  pfa,
  pfaOrthogonal,
  sdfa,
  shallow,
  tied,
  uSF,
  weightMirror,
} from '../src/index';
import { expectClose, expectSameBits } from './close';

const dtype = 'float64';
const key = random.key(7);
const draw = (seed: number, shape: number[]) => random.normal(random.key(seed), { shape, dtype });
const model = nn.mlp([4, 6, 5, 3], { activation: nn.tanh, dtype });
const params = model.init(random.key(1));
const x = draw(2, [8, 4]);
const y = nn.oneHot(np.mod(np.arange(8), 3), 3).astype(dtype);
const loss = (p: nn.MlpParams, inputs: NDArray, targets: NDArray) =>
  nn.losses.softmaxCrossEntropy(model.apply(p, inputs), np.argmax(targets, 1)).mean();
const weight = (p: nn.MlpParams, layer: number) => (p[layer] as nn.MlpParams[number]).weight;
const exact = grad(loss)(params, x, y);

/** The equations by hand: `send(layer, δ, e)` is what reaches the input of a layer, before f′. */
function byHand(send: (layer: number, error: NDArray, output: NDArray) => NDArray): nn.MlpParams {
  const activities = [x];
  let logits = x;
  params.forEach((p, i) => {
    logits = (activities[i] as NDArray).matmul(p.weight).add(p.bias);
    activities.push(np.tanh(logits));
  });
  const output = nn.softmax(logits).sub(y).div(8);
  let error = output;
  const gradients: nn.MlpParams = [];
  for (let layer = 2; layer >= 0; layer--) {
    const h = activities[layer] as NDArray;
    gradients.unshift({ weight: h.T.matmul(error), bias: error.sum(0) });
    if (layer > 0) error = send(layer, error, output).mul(np.square(h).neg().add(1));
  }
  return gradients;
}

const rules: Record<string, FeedbackRule> = {
  fa: fa(key),
  dfa: dfa(key),
  sdfa: sdfa(key),
  drtp: drtp(key, { targets: (_p: nn.MlpParams, _x: NDArray, targets: NDArray) => targets }),
  ifa: ifa(key),
  uSF: uSF(),
  frSF: frSF(key),
  brSF: brSF(key),
  kolenPollack: kolenPollack(key),
  weightMirror: weightMirror(key),
  pfa: pfa(key, { expansion: 3 }),
  sparsePfa: pfa(key, { expansion: 3, density: 0.4 }),
  pfaOrthogonal: pfaOrthogonal(key),
  backpropagation: backpropagation(),
  shallow: shallow(),
  tied: tied(),
};

describe('the equations', () => {
  const fed = (rule: FeedbackRule) => {
    const feedback = initFeedback(loss, { rule })(params, x, y);
    return { feedback, gradient: feedbackGrad(loss, { rule, feedback })(params, x, y) };
  };
  const named = (feedback: Feedback, part: keyof Feedback, layer: number) =>
    feedback[part][`[${layer}].weight`] as NDArray;

  test('feedback alignment, Kolen–Pollack and weight mirrors send δ B', () => {
    for (const [rule, part] of [
      [fa(key), 'fixed'],
      [kolenPollack(key), 'learned'],
      [weightMirror(key), 'fixed'],
    ] as const) {
      const { feedback, gradient } = fed(rule);
      expectClose(
        gradient,
        byHand((layer, error) => error.matmul(named(feedback, part, layer).T)),
      );
    }
  });

  test('direct feedback sends e B, sign(e) B or y B', () => {
    const direct = fed(rules.dfa as FeedbackRule);
    expect(direct.feedback.fixed['[1].weight']?.shape).toEqual([3, 6]);
    expectClose(
      direct.gradient,
      byHand((layer, _, output) => output.matmul(named(direct.feedback, 'fixed', layer))),
    );
    const signs = fed(rules.sdfa as FeedbackRule);
    expectClose(
      signs.gradient,
      byHand((layer, _, output) =>
        np
          .sign(output)
          .div(8)
          .matmul(named(signs.feedback, 'fixed', layer)),
      ),
    );
    const targets = fed(rules.drtp as FeedbackRule);
    expectClose(
      targets.gradient,
      byHand((layer) => y.div(8).matmul(named(targets.feedback, 'fixed', layer))),
    );
  });

  test('sign symmetry sends δ through magnitudes with the signs of the weights', () => {
    expectClose(
      feedbackGrad(loss, { rule: uSF({ scale: 0.3 }) })(params, x, y),
      byHand((layer, error) => error.matmul(np.sign(weight(params, layer)).mul(0.3).T)),
    );
    const { feedback, gradient } = fed(frSF(key));
    const magnitudes = (layer: number) => np.abs(named(feedback, 'fixed', layer)).mul(np.sign(weight(params, layer)));
    expectClose(
      gradient,
      byHand((layer, error) => error.matmul(magnitudes(layer).T)),
    );
    expectClose(
      feedbackGrad(loss, { rule: uSF() })(params, x, y),
      byHand((layer, error) => {
        const w = weight(params, layer);
        return error.matmul(np.sign(w).mul(Math.sqrt(2 / ((w.shape[0] as number) + (w.shape[1] as number)))).T);
      }),
    );
  });

  test('product feedback sends (δ B) R', () => {
    const { feedback, gradient } = fed(rules.pfa as FeedbackRule);
    expect(feedback.fixed['[1].weight']?.shape).toEqual([5, 15]);
    expect(feedback.learned['[1].weight']?.shape).toEqual([15, 6]);
    expectClose(
      gradient,
      byHand((layer, error) => error.matmul(named(feedback, 'fixed', layer)).matmul(named(feedback, 'learned', layer))),
    );
  });

  test('shallow leaves the hidden layers alone', () => {
    const gradient = feedbackGrad(loss, { rule: shallow() })(params, x, y);
    expectSameBits(gradient[2], exact[2]);
    expectSameBits(gradient.slice(0, 2), tree.map(np.zerosLike, exact.slice(0, 2)));
  });
});

describe('every rule', () => {
  test.each(Object.entries(rules))(
    '%s: the output layer is exact, and jit, vmap and saved feedback agree',
    (_, rule) => {
      const feedback = initFeedback(loss, { rule })(params, x, y);
      const gradient = feedbackGrad(loss, { rule, feedback })(params, x, y);
      expectSameBits(gradient[2], exact[2]);
      expectSameBits(feedbackGrad(loss, { rule })(params, x, y), gradient);
      const [value, same, learned] = jit((p: nn.MlpParams, f: Feedback) =>
        feedbackValueAndGrad(loss, { rule, feedback: f })(p, x, y),
      )(params, feedback);
      expectClose(same, gradient);
      expectClose(value, loss(params, x, y));
      expect(tree.paths(learned).map((e) => [e.path, e.leaf.shape])).toEqual(
        tree.paths(feedback.learned).map((e) => [e.path, e.leaf.shape]),
      );
      expectClose(feedbackGrad(jit(loss), { rule, feedback })(params, x, y), gradient);
    },
  );

  test('the model may be written for one example and mapped', () => {
    const single = (p: nn.MlpParams, input: NDArray, target: NDArray) =>
      nn.losses.softmaxCrossEntropy(model.apply(p, input), np.argmax(target, 0));
    const mapped = (p: nn.MlpParams, inputs: NDArray, targets: NDArray) =>
      vmap(single, { inAxes: [null, 0, 0] })(p, inputs, targets).mean();
    for (const rule of Object.values(rules)) {
      const feedback = initFeedback(loss, { rule })(params, x, y);
      expectClose(
        feedbackGrad(mapped, { rule, feedback })(params, x, y),
        feedbackGrad(loss, { rule, feedback })(params, x, y),
      );
    }
  });

  test('aux and another position of the parameters', () => {
    const withAux = (inputs: NDArray, p: nn.MlpParams) => [loss(p, inputs, y), { seen: inputs.sum() }] as const;
    const options = { rule: rules.dfa as FeedbackRule, argnums: 1, hasAux: true } as const;
    const plain = feedbackGrad(loss, { rule: options.rule })(params, x, y);
    const [gradient, aux] = feedbackGrad(withAux, options)(x, params);
    expectSameBits(gradient, plain);
    expectSameBits(aux.seen, x.sum());
    const [[value, again], same] = feedbackValueAndGrad(withAux, options)(x, params);
    expectSameBits(same, plain);
    expectSameBits(again.seen, x.sum());
    expectSameBits(value, loss(params, x, y));
  });
});

describe('section 8 of the notes: identities', () => {
  test('1: feedback equal to the weights is backpropagation', () => {
    for (const rule of [
      fa(key, { init: 'tied' }),
      kolenPollack(key, { init: 'tied' }),
      weightMirror(key, { init: 'tied' }),
      tied(),
      backpropagation(),
    ]) {
      expectSameBits(feedbackGrad(loss, { rule })(params, x, y), exact);
    }
  });

  test('2: dR = Bᵀ dW, which is the gradient of u against h', () => {
    const rule = pfa(key, { expansion: 3 });
    const feedback = initFeedback(loss, { rule })(params, x, y);
    const [, gradient, learned] = feedbackValueAndGrad(loss, { rule, feedback })(params, x, y);
    for (const layer of [1, 2]) {
      const b = feedback.fixed[`[${layer}].weight`] as NDArray;
      expectClose(learned[`[${layer}].weight`], b.T.matmul(weight(gradient, layer).T));
    }
    const hidden = np.tanh(np.tanh(x.matmul(weight(params, 0))).matmul(weight(params, 1)));
    const output = nn
      .softmax(hidden.matmul(weight(params, 2)))
      .sub(y)
      .div(8);
    const u = output.matmul(feedback.fixed['[2].weight'] as NDArray);
    expectClose(learned['[2].weight'], u.T.matmul(hidden));
  });

  test('2: the same from activities, for fewer examples than outputs, and with another use of the weight in the loss', () => {
    const rule = pfa(key, { expansion: 3 });
    const few = (p: nn.MlpParams) => loss(p, x.slice([0, 2]), y.slice([0, 2]));
    const decayed = (p: nn.MlpParams) => few(p).add(np.square(weight(p, 1)).sum());
    for (const f of [few, decayed]) {
      const feedback = initFeedback(f, { rule })(params);
      const [, gradient, learned] = feedbackValueAndGrad(f, { rule, feedback })(params);
      for (const layer of [1, 2]) {
        const b = feedback.fixed[`[${layer}].weight`] as NDArray;
        expectClose(learned[`[${layer}].weight`], b.T.matmul(weight(gradient, layer).T));
      }
    }
    expect(learnsFromActivity(few)).toBe(true);
    expect(learnsFromActivity(decayed)).toBe(false);

    function learnsFromActivity(f: (p: nn.MlpParams) => NDArray): boolean {
      let seen = false;
      const spy: FeedbackRule = {
        ...rule,
        learn(layer, pass, given) {
          if (layer.path === '[1].weight') seen = given.alone;
          return rule.learn?.(layer, pass, given) as readonly [string, NDArray];
        },
      };
      feedbackValueAndGrad(f, { rule: spy })(params);
      return seen;
    }
  });

  interface State {
    params: nn.MlpParams;
    feedback: Feedback;
    optimiser: unknown;
  }

  function train(rule: FeedbackRule, optimiser: optim.GradientTransform, steps: number, given?: Feedback): State {
    const feedback = given ?? initFeedback(loss, { rule })(params, x, y);
    const step = jit((state: State): State => {
      const [, gradient, learned] = feedbackValueAndGrad(loss, { rule, feedback: state.feedback })(state.params, x, y);
      const trained = { params: state.params, learned: state.feedback.learned };
      const [updates, next] = optimiser.update({ params: gradient, learned }, state.optimiser, trained);
      const after = optim.applyUpdates(trained, updates);
      return { params: after.params, feedback: { ...state.feedback, learned: after.learned }, optimiser: next };
    });
    let state: State = { params, feedback, optimiser: optimiser.init({ params, learned: feedback.learned }) };
    for (let i = 0; i < steps; i++) state = step(state);
    return state;
  }
  const sgd = (weightDecay: number, momentum = 0) =>
    optim.chain(optim.addDecayedWeights({ weightDecay }), optim.sgd({ learningRate: 0.1, momentum }));

  test.each([0, 0.3])('3: R − BᵀW shrinks by (1 − ηλ) in each step, λ = %s', (decay) => {
    const rule = pfa(key, { expansion: 2 });
    const difference = ({ feedback, params: p }: Pick<State, 'feedback' | 'params'>) => {
      const b = feedback.fixed['[1].weight'] as NDArray;
      return (feedback.learned['[1].weight'] as NDArray).sub(b.T.matmul(weight(p, 1).T));
    };
    const before = difference({ params, feedback: initFeedback(loss, { rule })(params, x, y) });
    const after = difference(train(rule, sgd(decay), 20));
    expectClose(after, before.mul((1 - 0.1 * decay) ** 20), 1e-12);
  });

  test('4: PFA-o is Kolen–Pollack with Q = B R under SGD, with momentum and decay, but not under Adam', () => {
    const rule = pfaOrthogonal(key);
    const first = initFeedback(loss, { rule })(params, x, y);
    const product = ({ fixed, learned }: Feedback, name: string) =>
      (fixed[name] as NDArray).matmul(learned[name] as NDArray).T;
    const learned = Object.fromEntries(Object.keys(first.learned).map((name) => [name, product(first, name)]));
    for (const optimiser of [sgd(0), sgd(0.1), sgd(0.1, 0.9)]) {
      const orthogonal = train(rule, optimiser, 15, first);
      const kp = train(kolenPollack(key), optimiser, 15, { fixed: {}, learned });
      expectClose(orthogonal.params, kp.params, 1e-11);
      expectClose(product(orthogonal.feedback, '[1].weight'), kp.feedback.learned['[1].weight'], 1e-11);
    }
    const adam = optim.adam({ learningRate: 0.01 }) as optim.GradientTransform;
    const [a, b] = [train(rule, adam, 15, first), train(kolenPollack(key), adam, 15, { fixed: {}, learned })];
    expect(
      np
        .abs(weight(a.params, 0).sub(weight(b.params, 0)))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
  });

  test('5: with one hidden layer direct feedback is feedback alignment', () => {
    const small = nn.mlp([4, 6, 3], { activation: nn.tanh, dtype });
    const p = small.init(random.key(3));
    const f = (q: nn.MlpParams) => nn.losses.softmaxCrossEntropy(small.apply(q, x), np.argmax(y, 1)).mean();
    const direct = initFeedback(f, { rule: dfa(key) })(p);
    const transposed = { fixed: { '[1].weight': (direct.fixed['[1].weight'] as NDArray).T }, learned: {} };
    expectClose(
      feedbackGrad(f, { rule: fa(key), feedback: transposed })(p),
      feedbackGrad(f, { rule: dfa(key), feedback: direct })(p),
    );
  });

  test('7: B of PFA has variance 1 / middle, B of PFA-o is orthogonal', () => {
    const wide = nn.dense({ in: 30, out: 200, bias: false });
    const head = nn.dense({ in: 200, out: 2 });
    const p = {
      first: wide.init(key),
      second: { weight: draw(1, [200, 200]).astype('float32') },
      head: head.init(key),
    };
    const f = (q: typeof p) => head.apply(q.head, wide.apply(q.first, np.ones([3, 30])).matmul(q.second.weight)).sum();
    const b = initFeedback(f, { rule: pfa(key, { expansion: 4 }) })(p).fixed['second.weight'] as NDArray;
    expect(b.shape).toEqual([200, 800]);
    // 160,000 uniform draws: relative standard error of the variance 0.2 %, so 1.5 % fails once in 10^13 keys.
    expect(np.square(b).mean().item() * 800).toBeCloseTo(1, 1.5);
    const q = initFeedback(f, { rule: pfaOrthogonal(key) })(p).fixed['second.weight'] as NDArray;
    expectClose(q.matmul(q.T), np.eye(200), 1e-5);
  });

  test('8: signs follow the weights after every step; brSF differs between batches, frSF keeps its magnitudes', () => {
    const rule = frSF(key);
    const before = initFeedback(loss, { rule })(params, x, y);
    const after = train(rule, sgd(0.1), 10);
    expectSameBits(after.feedback, before);
    const compareSigns = (r: FeedbackRule, p: nn.MlpParams) => {
      const spy: FeedbackRule = {
        ...r,
        sendBack(layer, pass) {
          const [b, w] = r.compare?.(layer, pass) ?? [];
          expectSameBits(np.sign(b as NDArray), np.sign(w as NDArray));
          return r.sendBack(layer, pass);
        },
      };
      return feedbackGrad(loss, { rule: spy })(p, x, y);
    };
    for (const r of [uSF(), rule, brSF(key)]) compareSigns(r, after.params);
    const batch = (i: number) => weight(feedbackGrad(loss, { rule: brSF(random.foldIn(key, i)) })(params, x, y), 0);
    const compiled = jit((k: random.Key) => feedbackGrad(loss, { rule: brSF(k) })(params, x, y));
    expectClose(weight(compiled(random.foldIn(key, 1)), 0), batch(1));
    expect(
      np
        .abs(batch(0).sub(batch(1)))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
  });

  test('13: hidden updates of DRTP do not depend on the output layer', () => {
    const changed = [...params.slice(0, 2), { weight: draw(9, [5, 3]), bias: draw(10, [3]) }];
    const hidden = (name: string, p: nn.MlpParams) =>
      feedbackGrad(loss, { rule: rules[name] as FeedbackRule })(p, x, y).slice(0, 2);
    expectSameBits(hidden('drtp', changed), hidden('drtp', params));
    expect(
      np
        .abs(weight(hidden('dfa', changed), 0).sub(weight(hidden('dfa', params), 0)))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
  });

  test('13: those of direct feedback change only through e', () => {
    const few = [x.slice([0, 3]), y.slice([0, 3])] as const;
    const hidden = np.tanh(np.tanh(few[0].matmul(weight(params, 0))).matmul(weight(params, 1)));
    // What the three examples do not see of the output layer: h N = 0.
    const seen = hidden.T.matmul(linalg.solvePositiveDefinite(hidden.matmul(hidden.T), hidden));
    const unseen = np
      .eye(5, 5, { dtype })
      .sub(seen)
      .matmul(draw(9, [5, 3]));
    const last = params[2] as nn.MlpParams[number];
    const changed = [...params.slice(0, 2), { ...last, weight: last.weight.add(unseen) }];
    const updates = (rule: FeedbackRule, p: nn.MlpParams) => feedbackGrad(loss, { rule })(p, ...few).slice(0, 2);
    for (const rule of [dfa(key), sdfa(key)]) expectClose(updates(rule, changed), updates(rule, params), 1e-11);
    const exactly = (p: nn.MlpParams) => weight(updates(backpropagation(), p), 0);
    expect(
      np
        .abs(exactly(changed).sub(exactly(params)))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
  });

  test('14: fixed feedback has the same bits after training', () => {
    for (const rule of [fa(key), dfa(key), pfa(key)]) {
      const before = initFeedback(loss, { rule })(params, x, y);
      expectSameBits(train(rule, sgd(0.5, 0.9), 5).feedback.fixed, before.fixed);
    }
  });
});

test('numbers and seeds: the key decides the feedback, and nothing else does', () => {
  const make = (seed: number) => initFeedback(loss, { rule: fa(random.key(seed)) })(params, x, y);
  expectSameBits(make(1), make(1));
  expect(
    np
      .abs((make(1).fixed['[1].weight'] as NDArray).sub(make(2).fixed['[1].weight'] as NDArray))
      .max()
      .item(),
  ).toBeGreaterThan(0.01);
});
