import { digitStrokes, type Stroke } from './digit-strokes';
import { type RandomStream, uniform, uniformInteger } from './random-stream';

/** Pixels along each side of a rendered digit. */
export const side = 28;

export interface DigitStyle {
  /** Scales every deformation: bending, slant, turn, shift, size and width of the pen. */
  readonly jitter: number;
  /** Standard deviation of the noise on each pixel, as a part of full ink. */
  readonly noise: number;
}

type Point = readonly [x: number, y: number];
type PointMap = (x: number, y: number) => Point;

const middle = side / 2;
const stepsPerPoint = 5;
/** Standard deviation of the sum of the four bytes of a random word. */
const byteSumDeviation = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

/**
 * A digit as 28×28 bytes. Only operations that IEEE 754 defines exactly are used (no sine, no exponential), so the bytes
 * are the same on every machine.
 */
export function renderDigit(digit: number, stream: RandomStream, style: DigitStyle): Uint8Array {
  const ways = digitStrokes[digit] as readonly (readonly Stroke[])[];
  const strokes = ways[uniformInteger(stream, ways.length)] as readonly Stroke[];
  const bend = randomBend(stream, style.jitter);
  const place = randomPlacement(stream, style.jitter);
  const pen = 1.35 + style.jitter * uniform(stream, -0.6, 0.6);
  const ink = 1 - style.jitter * uniform(stream, 0, 0.3);

  const canvas = new Float64Array(side * side);
  for (const stroke of strokes) {
    const points = sampleCurve(stroke).map(([x, y]) => place(...bend(x, y)));
    for (let i = 1; i < points.length; i++) drawLine(canvas, points[i - 1] as Point, points[i] as Point, pen);
  }
  const bytes = new Uint8Array(side * side);
  for (let i = 0; i < bytes.length; i++) {
    const word = stream();
    const byteSum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
    const noise = (style.noise * (byteSum - 510)) / byteSumDeviation;
    bytes[i] = Math.round(255 * Math.min(1, Math.max(0, ink * (canvas[i] as number) + noise)));
  }
  return bytes;
}

/** Points along the Catmull-Rom curve through the points of a stroke. */
function sampleCurve(stroke: Stroke): Point[] {
  const last = stroke.length / 2 - 1;
  const at = (i: number, axis: 0 | 1) => stroke[2 * Math.min(last, Math.max(0, i)) + axis] as number;
  const points: Point[] = [[at(0, 0), at(0, 1)]];
  for (let i = 0; i < last; i++) {
    for (let step = 1; step <= stepsPerPoint; step++) {
      const t = step / stepsPerPoint;
      const along = (axis: 0 | 1) => {
        const [p, q, r, s] = [at(i - 1, axis), at(i, axis), at(i + 1, axis), at(i + 2, axis)];
        return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
      };
      points.push([along(0), along(1)]);
    }
  }
  return points;
}

/** Moves the plane by a smooth random field: nine displacements on a grid, blended with quadratic Bernstein weights. */
function randomBend(stream: RandomStream, jitter: number): PointMap {
  const reach = 0.22 * jitter;
  const displacements = Array.from(
    { length: 9 },
    () => [uniform(stream, -reach, reach), uniform(stream, -reach, reach)] as const,
  );
  return (x, y) => {
    const horizontal = bernstein(x);
    const vertical = bernstein(y);
    let [u, v] = [x, y];
    for (let i = 0; i < 9; i++) {
      const weight = (horizontal[i % 3] as number) * (vertical[Math.floor(i / 3)] as number);
      const [dx, dy] = displacements[i] as readonly [number, number];
      u += weight * dx;
      v += weight * dy;
    }
    return [u, v];
  };
}

function bernstein(t: number): readonly number[] {
  return [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
}

/** Scales, slants, turns and shifts the unit square onto the canvas. */
function randomPlacement(stream: RandomStream, jitter: number): PointMap {
  const height = 18.5 + jitter * uniform(stream, -3, 3);
  const width = height * (0.68 + jitter * uniform(stream, -0.18, 0.18));
  const slant = 0.1 + jitter * uniform(stream, -0.3, 0.3);
  // t is the tangent of half the angle.
  const t = jitter * uniform(stream, -0.12, 0.12);
  const cosine = (1 - t * t) / (1 + t * t);
  const sine = (2 * t) / (1 + t * t);
  const right = middle + jitter * uniform(stream, -1.4, 1.4);
  const down = middle + jitter * uniform(stream, -1.4, 1.4);
  return (x, y) => {
    const v = (y - 0.5) * height;
    const u = (x - 0.5) * width - slant * v;
    return [right + cosine * u - sine * v, down + sine * u + cosine * v];
  };
}

/** Draws a line with a round pen of radius `pen`, its edge blurred over one pixel; overlapping lines do not add up. */
function drawLine(canvas: Float64Array, [x0, y0]: Point, [x1, y1]: Point, pen: number): void {
  const reach = pen + 0.5;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squaredLength = dx * dx + dy * dy;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(side - 1, Math.ceil(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(side - 1, Math.ceil(Math.max(y0, y1) + reach));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      // From the centre of the pixel to the nearest point of the line.
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const along = squaredLength === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squaredLength));
      const ex = px - along * dx;
      const ey = py - along * dy;
      const cover = Math.min(1, reach - Math.sqrt(ex * ex + ey * ey));
      const index = row * side + column;
      if (cover > (canvas[index] as number)) canvas[index] = cover;
    }
  }
}
