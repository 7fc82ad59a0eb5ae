import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digitStrokes } from './digit-strokes';
import { randomStream } from './random-stream';
import { renderDigit, side } from './render-digit';

const render = (digit: number, seed: number, jitter: number, noise: number) =>
  renderDigit(digit, randomStream([seed]), { jitter, noise });

describe('digitStrokes', () => {
  it('has ways to write each of the ten digits inside the unit square', () => {
    expect(digitStrokes).toHaveLength(10);
    for (const stroke of digitStrokes.flat(2)) {
      expect(stroke.length % 2).toBe(0);
      expect(stroke.length).toBeGreaterThanOrEqual(4);
      expect(stroke.every((coordinate) => coordinate >= 0 && coordinate <= 1)).toBe(true);
    }
  });
});

describe('renderDigit', () => {
  it('gives these bytes on every machine', () => {
    const hash = createHash('sha256');
    for (let i = 0; i < 100; i++) hash.update(render(i % 10, i, 1, 0.08));
    expect(hash.digest('hex')).toBe('54156eb038ddb8799cdc6eb82e552dbd594ecaacf4f799d44f5bf1e1a2838027');
  });

  it('draws without jitter and noise as many pictures of a digit as there are ways to write it', () => {
    for (let digit = 0; digit < 10; digit++) {
      const pictures = new Set(Array.from({ length: 60 }, (_, seed) => render(digit, seed, 0, 0).join()));
      expect(pictures.size).toBe(digitStrokes[digit]?.length);
    }
  });

  it('keeps nearly all ink on the canvas, and blurs its edges', () => {
    let [border, ink] = [0, 0];
    for (let seed = 0; seed < 300; seed++) {
      const picture = render(seed % 10, seed, 1, 0);
      const fullInk = Math.max(...picture);
      let [inked, partial] = [0, 0];
      picture.forEach((byte, i) => {
        const [row, column] = [Math.floor(i / side), i % side];
        if (row % (side - 1) === 0 || column % (side - 1) === 0) border += byte;
        ink += byte;
        if (byte > 0) inked++;
        if (byte > 0 && byte < fullInk) partial++;
      });
      expect(inked).toBeGreaterThan(20);
      expect(partial).toBeGreaterThan(10);
    }
    expect(border / ink).toBeLessThan(0.01);
  });

  it('adds noise of the given deviation', () => {
    // Away from the ink only the positive half of the noise shows: its mean square is half the variance.
    let [count, sum] = [0, 0];
    for (let seed = 0; seed < 200; seed++) {
      for (const byte of render(1, seed, 0, 0.1).subarray(0, 2 * side)) {
        count++;
        sum += (byte / 255) ** 2;
      }
    }
    // The standard error of the mean of 11,200 pixels is 2 percent: seven of them.
    expect(Math.sqrt((2 * sum) / count)).toBeGreaterThan(0.1 * 0.93);
    expect(Math.sqrt((2 * sum) / count)).toBeLessThan(0.1 * 1.07);
  });
});
