import { ArgumentError, array, jit, NDArray, random, ShapeError, vmap } from '@forback/core';
import { checkCount, checkFloat } from './checks';
import type { Estimator } from './draw';
import { type EstimateOptions, estimateGradient } from './exact-moments';
import { type ExpectationOptions, exactGradient, type SampleCost } from './expectation';

/** Sums over the samples so far: a tree of float64 arrays that `io.save` keeps. */
export interface DiagnosisState {
  /** Samples so far. */
  samples: NDArray;
  /** Σ (ĝ − g), flat. */
  error: NDArray;
  /** Σ |ĝ − g|². */
  squaredError: NDArray;
  /** Σ cos(ĝ, g) and Σ cos². */
  cosine: NDArray;
}

/** How an estimator does on one cost, relative to the exact gradient g of length |g|. */
export interface Diagnosis {
  samples: number;
  /** |mean ĝ − g| / |g|. Its own noise adds about `biasError`: a bias below that is not distinguishable from 0. */
  bias: number;
  /** √(variance / samples): the size that `bias` has for an unbiased estimator. */
  biasError: number;
  /** E|ĝ − E ĝ|² / |g|², summed over all elements. */
  variance: number;
  /** Mean of cos(ĝ, g) of single samples; a zero estimate counts 0. */
  cosine: number;
  /** Standard error of `cosine`. */
  cosineError: number;
  /** cos(mean ĝ, g): what is left with many samples. */
  cosineOfMean: number;
}

/** Options of `diagnose`. */
export interface DiagnoseOptions extends Omit<EstimateOptions, 'sample'>, Omit<ExpectationOptions, 'axis' | 'mask'> {
  /** Seeds the samples; sample i does not depend on how many there are, for a given `chunkSize`. */
  key: random.Key;
  /** Default: 1024 (the paper's bias study). */
  samples?: number;
  /** Samples at a time, run with `vmap`. Default: 256. */
  chunkSize?: number;
  /**
   * g, of the logits' shape. Default: `exactGradient` by enumeration, of E[f(D)] with D ~ softmax(logits): give another where
   * the estimator samples another distribution (`forwardTemperature`).
   */
  exact?: NDArray;
  /** Goes on from the state of an earlier, shorter run with the same other options, to the same bits. */
  state?: DiagnosisState;
  /** Called after each chunk. */
  onProgress?: (progress: { samples: number; of: number; state: DiagnosisState }) => void;
  /** An `AbortSignal`: stops after the current chunk; the diagnosis of no samples is NaN. */
  signal?: { readonly aborted: boolean };
}

/**
 * Bias, variance and cosine of an estimator on the user's own cost, from many samples against the exact gradient.
 *
 * Gives way to the event loop between chunks.
 *
 * @param f - a cost of one sample of the logits' shape: a scalar.
 * @param logits - [...latents, n] with the categories on `axis`.
 * @returns the diagnosis of the samples done, the state, and whether all were.
 * @throws ArgumentError for counts below 1, and where the exact gradient is 0: nothing is relative to that.
 */
export async function diagnose(
  estimator: Estimator,
  f: SampleCost,
  logits: NDArray,
  options: DiagnoseOptions,
): Promise<{ diagnosis: Diagnosis; state: DiagnosisState; finished: boolean }> {
  const where = 'diagnose';
  const { key, samples = 1024, chunkSize = 256, exact: given, state, onProgress, signal, limit, ...own } = options;
  checkFloat(where, 'logits', logits);
  checkCount(where, 'samples', samples);
  checkCount(where, 'chunkSize', chunkSize);
  const { axis = -1, mask } = own;
  const exact =
    given ?? exactGradient(f, logits, { axis, ...(mask ? { mask } : {}), ...(limit === undefined ? {} : { limit }) });
  const sums = new Sums(where, exact, logits, state);
  const gradients = jit((keys: NDArray) => vmap((k: NDArray) => estimateGradient(estimator, f, logits, k, own))(keys), {
    name: where,
  });
  while (sums.samples < samples && !signal?.aborted) {
    // Chunks are drawn whole, also where a part is wanted: sample i is the same however many there are.
    const from = sums.samples % chunkSize;
    const keys = random.splitMany(random.foldIn(key, (sums.samples - from) / chunkSize), chunkSize);
    sums.add(gradients(keys).dataSync(), from, Math.min(chunkSize, from + samples - sums.samples));
    onProgress?.({ samples: sums.samples, of: samples, state: sums.state() });
    await new Promise((resume) => setTimeout(resume));
  }
  return { diagnosis: sums.diagnosis(), state: sums.state(), finished: sums.samples >= samples };
}

