import { medianSquaredDistance } from './median-distance';

/** HSIC of two samples, and what tests and error estimates need of it. */
export interface HsicStatistic {
  /** tr(KHLH)/n², biased and not negative. */
  readonly hsic: number;
  /** Mean of K and of L off their diagonals. */
  readonly kernelMeans: readonly [number, number];
  /** Mean over i ≠ j of (K_c ∘ L_c)²ᵢⱼ, with K_c and L_c centred. */
  readonly meanSquaredProduct: number;
  /** First-order influence of each row on HSIC: its variance over n is that of HSIC under dependence. */
  readonly influences: Float64Array;
}

/** Called after each block of rows with the share that is done; work goes on when it resolves. */
export type Pause = (done: number) => Promise<void> | void;

/** Pairs of rows between two pauses: some tens of milliseconds. */
const pairsPerBlock = 2_000_000;

/**
 * HSIC with the Gaussian kernel exp(−d²/m), m the median of the squared distances that are not zero, separately for both
 * samples (LOCI's choice). In O(n²) time and O(n) memory: no kernel matrix is stored, HSIC = ΣK∘L/n² + ΣK ΣL/n⁴ −
 * 2 Σᵢ kᵢ lᵢ/n³ with row sums k, l. The sums run over pairs i < j in a fixed order.
 *
 * @param x values [n].
 * @param y values [n].
 */
export async function hsicStatistic(x: Float64Array, y: Float64Array, pause: Pause = () => {}): Promise<HsicStatistic> {
  const n = x.length;
  const kernels = kernelPair(x, y);
  const rowK = new Float64Array(n).fill(1);
  const rowL = new Float64Array(n).fill(1);
  const rowKL = new Float64Array(n).fill(1);
  await eachPair(
    n,
    kernels,
    (done) => pause(done / 2),
    (i, j, k, l) => {
      (rowK[i] as number) += k;
      (rowK[j] as number) += k;
      (rowL[i] as number) += l;
      (rowL[j] as number) += l;
      (rowKL[i] as number) += k * l;
      (rowKL[j] as number) += k * l;
    },
  );
  for (let i = 0; i < n; i++) {
    (rowK[i] as number) /= n;
    (rowL[i] as number) /= n;
    (rowKL[i] as number) /= n;
  }
  let meanK = 0;
  let meanL = 0;
  let meanKL = 0;
  let cross = 0;
  for (let i = 0; i < n; i++) {
    meanK += (rowK[i] as number) / n;
    meanL += (rowL[i] as number) / n;
    meanKL += (rowKL[i] as number) / n;
    cross += ((rowK[i] as number) * (rowL[i] as number)) / n;
  }

  // Diagonal terms first.
  const mixed = new Float64Array(n);
  for (let i = 0; i < n; i++) mixed[i] = (rowK[i] as number) + (rowL[i] as number);
  let squares = 0;
  await eachPair(
    n,
    kernels,
    (done) => pause(0.5 + done / 2),
    (i, j, k, l) => {
      const centredK = k - (rowK[i] as number) - (rowK[j] as number) + meanK;
      const centredL = l - (rowL[i] as number) - (rowL[j] as number) + meanL;
      const product = centredK * centredL;
      squares += product * product;
      (mixed[i] as number) += k * (rowL[j] as number) + l * (rowK[j] as number);
      (mixed[j] as number) += k * (rowL[i] as number) + l * (rowK[i] as number);
    },
  );
  const influences = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const k = rowK[i] as number;
    const l = rowL[i] as number;
    const joint = 2 * ((rowKL[i] as number) - meanKL);
    const apart = 2 * (k - meanK) * meanL + 2 * meanK * (l - meanL);
    influences[i] = joint + apart - 2 * (k * l + (mixed[i] as number) / n - 3 * cross);
  }
  return {
    hsic: Math.max(meanKL + meanK * meanL - 2 * cross, 0),
    kernelMeans: [(meanK * n - 1) / (n - 1), (meanL * n - 1) / (n - 1)],
    meanSquaredProduct: (2 * squares) / (n * (n - 1)),
    influences,
  };
}

interface KernelPair {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** −1/m of each; 0 for a constant sample, whose kernel is 1 everywhere. */
  readonly rateX: number;
  readonly rateY: number;
}

function kernelPair(x: Float64Array, y: Float64Array): KernelPair {
  return { x, y, rateX: kernelRate(x), rateY: kernelRate(y) };
}

/** −1/m with the median heuristic; 0 for a constant sample. */
export function kernelRate(points: Float64Array): number {
  const median = medianSquaredDistance(points);
  return Number.isNaN(median) ? 0 : -1 / median;
}

/** Calls `visit` with both kernel values of every pair i < j, in order, and pauses between blocks of rows. */
async function eachPair(
  n: number,
  { x, y, rateX, rateY }: KernelPair,
  pause: Pause,
  visit: (i: number, j: number, k: number, l: number) => void,
): Promise<void> {
  let sincePause = 0;
  for (let i = 0; i < n; i++) {
    const xi = x[i] as number;
    const yi = y[i] as number;
    for (let j = i + 1; j < n; j++) {
      const dx = (x[j] as number) - xi;
      const dy = (y[j] as number) - yi;
      visit(i, j, Math.exp(rateX * dx * dx), Math.exp(rateY * dy * dy));
    }
    sincePause += n - i;
    if (sincePause < pairsPerBlock) continue;
    sincePause = 0;
    await pause((i + 1) / n);
  }
}
