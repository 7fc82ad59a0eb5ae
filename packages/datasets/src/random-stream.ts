/** Draws 32 random bits, as an unsigned integer. */
export type RandomStream = () => number;

/**
 * A stream of random bits that depends on nothing but the words. Drawing the thousands of numbers of one image through
 * arrays would take longer than to render it.
 */
export function randomStream(words: readonly number[]): RandomStream {
  return xoshiro128(Int32Array.of(1, 2, 3, 4).map((salt) => words.reduce(hash, salt)));
}

/** The generator xoshiro128** (Blackman and Vigna, arXiv 1805.01407), which advances the four words of `state`. */
export function xoshiro128(state: Int32Array): RandomStream {
  return () => {
    const [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number];
    state[0] = a ^ d ^ b;
    state[1] = a ^ b ^ c;
    state[2] = a ^ c ^ (b << 9);
    state[3] = rotateLeft(b ^ d, 11);
    return Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  };
}

/** The next number in [low, high). */
export function uniform(stream: RandomStream, low: number, high: number): number {
  return low + (stream() / 2 ** 32) * (high - low);
}

/** The next whole number in [0, n), for n so small that the bias of less than n / 2^32 does not matter. */
export function uniformInteger(stream: RandomStream, n: number): number {
  return Math.floor((stream() / 2 ** 32) * n);
}

/** The next number in [0, 1) with 53 random bits. */
export function unitNumber(stream: RandomStream): number {
  const high = stream() >>> 5;
  return (high * 2 ** 26 + (stream() >>> 6)) / 2 ** 53;
}

/** The next standard normal number, by the polar method of Marsaglia. */
export function normalNumber(stream: RandomStream): number {
  for (;;) {
    const u = 2 * unitNumber(stream) - 1;
    const v = 2 * unitNumber(stream) - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Mixes a word into a hash with the finaliser of MurmurHash3, in which every bit of the input moves every bit of the output. */
function hash(seed: number, word: number): number {
  let h = (Math.imul(seed, 0x9e3779b9) + word) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
