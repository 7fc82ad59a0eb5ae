import { ArgumentError, jvp, type NDArray, nn, random, ShapeError, tree, vjp } from '@forback/core';

/** One layer: a map that is linear in its parameters, and what follows it. */
export interface PepitaLayer<Params> {
  /** Dense layer or convolution: [n, ...] to [n, units] or [n, channels, ...positions]. Leave biases out, as the paper does. */
  apply(params: Params, x: NDArray): NDArray;
  /** Keeps the shape. Default: `nn.relu` for hidden layers; the last layer has a softmax instead. */
  activation?(z: NDArray): NDArray;
  /** Between this layer and the next, such as pooling or flattening. */
  follow?(h: NDArray): NDArray;
}

/** Settings of PEPITA. */
export interface PepitaOptions {
  /** F: [classes, features of an example], from `pepitaFeedback`. */
  feedback: NDArray;
  /** The second input: x + F e (Dellaferrera and Kreiman 2022), or x − F e (Srinivasan et al. 2024). Default: 'add'. */
  modulation?: 'add' | 'subtract';
  /** The error that the last layer learns from: that of the second pass (2022), or of the first (2024). Default: 'modulated'. */
  outputError?: 'modulated' | 'clean';
  /**
   * 'difference': (h − h′) h′ᵀ, with the layer below in the second pass. 'hebbian': h hᵀ − h′ h′ᵀ, a Hebbian product of
   * each pass (Srinivasan et al. 2024). 'adaptive': the limit of small F e, which is feedback alignment whose feedback
   * follows the weights (adaptive feedback alignment, ibid.); it has a tangent instead of a second pass.
   * Default: 'difference'.
   */
  form?: 'difference' | 'hebbian' | 'adaptive';
  /** Share of hidden units that are dropped, the same ones in both passes, and its key. Default: none. */
  dropout?: { rate: number; key: random.Key };
}

/** What a step of PEPITA gives. */
export interface PepitaGradient<Params> {
  /** In the place of the gradient of the mean loss, for any optimiser: one entry for each layer. */
  readonly gradient: Params;
  /** Softmax outputs of the first pass: [n, classes]. */
  readonly output: NDArray;
}

type ParamsList<Layers extends readonly PepitaLayer<never>[]> = {
  -readonly [I in keyof Layers]: Layers[I] extends PepitaLayer<infer P> ? P : never;
};

/**
 * F of PEPITA: 0.05 · U(±√(6 / features)) (released code of Dellaferrera and Kreiman 2022). It never changes.
 *
 * @param key - uint32 [2].
 * @returns [classes, features].
 */
export function pepitaFeedback(key: random.Key, classes: number, features: number): NDArray {
  const limit = 0.05 * Math.sqrt(6 / features);
  return random.uniform(key, { shape: [classes, features], minval: -limit, maxval: limit });
}

/**
 * PEPITA: a second forward pass in the place of the backward one, on an input that the error of the first has changed
 * (Dellaferrera and Kreiman 2022). Hidden layers learn from how their activities differ between the passes, the last from
 * its error (softmax with cross-entropy). Sums over the positions of a convolution are divided by their number.
 *
 * @returns a function of the list of the layers' parameters, the inputs [n, ...] and targets [n, classes] such as
 * one-hot labels.
 */
export function pepitaGrad<const Layers extends readonly PepitaLayer<never>[]>(
  layers: Layers,
  options: PepitaOptions,
): (params: Readonly<ParamsList<Layers>>, x: NDArray, targets: NDArray) => PepitaGradient<ParamsList<Layers>> {
  const { feedback, modulation = 'add', outputError = 'modulated', form = 'difference', dropout } = options;
  if (layers.length === 0) throw new ArgumentError('pepitaGrad: expected at least one layer, got none');
  checkChoice('modulation', modulation, ['add', 'subtract']);
  checkChoice('outputError', outputError, ['modulated', 'clean']);
  checkChoice('form', form, ['difference', 'hebbian', 'adaptive']);
  const last = layers.length - 1;

  const run = (params: readonly unknown[], x: NDArray): LayerPass[] => {
    let input = x;
    return layers.map((layer, i) => {
      const from = input;
      const [z, pullback] = vjp((p: never) => layer.apply(p, from), [params[i] as never]);
      const n = z.shape[0] as number;
      const positions = z.shape.slice(2).reduce((product, size) => product * size, 1);
      const h = i === last ? nn.softmax(z) : drop((layer.activation ?? nn.relu)(z), i, dropout);
      input = layer.follow?.(h) ?? h;
      return { h, pull: (signal) => pullback(signal.div(n * positions))[0] };
    });
  };

  return (params, x, targets) => {
    const [classes, features] = feedback.shape;
    const n = x.shape[0] as number;
    if (feedback.ndim !== 2 || targets.shape.join() !== `${n},${classes}` || x.size !== n * (features ?? 0)) {
      throw new ShapeError(
        `pepitaGrad: expected feedback [classes, features], x [n, features in all] and targets [n, classes], got ` +
          `[${feedback.shape.join(', ')}], [${x.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
      );
    }
    const clean = run(params, x);
    const output = (clean[last] as LayerPass).h;
    const error = output.sub(targets);
    const shift = error
      .matmul(feedback)
      .reshape(x.shape)
      .mul(modulation === 'add' ? 1 : -1);
    if (form === 'adaptive') {
      const activities = (input: NDArray) => run(params, input).map(({ h }) => h);
      const [, tangents] = jvp(activities, [x], [shift]);
      const gradient = clean.map(({ pull }, i) => pull(i === last ? error : (tangents[i] as NDArray).neg()));
      return { gradient: gradient as ParamsList<Layers>, output };
    }
    const second = run(params, x.add(shift));
    const gradient = clean.map((first, i) => {
      const other = second[i] as LayerPass;
      if (form === 'hebbian') return subtract(first.pull(first.h), other.pull(i === last ? targets : other.h));
      if (i < last) return other.pull(first.h.sub(other.h));
      return other.pull(outputError === 'modulated' ? other.h.sub(targets) : error);
    });
    return { gradient: gradient as ParamsList<Layers>, output };
  };
}

interface LayerPass {
  /** Activities. */
  readonly h: NDArray;
  /** Sum over examples of signal · inputᵀ, divided by examples and positions, in the shape of the parameters. */
  pull(signal: NDArray): unknown;
}

function drop(h: NDArray, layer: number, dropout: PepitaOptions['dropout']): NDArray {
  if (dropout === undefined) return h;
  const kept = random.bernoulli(random.foldIn(dropout.key, layer), 1 - dropout.rate, { shape: h.shape });
  return h.mul(kept.astype(h.dtype)).div(1 - dropout.rate);
}

function subtract(a: unknown, b: unknown): unknown {
  return tree.map((x, y) => x.sub(y), a, b);
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ArgumentError(`pepitaGrad: expected ${name} to be one of ${choices.join(', ')}, got ${String(value)}`);
}
