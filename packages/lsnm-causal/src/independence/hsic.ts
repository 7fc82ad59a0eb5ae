import { checkSamples } from '../check';
import { type KernelRows, kernelRows } from './kernel-rows';

/** HSIC of two samples, and what tests and error estimates need of it. */
export interface HsicStatistic {
  /** tr(KHLH)/n², biased and not negative. */
  readonly hsic: number;
  /** Mean of K and of L off their diagonals. */
  readonly kernelMeans: readonly [number, number];
  /** Mean over i ≠ j of (K_c ∘ L_c)²ᵢⱼ, with K_c and L_c centred. */
  readonly meanSquaredProduct: number;
  /** First-order influence of each row on HSIC: their variance over n is that of HSIC under dependence. */
  readonly influences: Float64Array;
}

/** Called after each block of rows with the share that is done; work goes on when it resolves. */
export type Pause = (done: number) => Promise<void> | void;

/** Pairs of rows between two pauses: some tens of milliseconds. */
const pairsPerBlock = 2_000_000;

/**
 * HSIC with the Gaussian kernel exp(−d²/m), m the median of the squared distances that are not zero, separately for both
 * samples (LOCI's choice). In O(n²) time, without centring a matrix: HSIC = ΣK∘L/n² + ΣK ΣL/n⁴ − 2 Σᵢ kᵢ lᵢ/n³ with row sums
 * k, l. The sums run over pairs i < j in a fixed order, and more than 2048 rows are streamed in O(n) memory.
 *
 * @param x values [n], n at least 2.
 * @param y values [n].
 * @throws DTypeError, ShapeError or ArgumentError for other than two samples of n finite numbers.
 */
export async function hsicStatistic(x: Float64Array, y: Float64Array, pause: Pause = () => {}): Promise<HsicStatistic> {
  checkSamples('hsicStatistic', { x, y }, 2);
  const n = x.length;
  const kernels = [kernelRows(x), kernelRows(y)] as const;
  const sums = await rowMeans(n, kernels, (done) => pause(done / 2));
  const products = await centredProducts(n, kernels, sums, (done) => pause(0.5 + done / 2));
  const { k, l, kl, meanK, meanL, meanKL, cross } = sums;
  const influences = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const ki = k[i] as number;
    const li = l[i] as number;
    const joint = 2 * ((kl[i] as number) - meanKL);
    const apart = 2 * (ki - meanK) * meanL + 2 * meanK * (li - meanL);
    influences[i] = joint + apart - 2 * (ki * li + (products.mixed[i] as number) / n - 3 * cross);
  }
  return {
    hsic: Math.max(meanKL + meanK * meanL - 2 * cross, 0),
    kernelMeans: [(meanK * n - 1) / (n - 1), (meanL * n - 1) / (n - 1)],
    meanSquaredProduct: (2 * products.squares) / (n * (n - 1)),
    influences,
  };
}

/** HSIC alone, as `hsicStatistic` has it, in half the time. @throws as `hsicStatistic`. */
export async function hsic(x: Float64Array, y: Float64Array): Promise<number> {
  checkSamples('hsic', { x, y }, 2);
  return hsicOfRows(x.length, kernelRows(x), kernelRows(y));
}

/** HSIC from kernels that are known. */
export async function hsicOfRows(n: number, rowsK: KernelRows, rowsL: KernelRows): Promise<number> {
  const { meanK, meanL, meanKL, cross } = await rowMeans(n, [rowsK, rowsL], () => {});
  return Math.max(meanKL + meanK * meanL - 2 * cross, 0);
}

interface RowMeans {
  /** Row means of K, L and K∘L, diagonals included. */
  readonly k: Float64Array;
  readonly l: Float64Array;
  readonly kl: Float64Array;
  readonly meanK: number;
  readonly meanL: number;
  readonly meanKL: number;
  /** Mean of kᵢ lᵢ. */
  readonly cross: number;
}

async function rowMeans(n: number, [rowsK, rowsL]: readonly [KernelRows, KernelRows], pause: Pause): Promise<RowMeans> {
  // The diagonals are 1.
  const k = new Float64Array(n).fill(1);
  const l = new Float64Array(n).fill(1);
  const kl = new Float64Array(n).fill(1);
  await eachBlock(n, pause, (i) => {
    const a = rowsK.row(i);
    const b = rowsL.row(i);
    let sumK = 0;
    let sumL = 0;
    let sumKL = 0;
    for (let j = i + 1, p = a.offset, q = b.offset; j < n; j++, p++, q++) {
      const valueK = a.values[p] as number;
      const valueL = b.values[q] as number;
      const product = valueK * valueL;
      sumK += valueK;
      sumL += valueL;
      sumKL += product;
      (k[j] as number) += valueK;
      (l[j] as number) += valueL;
      (kl[j] as number) += product;
    }
    (k[i] as number) += sumK;
    (l[i] as number) += sumL;
    (kl[i] as number) += sumKL;
  });
  let meanK = 0;
  let meanL = 0;
  let meanKL = 0;
  let cross = 0;
  for (let i = 0; i < n; i++) {
    const ki = (k[i] as number) / n;
    const li = (l[i] as number) / n;
    k[i] = ki;
    l[i] = li;
    (kl[i] as number) /= n;
    meanK += ki / n;
    meanL += li / n;
    meanKL += (kl[i] as number) / n;
    cross += (ki * li) / n;
  }
  return { k, l, kl, meanK, meanL, meanKL, cross };
}

/** Σ over i < j of (K_c ∘ L_c)²ᵢⱼ, and Σⱼ Kᵢⱼ lⱼ + Lᵢⱼ kⱼ for each row. */
async function centredProducts(
  n: number,
  [rowsK, rowsL]: readonly [KernelRows, KernelRows],
  { k, l, meanK, meanL }: RowMeans,
  pause: Pause,
): Promise<{ squares: number; mixed: Float64Array }> {
  const mixed = k.map((value, i) => value + (l[i] as number));
  let squares = 0;
  await eachBlock(n, pause, (i) => {
    const a = rowsK.row(i);
    const b = rowsL.row(i);
    const ki = k[i] as number;
    const li = l[i] as number;
    let rowSquares = 0;
    let rowMixed = 0;
    for (let j = i + 1, p = a.offset, q = b.offset; j < n; j++, p++, q++) {
      const valueK = a.values[p] as number;
      const valueL = b.values[q] as number;
      const kj = k[j] as number;
      const lj = l[j] as number;
      const product = (valueK - ki - kj + meanK) * (valueL - li - lj + meanL);
      rowSquares += product * product;
      rowMixed += valueK * lj + valueL * kj;
      (mixed[j] as number) += valueK * li + valueL * ki;
    }
    squares += rowSquares;
    (mixed[i] as number) += rowMixed;
  });
  return { squares, mixed };
}

async function eachBlock(n: number, pause: Pause, visit: (i: number) => void): Promise<void> {
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    visit(i);
    pairs += n - i;
    if (pairs < pairsPerBlock) continue;
    pairs = 0;
    await pause((i + 1) / n);
  }
}
