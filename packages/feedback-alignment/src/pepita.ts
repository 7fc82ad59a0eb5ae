import { ArgumentError, jvp, type NDArray, random, tree } from '@forback/core';
import {
  checkDropout,
  checkLayers,
  checkPass,
  type LayerPass,
  type PepitaDropout,
  type PepitaLayer,
  type PepitaParams,
  runLayers,
  shiftOf,
} from './pepita-pass';

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
  dropout?: PepitaDropout;
}

/** What a step of PEPITA gives. */
export interface PepitaGradient<Params> {
  /** In the place of the gradient of the mean loss, for any optimiser: one entry for each layer. */
  readonly gradient: Params;
  /** Softmax outputs of the first pass: [n, classes]. */
  readonly output: NDArray;
}

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
): (params: Readonly<PepitaParams<Layers>>, x: NDArray, targets: NDArray) => PepitaGradient<PepitaParams<Layers>> {
  const { feedback, modulation = 'add', outputError = 'modulated', form = 'difference', dropout } = options;
  checkLayers('pepitaGrad', layers);
  checkDropout('pepitaGrad', dropout);
  checkChoice('modulation', modulation, ['add', 'subtract']);
  checkChoice('outputError', outputError, ['modulated', 'clean']);
  checkChoice('form', form, ['difference', 'hebbian', 'adaptive']);
  const last = layers.length - 1;

  const run = (params: readonly unknown[], x: NDArray) => runLayers(layers, params, x, dropout);

  return (params, x, targets) => {
    checkPass('pepitaGrad', feedback, x, targets);
    const clean = run(params, x);
    const output = (clean[last] as LayerPass).h;
    const error = output.sub(targets);
    const shift = shiftOf(error, feedback, x, modulation);
    if (form === 'adaptive') {
      const activities = (input: NDArray) => run(params, input).map(({ h }) => h);
      const [, tangents] = jvp(activities, [x], [shift]);
      const gradient = clean.map(({ pull }, i) => pull(i === last ? error : (tangents[i] as NDArray).neg()));
      return { gradient: gradient as PepitaParams<Layers>, output };
    }
    const second = run(params, x.add(shift));
    const gradient = clean.map((first, i) => {
      const other = second[i] as LayerPass;
      if (form === 'hebbian') return subtract(first.pull(first.h), other.pull(i === last ? targets : other.h));
      if (i < last) return other.pull(first.h.sub(other.h));
      return other.pull(outputError === 'modulated' ? other.h.sub(targets) : error);
    });
    return { gradient: gradient as PepitaParams<Layers>, output };
  };
}

function subtract(a: unknown, b: unknown): unknown {
  return tree.map((x, y) => x.sub(y), a, b);
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ArgumentError(`pepitaGrad: expected ${name} to be one of ${choices.join(', ')}, got ${String(value)}`);
}
