import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normals, uniforms } from '../test-support';
import { expOfNegative } from './exponential';
import { hsic, hsicStatistic } from './hsic';
import { medianSquaredDistance } from './median-distance';

function medianByHand(points: Float64Array): number {
  const squares: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = 0; j < i; j++) {
      const d = (points[i] as number) - (points[j] as number);
      if (d !== 0) squares.push(d * d);
    }
  }
  squares.sort((a, b) => a - b);
  const half = squares.length / 2;
  return ((squares[Math.ceil(half) - 1] as number) + (squares[Math.floor(half)] as number)) / 2;
}

function gram(points: Float64Array): number[][] {
  const m = medianByHand(points);
  return [...points].map((a) => [...points].map((b) => (Number.isNaN(m) ? 1 : Math.exp(-((a - b) ** 2) / m))));
}

/** H K H. */
function centred(k: number[][]): number[][] {
  const n = k.length;
  const rows = k.map((row) => row.reduce((a, b) => a + b) / n);
  const all = rows.reduce((a, b) => a + b) / n;
  return k.map((row, i) => row.map((v, j) => v - (rows[i] as number) - (rows[j] as number) + all));
}

/** tr(K H L H)/n², as it is written. */
function dense(x: Float64Array, y: Float64Array): number {
  const k = centred(gram(x));
  const l = centred(gram(y));
  return k.reduce((sum, row, i) => sum + row.reduce((s, v, j) => s + v * (l[j]?.[i] as number), 0), 0) / x.length ** 2;
}

/** HSIC of a weighted sample. */
function weighted(k: number[][], l: number[][], w: readonly number[]): number {
  const mean = (m: number[][], i: number) => (m[i] as number[]).reduce((s, v, j) => s + v * (w[j] as number), 0);
  let joint = 0;
  let meanK = 0;
  let meanL = 0;
  let cross = 0;
  w.forEach((wi, i) => {
    joint += wi * w.reduce((s, wj, j) => s + wj * (k[i]?.[j] as number) * (l[i]?.[j] as number), 0);
    meanK += wi * mean(k, i);
    meanL += wi * mean(l, i);
    cross += wi * mean(k, i) * mean(l, i);
  });
  return joint + meanK * meanL - 2 * cross;
}

const column = (n: number) =>
  fc.array(
    fc.oneof(
      fc.integer({ min: -1e7, max: 1e7 }).map((v) => v / 1e6),
      fc.integer({ min: -3, max: 3 }),
    ),
    {
      minLength: n,
      maxLength: n,
    },
  );
const twoColumns = fc.integer({ min: 2, max: 25 }).chain((n) => fc.tuple(column(n), column(n)));

describe('HSIC', () => {
  test('is tr(KHLH)/n² and not negative', async () => {
    await fc.assert(
      fc.asyncProperty(twoColumns, async ([a, b]) => {
        const x = Float64Array.from(a);
        const y = Float64Array.from(b);
        const value = await hsic(x, y);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Math.abs(value - Math.max(dense(x, y), 0))).toBeLessThanOrEqual(1e-12);
        expect((await hsicStatistic(x, y)).hsic).toBe(value);
        expect(Math.abs((await hsic(y, x)) - value)).toBeLessThanOrEqual(1e-15);
      }),
    );
  });

  test('is 0 against a constant', async () => {
    expect(await hsic(normals(1, 40), new Float64Array(40).fill(3))).toBeLessThanOrEqual(1e-15);
  });

  test('streams what is too large to keep, to the same value', { timeout: 60_000 }, async () => {
    const x = normals(2, 2100);
    const y = x.map((v) => v * v);
    let pauses = 0;
    const { hsic: streamed } = await hsicStatistic(x, y, () => {
      pauses++;
    });
    expect(pauses).toBeGreaterThan(0);
    // The same sums with both matrices at hand.
    const rate = (p: Float64Array) => -1 / medianSquaredDistance(p);
    const [rx, ry] = [rate(x), rate(y)];
    const k = new Float64Array(2100);
    const l = new Float64Array(2100);
    let joint = 0;
    for (let i = 0; i < 2100; i++) {
      for (let j = 0; j < 2100; j++) {
        const a = Math.exp(rx * ((x[i] as number) - (x[j] as number)) ** 2);
        const b = Math.exp(ry * ((y[i] as number) - (y[j] as number)) ** 2);
        (k[i] as number) += a / 2100;
        (l[i] as number) += b / 2100;
        joint += (a * b) / 2100 ** 2;
      }
    }
    const mean = (v: Float64Array) => v.reduce((a, b) => a + b) / 2100;
    expect(
      Math.abs(streamed - (joint + mean(k) * mean(l) - 2 * mean(k.map((v, i) => v * (l[i] as number))))),
    ).toBeLessThan(1e-12);
  });

  test('its influences are the derivatives by the weights of the rows', async () => {
    const x = normals(3, 30);
    const y = x.map((v, i) => Math.sin(v) + 0.1 * i);
    const { influences } = await hsicStatistic(x, y);
    const k = gram(x);
    const l = gram(y);
    expect(influences.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
    for (let i = 0; i < 30; i++) {
      const at = (e: number) =>
        weighted(
          k,
          l,
          Array.from({ length: 30 }, (_, j) => (1 - e) / 30 + (i === j ? e : 0)),
        );
      expect(influences[i]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 8);
    }
  });

  test('its moments for the gamma approximation are those of the centred matrices', async () => {
    const x = normals(4, 25);
    const y = uniforms(5, 25);
    const { kernelMeans, meanSquaredProduct } = await hsicStatistic(x, y);
    const [k, l] = [gram(x), gram(y)];
    const [kc, lc] = [centred(k), centred(l)];
    let offK = 0;
    let squares = 0;
    for (let i = 0; i < 25; i++) {
      for (let j = 0; j < 25; j++) {
        if (i === j) continue;
        offK += (k[i]?.[j] as number) / (25 * 24);
        squares += ((kc[i]?.[j] as number) * (lc[i]?.[j] as number)) ** 2 / (25 * 24);
      }
    }
    expect(kernelMeans[0]).toBeCloseTo(offK, 13);
    expect(meanSquaredProduct).toBeCloseTo(squares, 13);
  });
});

test('the median of the squared distances is exact, and leaves out zeros', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }).chain(column), (values) => {
      const points = Float64Array.from(values);
      expect(medianSquaredDistance(points)).toBe(medianByHand(points));
    }),
  );
  expect(medianSquaredDistance(new Float64Array(5).fill(2))).toBeNaN();
  expect(medianSquaredDistance(Float64Array.of(0, 0, 0, 3))).toBe(9);
});

test('the exponential is right to 1e-15', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (v) => {
      expect(Math.abs(expOfNegative(v) / Math.exp(v) - 1)).toBeLessThanOrEqual(1e-15);
    }),
  );
  expect([0, -0, -1e9, -Infinity].map(expOfNegative)).toEqual([1, 1, 0, 0]);
});