/** Sums of errors, not of gradients: they are small where the estimator is good, so that nothing cancels. */
class Sums {
  samples = 0;
  private readonly exact: Float64Array;
  private readonly length: number;
  private readonly error: Float64Array;
  private squaredError = 0;
  private cosine = 0;
  private squaredCosine = 0;

  constructor(where: string, exact: NDArray, logits: NDArray, state: DiagnosisState | undefined) {
    if (!(exact instanceof NDArray) || String(exact.shape) !== String(logits.shape)) {
      throw new ShapeError(`${where}: expected exact to have the logits' shape [${logits.shape.join(', ')}]`);
    }
    this.exact = Float64Array.from(exact.dataSync());
    this.length = norm(this.exact);
    if (!(this.length > 0)) {
      throw new ArgumentError(
        `${where}: the exact gradient has length ${this.length}; bias and variance are relative to it, choose other logits`,
      );
    }
    this.error = new Float64Array(this.exact.length);
    if (state === undefined) return;
    if (state.error.size !== this.exact.length) {
      throw new ShapeError(
        `${where}: expected a state for ${this.exact.length} logits, got one for ${state.error.size}; start without a state`,
      );
    }
    this.samples = state.samples.item();
    this.error.set(state.error.dataSync());
    this.squaredError = state.squaredError.item();
    [this.cosine, this.squaredCosine] = state.cosine.dataSync() as unknown as [number, number];
  }

  /** Gradients number `from` to `to` − 1 of many that stand one after the other. */
  add(gradients: ArrayLike<number>, from: number, to: number): void {
    const size = this.exact.length;
    for (let i = from; i < to; i++) {
      let dot = 0;
      let square = 0;
      for (let j = 0; j < size; j++) {
        const g = gradients[i * size + j] as number;
        const exact = this.exact[j] as number;
        this.error[j] = (this.error[j] as number) + g - exact;
        this.squaredError += (g - exact) ** 2;
        dot += g * exact;
        square += g * g;
      }
      const cosine = square > 0 ? dot / Math.sqrt(square) / this.length : 0;
      this.cosine += cosine;
      this.squaredCosine += cosine * cosine;
    }
    this.samples += to - from;
  }

  diagnosis(): Diagnosis {
    const n = this.samples;
    const unit = this.length ** 2;
    const meanError = this.error.map((e) => e / n);
    const bias = norm(meanError);
    // Unbiased: divided by n − 1.
    const variance = n > 1 ? Math.max(0, (this.squaredError - n * bias ** 2) / (n - 1)) / unit : Number.NaN;
    const mean = meanError.map((e, j) => e + (this.exact[j] as number));
    const dot = mean.reduce((sum, m, j) => sum + m * (this.exact[j] as number), 0);
    const cosine = this.cosine / n;
    return {
      samples: n,
      bias: bias / this.length,
      biasError: Math.sqrt(variance / n),
      variance,
      cosine,
      cosineError: n > 1 ? Math.sqrt(Math.max(0, this.squaredCosine / n - cosine ** 2) / (n - 1)) : Number.NaN,
      cosineOfMean: dot / norm(mean) / this.length,
    };
  }

  state(): DiagnosisState {
    const float64 = { dtype: 'float64' } as const;
    return {
      samples: array(this.samples, float64),
      error: array(this.error, float64),
      squaredError: array(this.squaredError, float64),
      cosine: array([this.cosine, this.squaredCosine], float64),
    };
  }
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
}
