import { type NDArray, np, random } from '@forback/core';
import type { NoiseName } from '../../options';

/**
 * One hidden layer of tanh units behind one cause, with one output for each parameter of the noise. Its parameters are one
 * vector [3H + …]: first weights [H], first biases [H], then for each output its weights [H], its bias and the scalar that
 * multiplies it.
 */
export interface Network {
  readonly hidden: number;
  /** 1 for homoscedastic noise (the mean), 2 for location-scale, 3 for Student-t. */
  readonly outputs: number;
}

/** Location, scale and degrees of freedom of each row [1, n]; infinite freedom is null. */
export interface NoiseParameters {
  readonly location: NDArray;
  /** Variance of normal noise; square of the scale of Student-t noise. */
  readonly squaredScale: NDArray;
  readonly freedom: NDArray | null;
}

/** The network for a kind of noise. */
export function networkFor(noise: NoiseName, hidden: number): Network {
  return { hidden, outputs: { homoscedastic: 1, 'location-scale': 2, 'student-t': 3 }[noise] };
}

/**
 * Starting values of LOCI's released code: uniform on ±1 for the first layer, ±1/√H for the second, ±1 for the scalar of the
 * first output and 0 for those of the others, so that the variance is 1 everywhere at the start.
 */
export function startVector({ hidden, outputs }: Network, key: random.Key): Float64Array {
  const draws = random
    .uniform(key, { shape: [2 * hidden + outputs * (hidden + 1) + 1], minval: -1, maxval: 1, dtype: 'float64' })
    .dataSync();
  const bound = 1 / Math.sqrt(hidden);
  const start: number[] = [];
  for (let i = 0; i < 2 * hidden; i++) start.push(draws[i] as number);
  for (let k = 0; k < outputs; k++) {
    const from = 2 * hidden + k * (hidden + 1);
    for (let i = 0; i <= hidden; i++) start.push(bound * (draws[from + i] as number));
    start.push(k === 0 ? (draws.at(-1) as number) : 0);
  }
  return Float64Array.from(start);
}

/** The scaled outputs [1, n] at causes [1, n]. */
function outputsAt({ hidden, outputs }: Network, vector: NDArray, cause: NDArray): NDArray[] {
  const column = (from: number) => vector.slice([from, from + hidden]).reshape([hidden, 1]);
  const activity = np.tanh(column(0).mul(cause).add(column(hidden)));
  return Array.from({ length: outputs }, (_, k) => {
    const from = 2 * hidden + k * (hidden + 2);
    const weights = vector.slice([from, from + hidden]).reshape([1, hidden]);
    const bias = vector.slice([from + hidden, from + hidden + 1]);
    const scalar = vector.slice([from + hidden + 1, from + hidden + 2]);
    return weights.matmul(activity).add(bias).mul(scalar);
  });
}

/**
 * The noise at causes [1, n]. Location-scale: η₁ and p = exp(·), with σ² = 1/p and μ = η₁/p (LOCI's released code).
 * Student-t: the location, the variance of ROCHE's parametrisation (scale² = exp(·)/(ν/2)) and ν = 2(exp(·) + 1).
 */
export function noiseAt(network: Network, vector: NDArray, cause: NDArray): NoiseParameters {
  const [first, second, third] = outputsAt(network, vector, cause);
  const location = first as NDArray;
  if (second === undefined) return { location, squaredScale: np.onesLike(location), freedom: null };
  const exponential = np.exp(second);
  if (third === undefined) {
    const squaredScale = np.divide(1, exponential);
    return { location: location.mul(squaredScale), squaredScale, freedom: null };
  }
  const freedom = np.exp(third).add(1).mul(2);
  return { location, squaredScale: exponential.div(freedom.mul(0.5)), freedom };
}

/** Log-likelihood of each row [1, n]. */
export function logLikelihoodAt({ location, squaredScale, freedom }: NoiseParameters, effect: NDArray): NDArray {
  const squares = np.square(effect.sub(location)).div(squaredScale);
  if (freedom === null)
    return squares
      .add(np.log(squaredScale))
      .add(Math.log(2 * Math.PI))
      .mul(-0.5);
  const half = freedom.add(1).mul(0.5);
  const normaliser = np.lgamma(half).sub(np.lgamma(freedom.mul(0.5)));
  return normaliser
    .sub(np.log(freedom.mul(Math.PI)).add(np.log(squaredScale)).mul(0.5))
    .sub(half.mul(np.log1p(squares.div(freedom))));
}

/** What training minimises: the mean negative log-likelihood, and ROCHE's penalty mean((ν/(ν − 2))²)/n. */
export function trainingLoss(network: Network, vector: NDArray, cause: NDArray, effect: NDArray): NDArray {
  const noise = noiseAt(network, vector, cause);
  const loss = logLikelihoodAt(noise, effect).mean().neg();
  if (noise.freedom === null) return loss;
  const penalty = np.square(noise.freedom.div(noise.freedom.sub(2))).mean();
  return loss.add(penalty.div(effect.size));
}
