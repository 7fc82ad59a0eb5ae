import { type NDArray, tree } from '@forback/core';
import type { PepitaGradient, PepitaOptions } from './pepita';
import {
  checkDropout,
  checkLayers,
  checkPass,
  type LayerPass,
  type PepitaLayer,
  type PepitaParams,
  runLayers,
  shiftOf,
} from './pepita-pass';

/** The two halves of a time-local step; an update follows each of them. */
export interface PepitaHalves<Params> {
  /** After the first pass: h_l h₍l−1₎ᵀ, and ŷ hᵀ for the last layer. With the outputs of the pass. */
  clean(params: Readonly<Params>, x: NDArray): PepitaGradient<Params>;
  /**
   * After the second pass: −h′_l h′₍l−1₎ᵀ, and −y h′ᵀ for the last layer.
   *
   * @param params - as the first half has left them.
   * @param targets - [n, classes], such as one-hot labels.
   * @param output - of the first pass.
   */
  modulated(params: Readonly<Params>, x: NDArray, targets: NDArray, output: NDArray): Params;
}

/**
 * PEPITA's Hebbian form, local in time: each pass changes the weights by itself, so that nothing of the first pass has to
 * be kept for the second but the output's error (Srinivasan et al. 2024). The second pass runs through weights that the
 * first has changed. Without an update in between, the halves add up to `pepitaGrad` with `form: 'hebbian'`.
 *
 * @example
 * const { clean, modulated } = pepitaTimeLocal(layers, { feedback });
 * const { gradient, output } = clean(params, x);
 * const between = descend(params, gradient);
 * const after = descend(between, modulated(between, x, targets, output));
 */
export function pepitaTimeLocal<const Layers extends readonly PepitaLayer<never>[]>(
  layers: Layers,
  options: Pick<PepitaOptions, 'feedback' | 'modulation' | 'dropout'>,
): PepitaHalves<PepitaParams<Layers>> {
  const { feedback, modulation = 'add', dropout } = options;
  checkLayers('pepitaTimeLocal', layers);
  checkDropout('pepitaTimeLocal', dropout);
  const last = layers.length - 1;
  const hebbian = (passes: readonly LayerPass[], output?: NDArray) =>
    passes.map(({ h, pull }, i) => pull(i === last ? (output ?? h) : h)) as PepitaParams<Layers>;
  return {
    clean(params, x) {
      const passes = runLayers(layers, params as readonly unknown[], x, dropout);
      return { gradient: hebbian(passes), output: (passes[last] as LayerPass).h };
    },
    modulated(params, x, targets, output) {
      checkPass('pepitaTimeLocal', feedback, x, targets);
      const input = x.add(shiftOf(output.sub(targets), feedback, x, modulation));
      const passes = runLayers(layers, params as readonly unknown[], input, dropout);
      return tree.map((g) => g.neg(), hebbian(passes, targets));
    },
  };
}
