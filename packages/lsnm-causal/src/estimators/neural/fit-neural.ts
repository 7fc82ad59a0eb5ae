import { array, jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
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
 */
export async function fitNeural(
  cause: Float64Array,
  effect: Float64Array,
  options: NeuralFitOptions = {},
): Promise<ConditionalFit> {
  const { noise = 'location-scale', hidden = 100, optimiser = 'lbfgs', key = random.key(0) } = options;
  const network = networkFor(noise, hidden);
  const train = optimiser === 'adam' ? trainAdam : trainLbfgs;
  const start = startVector(network, key);
  const { vector, iterations, converged } = await train(network, start, asRow(cause), asRow(effect), options);

  const parameters = jit((points: NDArray) => {
    const at = noiseAt(network, vector, points);
    return [at.location, at.squaredScale, at.freedom] as const;
  });
  if (noise === 'homoscedastic') {
    const meansAt = (points: ArrayLike<number>) => toNumbers(parameters(asRow(points))[0]);
    return { ...constantNoise(effect, meansAt, cause), iterations, converged };
  }
  const [location, squaredScale, freedom] = parameters(asRow(cause));
  const y = asRow(effect);
  return {
    logLikelihoods: toNumbers(logLikelihoodAt({ location, squaredScale, freedom }, y)),
    residuals: toNumbers(y.sub(location).div(np.sqrt(squaredScale))),
    iterations,
    converged,
    predict(points) {
      const at = parameters(asRow(points));
      const variance = at[2] === null ? at[1] : at[1].mul(at[2]).div(at[2].sub(2));
      return { mean: toNumbers(at[0]), std: toNumbers(np.sqrt(variance)) };
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
  const loss = (vector: NDArray) => trainingLoss(network, vector, cause, effect);
  const step = jit(
    (state: { vector: NDArray; adam: ReturnType<typeof adam.init> }) => {
      const [, gradient] = valueAndGrad(loss)(state.vector);
      const [update, next] = adam.update(gradient, state.adam, state.vector);
      return { vector: state.vector.add(update), adam: next };
    },
    { donate: 0 },
  );
  const vector = array(start);
  let state = { vector, adam: adam.init(vector) };
  for (let i = 0; i < steps; i++) {
    state = step(state);
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
  const compiled = jit(valueAndGrad((vector: NDArray) => trainingLoss(network, vector, cause, effect)));
  const evaluate = (point: Float64Array) => {
    const [value, gradient] = compiled(array(point));
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
