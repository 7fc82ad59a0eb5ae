import { grad, io, jit, type NDArray, nn, np, random, stopGradient, vjp, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  alignment,
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
const key = random.key(11);
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
type Weights = Record<string, NDArray>;

/** A rule, and what it sends: the error through an array of the weight's shape, or a signal of the output's error through B. */
interface Described {
  readonly rule: FeedbackRule;
  readonly path?: (feedback: Feedback, name: string, weight: NDArray, groups: number) => NDArray;
  readonly signal?: (error: NDArray, targets: NDArray) => NDArray;
  readonly channel?: boolean;
}

const signed = (magnitude: NDArray | number, weight: NDArray) => np.sign(weight).mul(magnitude);
const product = ({ fixed, learned }: Feedback, name: string, weight: NDArray, groups: number) => {
  const mask = fixed[`${name} mask`];
  const [b, r] = [fixed[name], learned[name]] as [NDArray, NDArray];
  const [outputs, middle] = [(b.shape[0] as number) / groups, b.shape[1] as number];
  const back = (mask ? r.mul(mask) : r).reshape([groups, middle, -1]);
  const whole = np.einsum('gom,gmi->goi', b.reshape([groups, outputs, middle]), back);
  // Dense weights are stored with inputs first.
  return weight.ndim === 2 ? whole.reshape([outputs, -1]).T : whole.reshape(weight.shape);
};
const targets = (...args: unknown[]) => args.at(-1) as NDArray;

const rules: Record<string, Described> = {
  backpropagation: { rule: backpropagation(), path: (_f, _n, weight) => weight },
  tied: { rule: tied(), path: (_f, _n, weight) => weight },
  fa: { rule: fa(key), path: ({ fixed }, name) => fixed[name] as NDArray },
  kolenPollack: { rule: kolenPollack(key), path: ({ learned }, name) => learned[name] as NDArray },
  weightMirror: { rule: weightMirror(key), path: ({ fixed }, name) => fixed[name] as NDArray },
  uSF: { rule: uSF({ scale: 0.3 }), path: (_f, _n, weight) => signed(0.3, weight) },
  frSF: { rule: frSF(key), path: ({ fixed }, name, weight) => signed(np.abs(fixed[name] as NDArray), weight) },
  pfa: { rule: pfa(key, { expansion: 2 }), path: product },
  sparsePfa: { rule: pfa(key, { expansion: 2, density: 0.5 }), path: product },
  pfaOrthogonal: { rule: pfaOrthogonal(key), path: product },
  dfa: { rule: dfa(key), signal: (e) => e },
  dfaByChannel: { rule: dfa(key, { convolution: 'channel' }), signal: (e) => e, channel: true },
  sdfa: { rule: sdfa(key), signal: (e) => np.sign(e).div(3) },
  sdfaByChannel: { rule: sdfa(key, { convolution: 'channel' }), signal: (e) => np.sign(e).div(3), channel: true },
  drtp: { rule: drtp(key, { targets }), signal: (_e, y) => y.div(3) },
  drtpByChannel: {
    rule: drtp(key, { targets, convolution: 'channel' }),
    signal: (_e, y) => y.div(3),
    channel: true,
  },
  shallow: { rule: shallow() },
};

const configurations: readonly nn.ConvOptions[] = [
  {},
  { stride: 2 },
  { dilation: 2 },
  { padding: 2 },
  { groups: 2 },
  { groups: 4 },
  { stride: [2, 1], padding: [1, [0, 1]], dilation: [1, 2], groups: 2 },
];

describe('a convolution and a dense layer behind it, by hand', () => {
  const images = draw(1, [3, 4, 6, 7]);
  const y = draw(2, [3, 2]);

  const network = (options: nn.ConvOptions) => {
    const kernel = draw(3, [4, 4 / (options.groups ?? 1), 2, 3]);
    const z = nn.functional.conv(images, kernel, options);
    const params = { shift: np.zeros(images.shape, { dtype }), kernel, head: draw(4, [z.size / 3, 2]) };
    const loss = (p: Weights, weights: NDArray) => {
      const h = np.tanh(nn.functional.conv(images.add(p.shift as NDArray), p.kernel as NDArray, options));
      return np
        .sin(h.reshape([3, -1]).matmul(p.head as NDArray))
        .mul(weights)
        .sum();
    };
    const h = np.tanh(z);
    const e = np.cos(h.reshape([3, -1]).matmul(params.head)).mul(y);
    /** The gradient of the kernel for an error behind the activation. */
    const kernelGradient = (error: NDArray) => {
      const delta = error.reshape(h.shape).mul(np.square(h).neg().add(1));
      const pull = vjp((w: NDArray) => nn.functional.conv(images, w, options), [kernel])[1];
      return { delta, gradient: pull(delta)[0] };
    };
    return { params, loss, e, kernelGradient };
  };
  const back = (error: NDArray, kernel: NDArray, options: nn.ConvOptions) =>
    vjp((x: NDArray) => nn.functional.conv(x, kernel, options), [images])[1](error)[0];

  test.each(Object.entries(rules))('%s', (_, { rule, path, signal, channel }) => {
    for (const options of configurations) {
      const { params, loss, e, kernelGradient } = network(options);
      const feedback = initFeedback(loss, { rule })(params, y);
      const found = feedbackGrad(loss, { rule, feedback })(params, y);
      const through = (name: 'kernel' | 'head', groups: number) =>
        path?.(feedback, name, params[name], groups) as NDArray;
      const b = feedback.fixed;
      const sent = signal?.(e, y);

      let behind = np.zeros([3, params.head.shape[0] as number], { dtype });
      if (path) behind = e.matmul(through('head', 1).T);
      if (sent) behind = sent.matmul(b.head as NDArray);
      const { delta, gradient } = kernelGradient(behind);
      let shift = np.zeros(images.shape, { dtype });
      if (path) shift = back(delta, through('kernel', options.groups ?? 1), options);
      if (sent && !channel) shift = sent.matmul(b.kernel as NDArray).reshape(images.shape);
      if (sent && channel) {
        const tiled = np.broadcastTo(sent.reshape([3, 2, 1, 1]), [3, 2, ...delta.shape.slice(2)]);
        shift = back(tiled, b.kernel as NDArray, { ...options, groups: 1 });
      }
      expectSameBits(found.head, (grad(loss)(params, y) as Weights).head);
      expectClose({ kernel: found.kernel, shift: found.shift }, { kernel: gradient, shift }, 1e-11);
      expectClose(jit(feedbackGrad(loss, { rule, feedback }))(params, y), found, 1e-11);
    }
  });

  test('brSF of one key is frSF of the same key', () => {
    for (const options of configurations) {
      const { params, loss } = network(options);
      const of = (rule: FeedbackRule) => feedbackGrad(loss, { rule })(params, y);
      expectSameBits(of(brSF(key)), of(frSF(key)));
    }
  });

  test('ifa sends e B to the output of the first layer, and nothing in front of it', () => {
    for (const options of configurations) {
      const { params, loss, e, kernelGradient } = network(options);
      const rule = ifa(key);
      const feedback = initFeedback(loss, { rule })(params, y);
      const found = feedbackGrad(loss, { rule, feedback })(params, y);
      expectClose(found.kernel, kernelGradient(e.matmul(feedback.fixed.kernel as NDArray)).gradient, 1e-11);
      expectSameBits(found.shift, np.zerosLike(params.shift));
      expectSameBits(found.head, (grad(loss)(params, y) as Weights).head);
    }
  });

  test('section 8 of the notes, 11: feedback alignment is stopGradient around plain products', () => {
    const twice = (x: NDArray, w: NDArray, b: NDArray, op: (x: NDArray, w: NDArray) => NDArray) => {
      const other = op(x, stopGradient(b));
      return op(stopGradient(x), w).add(other.sub(stopGradient(other)));
    };
    for (const options of configurations) {
      const { params, loss } = network(options);
      const rule = fa(key);
      const feedback = initFeedback(loss, { rule })(params, y);
      const { kernel: b, head: c } = feedback.fixed as Weights;
      const conv = (x: NDArray, w: NDArray) => nn.functional.conv(x, w, options);
      const stopped = (p: Weights) => {
        const h = np.tanh(twice(images.add(p.shift as NDArray), p.kernel as NDArray, b as NDArray, conv));
        const z = twice(h.reshape([3, -1]), p.head as NDArray, c as NDArray, (x, w) => x.matmul(w));
        return np.sin(z).mul(y).sum();
      };
      expectClose(stopped(params), loss(params, y));
      expectClose(feedbackGrad(loss, { rule, feedback })(params, y), grad(stopped)(params), 1e-11);
    }
  });
});

describe('a network of convolutions', () => {
  const layers = nn.sequential(
    nn.conv({ in: 2, out: 4, kernel: 3, dtype }),
    nn.tanh,
    nn.conv({ in: 4, out: 4, kernel: 3, stride: 2, groups: 2, dtype }),
    nn.tanh,
    nn.flatten,
    nn.dense({ in: 16, out: 3, dtype }),
  );
  const params = layers.init(random.key(2));
  const x = draw(5, [3, 2, 7, 7]);
  const y = nn.oneHot(np.arange(3), 3).astype(dtype);
  const perExample = (p: typeof params, images: NDArray, wanted: NDArray) =>
    nn.losses.softmaxCrossEntropy(layers.apply(p, images), np.argmax(wanted, 1));
  const loss = (...args: Parameters<typeof perExample>) => perExample(...args).mean();
  const all = { ...Object.fromEntries(Object.entries(rules).map(([name, { rule }]) => [name, rule])), ifa: ifa(key) };

  test.each(Object.entries(all))('%s: written for one image and mapped, and from a file', (_, rule) => {
    const one = (p: typeof params, image: NDArray, wanted: NDArray) =>
      perExample(p, image.reshape([1, 2, 7, 7]), wanted.reshape([1, 3])).at(0);
    const mapped = (p: typeof params, images: NDArray, wanted: NDArray) =>
      vmap(one, { inAxes: [null, 0, 0] })(p, images, wanted).mean();
    const feedback = initFeedback(loss, { rule })(params, x, y);
    const found = feedbackValueAndGrad(loss, { rule, feedback })(params, x, y);
    expectClose(feedbackValueAndGrad(mapped, { rule, feedback })(params, x, y), found, 1e-11);
    const loaded = io.load(io.save({ feedback })) as { feedback: Feedback };
    expectSameBits(feedbackValueAndGrad(loss, { rule, feedback: loaded.feedback })(params, x, y), found);
  });

  test.each(Object.entries(all))('%s: angles of each layer', (name, rule) => {
    const feedback = initFeedback(loss, { rule })(params, x, y);
    const found = alignment(loss, { rule, feedback })(params, x, y);
    expect(Object.keys(found)).toEqual(['[0].weight', '[2].weight', '[5].weight']);
    const [first, second, output] = Object.values(found).map(({ gradientAngle }) => gradientAngle.item());
    expect(output).toBe(0);
    for (const degrees of [first, second] as number[]) {
      if (name === 'shallow') expect(degrees).toBeNaN();
      else if (name === 'backpropagation' || name === 'tied') expect(degrees).toBe(0);
      else expect(degrees).toBeGreaterThan(1);
    }
    const compared = found['[2].weight']?.weightAngle.item();
    if (rule.compare) expect(compared).toBeLessThan(180);
    else expect(compared).toBeNaN();
  });
});

describe('grouped attention: four heads of queries, two of keys and values', () => {
  const [groups, heads, width, size] = [2, 2, 6, 3];
  const x = draw(6, [3, 5, 4]);
  const y = draw(7, [3, 5, 2]);
  const attend = (q: NDArray, k: NDArray, v: NDArray) => {
    const scores = np.einsum('bghtk,bgsk->bghts', q, k).mul(size ** -0.5);
    return np.einsum('bghts,bgsk->bghtk', nn.softmax(scores), v);
  };
  const grouped = ({ embed, q, k, v, out }: Weights, wanted: NDArray) => {
    const h = np.tanh(x.matmul(embed as NDArray));
    const mixed = attend(
      np.einsum('btd,ghdk->bghtk', h, q as NDArray),
      np.einsum('btd,gdk->bgtk', h, k as NDArray),
      np.einsum('gdk,btd->bgtk', v as NDArray, h),
    );
    return np
      .sin(np.einsum('bghtk,ghko->bto', mixed, out as NDArray))
      .mul(wanted)
      .sum();
  };
  /** The same with flat matrices. */
  const flat = ({ embed, q, k, v, out }: Weights, wanted: NDArray) => {
    const h = np.tanh(x.matmul(embed as NDArray));
    const split = (z: NDArray) => z.reshape([3, 5, groups, size]).transpose([0, 2, 1, 3]);
    const queries = h.matmul(q as NDArray).reshape([3, 5, groups, heads, size]);
    const mixed = attend(
      queries.transpose([0, 2, 3, 1, 4]),
      split(h.matmul(k as NDArray)),
      split(h.matmul(v as NDArray)),
    );
    const joined = mixed.transpose([0, 3, 1, 2, 4]).reshape([3, 5, groups * heads * size]);
    return np
      .sin(joined.matmul(out as NDArray))
      .mul(wanted)
      .sum();
  };
  const params = {
    embed: draw(8, [4, width]),
    q: draw(9, [groups, heads, width, size]),
    k: draw(10, [groups, width, size]),
    v: draw(11, [groups, width, size]),
    out: draw(12, [groups, heads, size, 2]),
  };
  const flatten = {
    embed: (w: NDArray) => w,
    q: (w: NDArray) => w.transpose([2, 0, 1, 3]).reshape([width, -1]),
    k: (w: NDArray) => w.transpose([1, 0, 2]).reshape([width, -1]),
    v: (w: NDArray) => w.transpose([1, 0, 2]).reshape([width, -1]),
    out: (w: NDArray) => w.reshape([-1, 2]),
  };
  const flattened = (tree: Weights): Weights =>
    Object.fromEntries(
      Object.entries(tree).map(([name, w]) => {
        const shape = (params as Weights)[name]?.shape;
        return [name, shape?.join() === w.shape.join() ? flatten[name as keyof typeof flatten](w) : w];
      }),
    );

  test.each(Object.entries(rules).filter(([name]) => !name.endsWith('ByChannel')))(
    '%s: einsums are the layers that they stand for',
    (_, { rule, path }) => {
      const feedback = initFeedback(grouped, { rule })(params, y);
      const found = feedbackValueAndGrad(grouped, { rule, feedback })(params, y);
      const same = { fixed: flattened(feedback.fixed), learned: flattened(feedback.learned) };
      const expected = feedbackValueAndGrad(flat, { rule, feedback: same })(flattened(params), y);
      expectClose([found[0], flattened(found[1]), flattened(found[2])], expected, 1e-11);
      const exact = grad(grouped)(params, y);
      expectClose(found[1].out, exact.out);
      const apart = np
        .abs((found[1] as typeof params).embed.sub((exact as typeof params).embed))
        .max()
        .item();
      if (path && /^(backpropagation|tied)$/.test(rule.name)) expect(apart).toBeLessThan(1e-11);
      else expect(apart).toBeGreaterThan(0.1);
    },
  );

  test('it is no chain of layers for ifa', () => {
    expect(() => feedbackGrad(grouped, { rule: ifa(key) })(params, y)).toThrow(/ifa: between out and the product/);
  });

  test('initialisers get the fans of the layer, which the shape of an einsum does not tell', () => {
    const seen = new Map<string, unknown>();
    const init: nn.Initializer = (k, shape, options) => {
      seen.set(shape.join(), [options?.fanIn, options?.fanOut]);
      return nn.initializers.glorotUniform(k, shape, options);
    };
    for (const rule of [fa(key, { init }), frSF(key, { init }), brSF(key, { init }), kolenPollack(key, { init })]) {
      seen.clear();
      feedbackGrad(grouped, { rule })(params, y);
      expect(seen.get('2,2,6,3'), rule.name).toEqual([6, 12]);
      expect(seen.get('2,2,3,2'), rule.name).toEqual([12, 2]);
    }
  });
});
