import { grad, jit, type NDArray, nn, np, random, tree, vjp, vmap } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alignment,
  backpropagation,
  brSF,
  dfa,
  drtp,
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
  tied,
  uSF,
  weightMirror,
} from '../src/index';
import { expectClose, expectSameBits } from './close';

const dtype = 'float64';
const key = random.key(11);
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
type Weights = Record<string, NDArray>;

describe('convolutions', () => {
  const geometry = fc.record({
    stride: fc.integer({ min: 1, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 2 }),
    groups: fc.constantFrom(1, 2),
    seed: fc.nat(1000),
  });

  test('feedback through a kernel is the adjoint of the convolution with it, for every configuration', () => {
    fc.assert(
      fc.property(geometry, ({ seed, ...options }) => {
        const w = draw(seed, [4, 4 / options.groups, 2, 3]);
        const h = draw(seed + 1, [2, 4, 6, 7]);
        const conv = (input: NDArray, kernel: NDArray) => nn.functional.conv(input, kernel, options);
        const error = draw(seed + 2, conv(h, w).shape);
        const f = ({ shift, kernel }: Weights) =>
          conv(h.add(shift as NDArray), kernel as NDArray)
            .mul(error)
            .sum();
        const params = { shift: np.zeros(h.shape, { dtype }), kernel: w };
        const b = draw(seed + 3, w.shape);
        const sent = feedbackGrad(f, { rule: fa(key), feedback: { fixed: { kernel: b }, learned: {} } })(params);
        const v = draw(seed + 4, h.shape);
        // ⟨conv(v, B), δ⟩ = ⟨v, convᵀ(δ, B)⟩
        expectClose((sent.shift as NDArray).mul(v).sum(), conv(v, b).mul(error).sum(), 1e-10);
        expectSameBits(sent.kernel, (grad(f)(params) as Weights).kernel);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  test('product feedback is feedback through the kernel B · R, and dR = Bᵀ dW', () => {
    fc.assert(
      fc.property(geometry, ({ seed, ...options }) => {
        const { groups } = options;
        const w = draw(seed, [4, 4 / groups, 2, 3]);
        const h = draw(seed + 1, [2, 4, 6, 7]);
        const f = ({ shift, kernel }: Weights) =>
          np.sin(nn.functional.conv(h.add(shift as NDArray), kernel as NDArray, options)).sum();
        const params = { shift: np.zeros(h.shape, { dtype }), kernel: w };
        const rule = pfa(key, { expansion: 2 });
        const feedback = initFeedback(f, { rule })(params);
        const [, gradient, learned] = feedbackValueAndGrad(f, { rule, feedback })(params);
        const outputs = 4 / groups;
        const b = (feedback.fixed.kernel as NDArray).reshape([groups, outputs, 2 * outputs]);
        const r = (feedback.learned.kernel as NDArray).reshape([groups, 2 * outputs, -1]);
        const path = np.einsum('gom,gmi->goi', b, r).reshape(w.shape);
        const through = feedbackGrad(f, { rule: fa(key), feedback: { fixed: { kernel: path }, learned: {} } })(params);
        expectClose(gradient, through, 1e-10);
        const dw = (gradient.kernel as NDArray).reshape([groups, outputs, -1]);
        expectClose(
          learned.kernel,
          np.einsum('gom,goi->gmi', b, dw).reshape((feedback.learned.kernel as NDArray).shape),
          1e-10,
        );
      }),
      { numRuns: 25, seed: 2 },
    );
  });

  const network = () => {
    const layers = nn.sequential(
      nn.conv({ in: 1, out: 4, kernel: 3, dtype }),
      nn.relu,
      nn.conv({ in: 4, out: 6, kernel: 3, stride: 2, groups: 2, dtype }),
      nn.relu,
      nn.maxPool({ window: 2 }),
      nn.flatten,
      nn.dense({ in: 6, out: 3, dtype }),
    );
    const params = layers.init(random.key(2));
    const x = draw(3, [5, 1, 8, 8]);
    const labels = np.mod(np.arange(5), 3);
    const loss = (p: typeof params, images: NDArray) =>
      nn.losses.softmaxCrossEntropy(layers.apply(p, images), labels).mean();
    return { params, x, loss };
  };

  test('direct feedback, full: every unit of the feature map has its own weights', () => {
    const { params, x, loss } = network();
    const feedback = initFeedback(loss, { rule: dfa(key) })(params, x);
    expect(tree.paths(feedback.fixed).map(({ path, leaf }) => [path, leaf.shape])).toEqual(
      [
        ['[2].weight', [3, 4 * 6 * 6]],
        ['[6].weight', [3, 6]],
      ].sort(),
    );
    const sentTo = errorSent(dfa(key), '[2].weight', loss, params, x, feedback);
    const e = errorOf('[6].weight', loss, params, x);
    expectClose(sentTo, e.matmul(feedback.fixed['[2].weight'] as NDArray).reshape([5, 4, 6, 6]));
  });

  test('direct feedback, channel: the error at every position through a transposed convolution', () => {
    const { params, x, loss } = network();
    const rule = dfa(key, { convolution: 'channel' });
    const feedback = initFeedback(loss, { rule })(params, x);
    const kernel = feedback.fixed['[2].weight'] as NDArray;
    expect(kernel.shape).toEqual([3, 4, 3, 3]);
    const e = errorOf('[6].weight', loss, params, x);
    const tiled = np.broadcastTo(e.reshape([5, 3, 1, 1]), [5, 3, 2, 2]);
    const [, pull] = vjp((v: NDArray) => nn.functional.conv(v, kernel, { stride: 2 }), [draw(5, [5, 4, 6, 6])]);
    expectClose(errorSent(rule, '[2].weight', loss, params, x, feedback), pull(tiled)[0]);
  });

  test('a network with normalisation, pooling and a residual sum: tied feedback is the gradient', () => {
    const { params, x, loss } = network();
    const exact = grad(loss)(params, x);
    for (const rule of [tied(), backpropagation(), fa(key, { init: 'tied' })]) {
      expectSameBits(feedbackGrad(loss, { rule })(params, x), exact);
      expectSameBits(jit(feedbackGrad(loss, { rule }))(params, x), jit(grad(loss))(params, x));
    }
    const norm = nn.layerNorm({ features: 4 });
    const residual = (p: Weights, input: NDArray) => {
      const h = input.matmul(p.a as NDArray);
      const mixed = norm.apply({ scale: p.scale as NDArray, bias: p.shift as NDArray }, h);
      return np.square(h.add(np.tanh(mixed.matmul(p.b as NDArray))).matmul(p.c as NDArray)).sum();
    };
    const p = { a: draw(1, [3, 4]), b: draw(2, [4, 4]), c: draw(3, [4, 2]), scale: draw(4, [4]), shift: draw(5, [4]) };
    const input = draw(6, [7, 3]);
    expectSameBits(feedbackGrad(residual, { rule: fa(key, { init: 'tied' }) })(p, input), grad(residual)(p, input));
    expect(Object.keys(initFeedback(residual, { rule: fa(key) })(p, input).fixed)).toEqual(['c', 'b']);
  });

  test('transposed convolutions take feedback of the shape of their weights; product feedback says that it cannot', () => {
    const w = draw(1, [3, 2, 3, 3]);
    const h = draw(2, [2, 3, 4, 4]);
    const f = ({ a, kernel }: Weights) =>
      np.sin(nn.functional.convTranspose(h.mul(a as NDArray), kernel as NDArray, { stride: 2 })).sum();
    const params = { a: np.ones(h.shape, { dtype }), kernel: w };
    expectSameBits(feedbackGrad(f, { rule: fa(key, { init: 'tied' }) })(params), grad(f)(params));
    const other = feedbackGrad(f, { rule: fa(key) })(params);
    expect(
      np
        .abs((other.a as NDArray).sub((grad(f)(params) as Weights).a as NDArray))
        .max()
        .item(),
    ).toBeGreaterThan(0.1);
    expect(() => feedbackGrad(f, { rule: pfaOrthogonal(key) })(params)).toThrow(
      /kernel: product feedback through a transposed/,
    );
  });
});

function gradientDistance(a: Weights, b: Weights): number {
  const distances = Object.keys(b).map((name) =>
    np
      .abs((a[name] as NDArray).sub(b[name] as NDArray))
      .max()
      .item(),
  );
  return Math.max(...distances);
}

/** What a rule sends to a layer's input. */
function errorSent<P>(
  rule: FeedbackRule,
  name: string,
  loss: (p: P, x: NDArray) => NDArray,
  params: P,
  x: NDArray,
  feedback: ReturnType<ReturnType<typeof initFeedback>>,
): NDArray {
  let sent: NDArray | null = null;
  const spy: FeedbackRule = {
    ...rule,
    sendBack(layer, pass) {
      const error = rule.sendBack(layer, pass);
      if (layer.name === name) sent = error;
      return error;
    },
  };
  feedbackGrad(loss, { rule: spy, feedback })(params, x);
  if (sent === null) throw new Error(`no layer ${name}`);
  return sent;
}

/** The exact error at a layer's output. */
function errorOf<P>(name: string, loss: (p: P, x: NDArray) => NDArray, params: P, x: NDArray): NDArray {
  let error: NDArray | null = null;
  const spy: FeedbackRule = {
    name: 'spy',
    sendBack(layer) {
      if (layer.name === name) error = layer.error;
      return layer.exact();
    },
  };
  feedbackGrad(loss, { rule: spy })(params, x);
  if (error === null) throw new Error(`no layer ${name}`);
  return error;
}

describe('products written in other ways', () => {
  const x = draw(20, [3, 5, 4]);

  test('einsum with heads, weights first, transposed and reshaped weights', () => {
    const attention = ({ embed, q, k, out }: Weights, input: NDArray) => {
      const h = np.tanh(np.einsum('de,btd->bte', embed as NDArray, input));
      const queries = np.einsum('btd,hdk->bhtk', h, q as NDArray);
      const keys = np.einsum('hdk,btd->bhtk', k as NDArray, h);
      const scores = nn.softmax(np.einsum('bhtk,bhsk->bhts', queries, keys));
      const mixed = np.einsum('bhts,bhsk->bthk', scores, keys);
      return np.sin(np.einsum('bthk,khd->btd', mixed, (out as NDArray).reshape([3, 2, 4]))).sum();
    };
    const params = { embed: draw(1, [4, 4]), q: draw(2, [2, 4, 3]), k: draw(3, [2, 4, 3]), out: draw(4, [6, 4]) };
    const exact = grad(attention)(params, x);
    expectClose(feedbackGrad(attention, { rule: fa(key, { init: 'tied' }) })(params, x), exact, 1e-13);
    expect(Object.keys(initFeedback(attention, { rule: fa(key) })(params, x).fixed).sort()).toEqual(['k', 'out', 'q']);
    const feedback = initFeedback(attention, { rule: pfaOrthogonal(key) })(params, x);
    // [heads · size, …] by the layer's inputs
    expect(feedback.learned.q?.shape).toEqual([6, 4]);
    expect(feedback.fixed.out?.shape).toEqual([4, 4]);
    const tiedBack = Object.fromEntries(
      Object.entries(feedback.fixed).map(([name, b]) => [name, b.T.matmul(outputsFirst(params, name))]),
    );
    const rotated = { fixed: feedback.fixed, learned: tiedBack };
    expectClose(feedbackGrad(attention, { rule: pfaOrthogonal(key), feedback: rotated })(params, x), exact, 1e-12);
  });

  function outputsFirst(params: Weights, name: string): NDArray {
    const w = params[name] as NDArray;
    if (name === 'out') return w.reshape([3, 2, 4]).transpose([2, 1, 0]).reshape([4, 6]);
    return w.transpose([0, 2, 1]).reshape([6, 4]);
  }

  describe('a weight that is broadcast over a batch is one weight', () => {
    const h4 = draw(21, [3, 2, 5, 4]);
    const heads = { first: draw(22, [2, 4, 6]), second: draw(23, [2, 6, 3]) };
    const ways = {
      'heads in a batched matmul': [heads, ({ first, second }: Weights) => [first as NDArray, second as NDArray]],
      'stretched by hand': [
        heads,
        ({ first, second }: Weights) => [
          np.broadcastTo(first as NDArray, [3, 2, 4, 6]),
          np.broadcastTo((second as NDArray).reshape([1, 2, 6, 3]), [3, 2, 6, 3]),
        ],
      ],
    } as const;

    test.each(Object.entries(ways))('%s', (_, [params, use]) => {
      const batched = (p: Weights) => {
        const [first, second] = use(p) as [NDArray, NDArray];
        return np.sin(np.tanh(h4.matmul(first)).matmul(second)).sum();
      };
      const summed = ({ first, second }: Weights) => {
        const h = np.tanh(np.einsum('bhti,hio->bhto', h4, first as NDArray));
        return np.sin(np.einsum('bhti,hio->bhto', h, second as NDArray)).sum();
      };
      const exact = grad(batched)(params);
      expectClose(feedbackGrad(batched, { rule: tied() })(params), exact);
      for (const rule of [fa(key), uSF(), dfa(key), pfa(key, { expansion: 2 }), pfaOrthogonal(key)]) {
        const feedback = initFeedback(summed, { rule })(params);
        const expected = feedbackValueAndGrad(summed, { rule, feedback })(params);
        expectClose(feedbackValueAndGrad(batched, { rule, feedback })(params), expected);
        expectClose(jit(feedbackValueAndGrad(batched, { rule, feedback }))(params), expected);
      }
      expect(gradientDistance(feedbackGrad(batched, { rule: fa(key) })(params), exact)).toBeGreaterThan(0.1);
    });

    test('one matrix for all, by matmul, einsum and broadcasting', () => {
      const params = { first: draw(24, [4, 6]), second: draw(25, [6, 3]) };
      const through = (product: (a: NDArray, w: NDArray) => NDArray) => (p: Weights) =>
        np.sin(product(np.tanh(product(x, p.first as NDArray)), p.second as NDArray)).sum();
      const forms = [
        through((a, w) => a.matmul(w)),
        through((a, w) => np.einsum('btd,de->bte', a, w)),
        through((a, w) => a.matmul(w.reshape([1, ...w.shape]))),
        through((a, w) => a.matmul(np.broadcastTo(w, [3, ...w.shape]))),
        through((a, w) => vmap((row: NDArray) => row.matmul(w))(a)),
        through((a, w) => np.swapaxes(np.swapaxes(w, 0, 1).matmul(np.swapaxes(a, 1, 2)), 1, 2)),
      ];
      for (const rule of [fa(key), dfa(key), pfaOrthogonal(key)]) {
        const [first, ...others] = forms.map((f) => feedbackValueAndGrad(f, { rule })(params));
        for (const other of others) expectClose(other, first);
      }
    });

    test('a first state that stands for each example is an input, and a scalar is no weight', () => {
      const recurrent = ({ start, w, out }: Weights) =>
        np.sin(np.tanh(np.broadcastTo(start as NDArray, [5, 4]).matmul(w as NDArray)).matmul(out as NDArray)).sum();
      const params = { start: draw(26, [4]), w: draw(27, [4, 6]), out: draw(28, [6, 2]) };
      expect(Object.keys(initFeedback(recurrent, { rule: fa(key) })(params).fixed).sort()).toEqual(['out', 'w']);
      const scaled = ({ s, out }: Weights) =>
        np.sin(np.tanh(x.matmul(np.broadcastTo(s as NDArray, [4, 6]))).matmul(out as NDArray)).sum();
      const p = { s: draw(29, []), out: draw(28, [6, 2]) };
      expect(feedbackGrad(scaled, { rule: tied() })(p).s?.shape).toEqual([]);
    });
  });

  test('products with one weight for each group', () => {
    const f = ({ a, w }: Weights) => np.sin(np.einsum('ngi,gio->ngo', x.mul(a as NDArray), w as NDArray)).sum();
    const params = { a: draw(1, [3, 5, 4]), w: draw(2, [5, 4, 2]) };
    const rule = pfaOrthogonal(key);
    const feedback = initFeedback(f, { rule })(params);
    const b = (feedback.fixed.w as NDArray).reshape([5, 2, 2]);
    const back = np.einsum('gom,gio->gmi', b, params.w).reshape([10, 4]);
    expectClose(
      feedbackGrad(f, { rule, feedback: { fixed: feedback.fixed, learned: { w: back } } })(params),
      grad(f)(params),
      1e-12,
    );
  });

  test('tokens: the error of each token, or one error for all tokens of an example', () => {
    const perToken = ({ a, b }: Weights) => np.sin(np.tanh(x.matmul(a as NDArray)).matmul(b as NDArray)).sum();
    const params = { a: draw(1, [4, 6]), b: draw(2, [6, 2]) };
    expect(initFeedback(perToken, { rule: dfa(key) })(params).fixed.b?.shape).toEqual([2, 6]);
    const swapped = ({ a, b, c }: Weights) => {
      const h = np.tanh(np.tanh(x.matmul(a as NDArray)).matmul(b as NDArray));
      return np.sin(np.swapaxes(h, 0, 1).matmul(c as NDArray)).sum();
    };
    expect(() => feedbackGrad(swapped, { rule: dfa(key) })({ ...params, c: draw(3, [2, 3]) })).toThrow(
      /feedback of the output's error to b: the layer's examples \[3, 5\] and those of the output's error \[5, 3\]/,
    );
    const pooled = ({ a, b, c }: Weights) =>
      np
        .sin(
          np
            .tanh(np.tanh(x.matmul(a as NDArray)).matmul(b as NDArray))
            .mean(1)
            .matmul(c as NDArray),
        )
        .sum();
    const three = { ...params, c: draw(3, [2, 3]) };
    const feedback = initFeedback(pooled, { rule: dfa(key) })(three);
    expect(feedback.fixed.b?.shape).toEqual([3, 5 * 6]);
    expect(feedback.fixed.c?.shape).toEqual([3, 2]);
  });
});

describe('unusual models', () => {
  const x = draw(30, [6, 4]);

  test('a weight used twice: one feedback for alignment, one for each use for direct feedback', () => {
    const recurrent = ({ input, w, out }: Weights) => {
      let h = np.tanh(x.matmul(input as NDArray));
      for (let t = 0; t < 3; t++) h = np.tanh(h.matmul(w as NDArray));
      return np.sin(h.matmul(out as NDArray)).sum();
    };
    const params = { input: draw(1, [4, 5]), w: draw(2, [5, 5]), out: draw(3, [5, 2]) };
    expectSameBits(feedbackGrad(recurrent, { rule: fa(key, { init: 'tied' }) })(params), grad(recurrent)(params));
    expect(Object.keys(initFeedback(recurrent, { rule: fa(key) })(params).fixed).sort()).toEqual(['out', 'w']);
    const direct = initFeedback(recurrent, { rule: dfa(key) })(params);
    expect(Object.keys(direct.fixed).sort()).toEqual(['out', 'w', 'w@-2', 'w@-3']);
    // Product feedback: a pair for each use, and each R follows the whole gradient of the weight.
    const rule = pfa(key, { expansion: 2 });
    const feedback = initFeedback(recurrent, { rule })(params);
    const [, gradient, learned] = feedbackValueAndGrad(recurrent, { rule, feedback })(params);
    for (const name of ['w', 'w@-2', 'w@-3']) {
      expectClose(learned[name], (feedback.fixed[name] as NDArray).T.matmul((gradient.w as NDArray).T));
    }
  });

  test('a weight on data behind its use on a hidden layer: both halves of a product have one name', () => {
    const f = ({ a, w }: Weights) => {
      const hidden = np.sin(np.tanh(x.matmul(a as NDArray)).matmul(w as NDArray)).sum();
      return hidden.add(np.sin(x.matmul(w as NDArray)).sum());
    };
    const params = { a: draw(1, [4, 4]), w: draw(2, [4, 3]) };
    expect(Object.keys(initFeedback(f, { rule: dfa(key) })(params).fixed)).toEqual(['w@-2']);
    const found = alignment(f, { rule: fa(key) })(params);
    expect(Object.keys(found).sort()).toEqual(['a', 'w', 'w@-2']);
    const norm = (e: NDArray) => np.sqrt(np.square(e).sum()).item();
    expect(found.w?.errorNorm.item()).toBeCloseTo(norm(np.cos(x.matmul(params.w))), 10);
    expect(found.w?.weightAngle.item()).toBeNaN();
    expect(found['w@-2']?.weightAngle.item()).toBeGreaterThan(1);
  });

  test('an autoencoder with its decoder tied to its encoder', () => {
    const f = ({ w }: Weights) =>
      np
        .square(
          np
            .tanh(x.matmul(w as NDArray))
            .matmul((w as NDArray).T)
            .sub(x),
        )
        .sum();
    const params = { w: draw(1, [4, 3]) };
    expectSameBits(feedbackGrad(f, { rule: fa(key, { init: 'tied' }) })(params), grad(f)(params));
    const b = draw(2, [4, 3]);
    const h = np.tanh(x.matmul(params.w));
    const e = h.matmul(params.w.T).sub(x).mul(2);
    const expected = e.T.matmul(h).add(x.T.matmul(e.matmul(b).mul(np.square(h).neg().add(1))));
    expectClose(feedbackGrad(f, { rule: fa(key), feedback: { fixed: { w: b }, learned: {} } })(params).w, expected);
  });

  test('two heads: a hidden layer gets the errors of the heads that it feeds, and of no other', () => {
    const f = ({ trunk, actor, critic, other, otherHead }: Weights) => {
      const h = np.tanh(x.matmul(trunk as NDArray));
      const policy = np.sin(h.matmul(actor as NDArray)).sum();
      const value = np.sin(h.matmul(critic as NDArray)).sum();
      const apart = np.sin(np.tanh(x.matmul(other as NDArray)).matmul(otherHead as NDArray)).sum();
      return policy.add(value).add(apart);
    };
    const params = {
      trunk: draw(1, [4, 5]),
      actor: draw(2, [5, 3]),
      critic: draw(3, [5, 1]),
      other: draw(4, [4, 5]),
      otherHead: draw(5, [5, 2]),
    };
    const feedback = initFeedback(f, { rule: dfa(key) })(params);
    expect(
      tree
        .paths(feedback.fixed)
        .map(({ path, leaf }) => `${path} ${leaf.shape}`)
        .sort(),
    ).toEqual(['actor 3,5', 'critic 1,5', 'otherHead 2,5']);
    const deeper = (p: Weights) => f({ ...p, trunk: np.tanh(p.trunk as NDArray) });
    expect(Object.keys(initFeedback(deeper, { rule: dfa(key) })(params).fixed).sort()).toEqual([
      'actor',
      'critic',
      'otherHead',
    ]);
    const twoLayers = ({ first, trunk, actor, critic }: Weights) => {
      const h = np.tanh(np.tanh(x.matmul(first as NDArray)).matmul(trunk as NDArray));
      return np
        .sin(h.matmul(actor as NDArray))
        .sum()
        .add(np.square(h.matmul(critic as NDArray)).sum());
    };
    const p = { first: draw(6, [4, 4]), ...params };
    const both = initFeedback(twoLayers, { rule: dfa(key) })(p);
    expect(
      tree
        .paths(both.fixed)
        .map(({ path, leaf }) => `${path} ${leaf.shape}`)
        .sort(),
    ).toEqual(['actor 3,5', 'critic 1,5', 'trunk from actor 3,4', 'trunk from critic 1,4']);
  });

  test('parameters left out by select backpropagate', () => {
    const f = ({ a, b, c }: Weights) =>
      np.sin(np.tanh(np.tanh(x.matmul(a as NDArray)).matmul(b as NDArray)).matmul(c as NDArray)).sum();
    const params = { a: draw(1, [4, 5]), b: draw(2, [5, 5]), c: draw(3, [5, 2]) };
    const select = (path: string) => path !== 'b';
    const rule = fa(key);
    expect(Object.keys(initFeedback(f, { rule, select })(params).fixed)).toEqual(['c']);
    const partly = feedbackGrad(f, { rule, select })(params);
    const whole = feedbackGrad(f, {
      rule,
      feedback: { fixed: { ...initFeedback(f, { rule })(params).fixed, b: params.b }, learned: {} },
    })(params);
    expectClose(partly, whole);
    // Without the output layer the last one that is left takes its place.
    const direct = initFeedback(f, { rule: dfa(key), select: (path) => path !== 'c' })(params).fixed;
    expect(Object.values(direct).map(({ shape }) => shape)).toEqual([[5, 5]]);
  });
});

describe('errors', () => {
  const x = draw(40, [6, 4]);
  const f = ({ a, b }: Weights) => np.sin(np.tanh(x.matmul(a as NDArray)).matmul(b as NDArray)).sum();
  const params = { a: draw(1, [4, 5]), b: draw(2, [5, 2]) };

  test('a loss without products', () => {
    expect(() => feedbackGrad(({ a }: Weights) => np.square(a as NDArray).sum(), { rule: fa(key) })(params)).toThrow(
      /feedbackGrad: no selected parameter meets a product .* nothing for fa to do. Use grad/,
    );
    expect(() => feedbackGrad(f, { rule: uSF(), select: () => false })(params)).toThrow(/no selected parameter/);
  });

  test('feedback of another model, shape or rule', () => {
    const feedback = initFeedback(f, { rule: fa(key) })(params);
    const run = (given: unknown) => feedbackGrad(f, { rule: fa(key), feedback: given as typeof feedback })(params);
    expect(() => run({ fixed: { c: params.b }, learned: {} })).toThrow(
      /expected fixed to have the array b, got c; make it with initFeedback/,
    );
    expect(() => run({ fixed: { b: params.a }, learned: {} })).toThrow(
      /fixed b to be float64\[5, 2\], got float64\[4, 5\]/,
    );
    expect(() => run({ fixed: { b: params.b.astype('float32') }, learned: {} })).toThrow(/got float32\[5, 2\]/);
    expect(() => run(feedback.fixed)).toThrow(/expected \{ fixed, learned \} as initFeedback returns it/);
  });

  test('options', () => {
    expect(() => feedbackGrad(f, {} as { rule: FeedbackRule })).toThrow(
      /options.rule to be a feedback rule such as fa\(key\), got undefined/,
    );
    expect(() => feedbackGrad(f, { rule: uSF(), argnums: -1 })).toThrow(/argnums to be one position/);
    expect(() => feedbackGrad(f, { rule: uSF(), select: 'a' as never })).toThrow(
      /select to be a function .* got string/,
    );
    expect(() => alignment(f, {} as { rule: FeedbackRule })).toThrow(/alignment: expected options.rule/);
    expect(() => uSF({ scale: -1 })).toThrow(/uSF: expected scale to be a finite number above 0, got -1/);
    for (const [name, make] of Object.entries({ fa, kolenPollack, weightMirror, dfa, sdfa, ifa, frSF, brSF })) {
      expect(() => make(key, { init: 'xavier' as never })).toThrow(
        `${name}: expected init to be an initialiser such as nn.initializers.heUniform, got xavier`,
      );
      const init = () => np.ones([2, 2]);
      expect(() => feedbackGrad(f, { rule: make(key, { init }) })(params)).toThrow(
        /: expected init to give float64\[\d, \d\] for [ab], got float32\[2, 2\]/,
      );
    }
    expect(() => feedbackGrad(f, { rule: fa(3 as never) })(params)).toThrow(/expected a key, got/);
  });

  test('targets', () => {
    const run = (found: unknown) => () =>
      feedbackGrad(f, { rule: drtp(key, { targets: () => found as NDArray }) })(params);
    expect(run(np.arange(6))).toThrow(/drtp: expected targets \[n, classes\], such as nn.oneHot.* got \[6\]/);
    expect(run([1, 2])).toThrow(/drtp: .* got object/);
    expect(run(np.ones([4, 2]))).toThrow(/feedback of the targets to b: the layer's examples \[6\] .* \[4\]/);
    expect(() => drtp(key, {} as never)).toThrow(/drtp: expected options.targets to be a function/);
  });

  test('settings of rules', () => {
    expect(() => pfa(key, { expansion: 0 })).toThrow(/pfa: expected expansion/);
    expect(() => pfa(key, { density: 2 })).toThrow(/pfa: expected density/);
    expect(() => dfa(key, { convolution: 'both' as 'full' })).toThrow(
      /dfa: expected convolution to be 'full' or 'channel', got both/,
    );
  });

  test('a loss that is not finite says so where its number is known', () => {
    const broken = (p: Weights) => np.log(f(p).mul(0).sub(1));
    expect(() => feedbackValueAndGrad(broken, { rule: fa(key) })(params)).toThrow(
      /feedbackValueAndGrad: the loss is NaN/,
    );
    expect(jit((p: Weights) => feedbackValueAndGrad(broken, { rule: fa(key) })(p)[0])(params).item()).toBeNaN();
  });
});
