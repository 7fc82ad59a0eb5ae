import { array, grad, jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
import { checkCount, checkSamples } from '../../check';
import type { NoiseName } from '../../options';
import type { ConditionalFit } from '../conditional-fit';
import { constantNoise } from '../homoscedastic';
import { minimiseLbfgs } from './lbfgs';
import { logLikelihoodAt, type Network, networkFor, noiseAt, startVector, trainingLoss } from './network';

/** Settings of `fitNeural`. */
export interface NeuralFitOptions {
  /** Default: location-scale. */
  readonly noise?: NoiseName;
  /** Hidden tanh units. Default: 100 (LOCI's released configurations). */
  readonly hidden?: number;
  /**
   * `adam`: full batches with a step size from 0.01 to 1e-6 on a cosine, the published schedule. `lbfgs`: the same
   * likelihood, until the last 50 steps gain less than 0.001 a row: about a tenth of the work. Default: lbfgs.
   */
  readonly optimiser?: 'adam' | 'lbfgs';
  /** Steps at most. Default: 5000 for adam (LOCI's released configurations), 1000 for lbfgs. */
  readonly steps?: number;
  /** For the start of the network. Default: `random.key(0)`. */
  readonly key?: random.Key;
  /** Called after each step with the share that is done; work goes on when it resolves. */
  readonly pause?: (done: number) => Promise<void>;
}

/**
 * The network of LOCI (Immer et al. 2023), 1-100-2 with tanh, in float64 and compiled; with Student-t noise that of ROCHE
 * (Tran et al. 2024), with homoscedastic noise least squares. Likelihoods and residuals are those of the last step, where
 * LOCI's released code takes the best likelihood of all steps and the residuals of the last.
 *
 * @param cause values [n], best standardised.
 * @param effect values [n], best standardised.
 * @throws DTypeError, ShapeError or ArgumentError for samples and options that are not these.
 */
export async function fitNeural(
  cause: Float64Array,
  effect: Float64Array,
  options: NeuralFitOptions = {},
): Promise<ConditionalFit> {
  const { noise = 'location-scale', hidden = 100, optimiser = 'lbfgs', key = random.key(0) } = options;
  checkSamples('fitNeural', { cause, effect }, 1);
  checkCount('fitNeural', 'hidden', hidden, 1);
  checkCount('fitNeural', 'steps', options.steps ?? 1, 1);
  const network = networkFor(noise, hidden);
  const train = optimiser === 'adam' ? trainAdam : trainLbfgs;
  const start = startVector(network, key);
  const { vector, iterations, converged } = await train(network, start, asRow(cause), asRow(effect), options);

  const noiseOf = (points: ArrayLike<number>) => noiseAt(network, vector, asRow(points));
  if (noise === 'homoscedastic') {
    const meansAt = (points: ArrayLike<number>) => toNumbers(noiseOf(points).location);
    return { ...constantNoise(effect, meansAt, cause), iterations, converged };
  }
  const fitted = noiseOf(cause);
  const y = asRow(effect);
  return {
    logLikelihoods: toNumbers(logLikelihoodAt(fitted, y)),
    residuals: toNumbers(y.sub(fitted.location).div(np.sqrt(fitted.squaredScale))),
    iterations,
    converged,
    predict(points) {
      const { location, squaredScale, freedom } = noiseOf(points);
      const variance = freedom === null ? squaredScale : squaredScale.mul(freedom).div(freedom.sub(2));
      return { mean: toNumbers(location), std: toNumbers(np.sqrt(variance)) };
    },
  };
}

interface Trained {
  readonly vector: NDArray;
  readonly iterations: number;
  readonly converged: boolean;
}

async function trainAdam(
  network: Network,
  start: Float64Array,
  cause: NDArray,
  effect: NDArray,
  { steps = 5000, pause = async () => {} }: NeuralFitOptions,
): Promise<Trained> {
  const schedule = optim.schedules.cosineDecay({ from: 1e-2, to: 1e-6, steps });
  const adam = optim.adam({ learningRate: schedule });
  const loss = (vector: NDArray, x: NDArray, y: NDArray) => trainingLoss(network, vector, x, y);
  const step = jit(
    (state: { vector: NDArray; adam: ReturnType<typeof adam.init> }, x: NDArray, y: NDArray) => {
      const gradient = grad(loss)(state.vector, x, y);
      const [update, next] = adam.update(gradient, state.adam, state.vector);
      return { vector: state.vector.add(update), adam: next };
    },
    { donate: 0 },
  );
  const vector = array(start);
  let state = { vector, adam: adam.init(vector) };
  for (let i = 0; i < steps; i++) {
    state = step(state, cause, effect);
    await pause((i + 1) / steps);
  }
  return { vector: state.vector, iterations: steps, converged: true };
}

async function trainLbfgs(
  network: Network,
  start: Float64Array,
  cause: NDArray,
  effect: NDArray,
  { steps = 1000, pause = async () => {} }: NeuralFitOptions,
): Promise<Trained> {
  const loss = (vector: NDArray, x: NDArray, y: NDArray) => trainingLoss(network, vector, x, y);
  const compiled = jit((vector: NDArray, x: NDArray, y: NDArray) => valueAndGrad(loss)(vector, x, y));
  const evaluate = (point: Float64Array) => {
    const [value, gradient] = compiled(array(point), cause, effect);
    return { value: value.item(), gradient: toNumbers(gradient) };
  };
  const { point, iterations, converged } = await minimiseLbfgs(evaluate, start, {
    maxIterations: steps,
    tolerance: 1e-3,
    patience: 50,
    pause: (iteration) => pause(iteration / steps),
  });
  return { vector: array(point), iterations, converged };
}

function asRow(values: ArrayLike<number>): NDArray {
  return array(Float64Array.from(values)).reshape([1, values.length]);
}

function toNumbers(values: NDArray): Float64Array {
  return Float64Array.from(values.dataSync());
}
