import { describe, expect, it } from 'vitest';
import { randomStream, uniform, uniformInteger, xoshiro128 } from './random-stream';

describe('xoshiro128', () => {
  it("agrees with the authors' implementation", () => {
    const stream = xoshiro128(Int32Array.of(1, 2, 3, 4));
    expect(Array.from({ length: 10 }, stream)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe('randomStream', () => {
  it('depends on every word and on their order', () => {
    const first = (...words: number[]) => randomStream(words)();
    const firsts = [first(1, 2), first(2, 1), first(1), first(1, 2, 0), first(0, 1, 2), first(1, 3), first()];
    expect(new Set(firsts).size).toBe(firsts.length);
    expect(first(1, 2)).toBe(first(1, 2));
  });

  it('begins neighbouring streams with uniform, unrelated numbers', () => {
    // The first byte of 25,600 streams in 256 bins of mean 100: chi square with 255 degrees of freedom lies in this
    // interval with probability 1 - 1e-6.
    const bins = new Array<number>(256).fill(0);
    let lagged = 0;
    const n = 25_600;
    for (let i = 0; i < n; i++) {
      const value = randomStream([0, 7, 0, i])();
      bins[value >>> 24] = (bins[value >>> 24] as number) + 1;
      lagged += (value / 2 ** 32 - 0.5) * (randomStream([0, 7, 0, i + 1])() / 2 ** 32 - 0.5);
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(chiSquare).toBeGreaterThan(155);
    expect(chiSquare).toBeLessThan(380);
    // A correlation of independent numbers is normal with deviation 1 / sqrt(n); 5 deviations: error rate 6e-7.
    expect(Math.abs((12 * lagged) / n)).toBeLessThan(5 / Math.sqrt(n));
  });
});

describe('uniform and uniformInteger', () => {
  it('stay in range and reach all of it', () => {
    const stream = randomStream([1]);
    const numbers = Array.from({ length: 2000 }, () => uniform(stream, -2, 3));
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-2);
    expect(Math.min(...numbers)).toBeLessThan(-1.95);
    expect(Math.max(...numbers)).toBeLessThan(3);
    expect(Math.max(...numbers)).toBeGreaterThan(2.95);
    expect(new Set(Array.from({ length: 200 }, () => uniformInteger(stream, 4)))).toEqual(new Set([0, 1, 2, 3]));
  });
});
