import { expect, test } from 'vitest';
import { discoverDirection } from '../src/index';
import { pairsFolder, readCauseFirst } from './cause-effect-pairs';

const folder = pairsFolder();

/** Column IGCI_G of the scores published with LOCI, in bits, cause first; it comes from the program of Tagasovska et al. */
const published = [
  ['AN', 1, 1.30608196700463],
  ['AN', 2, 1.93850442452171],
  ['LS-s', 3, 1.11957906104989],
  ['SIM', 1, -0.563842570973762],
  ['SIM', 3, -0.392950122746871],
] as const;

const cases = published.map(([suite, number, bits]) => ({
  name: `${suite} ${number}`,
  pair: () => readCauseFirst(folder as string, suite, number),
  bits,
}));
// Where the data folder is absent, these alone: spacings of 1 and of 4, hence 0 and 2 bits.
const grid = Array.from({ length: 30 }, (_, i) => (7 * i) % 30);
const byHand = { name: 'a grid', pair: () => ({ x: grid, y: grid.map((v) => 4 * v) }), bits: -2 };

test.each([byHand, ...(folder === undefined ? [] : cases)])(
  'the score published as IGCI with a Gaussian reference is that of variables that were never scaled: $name',
  async ({ pair, bits }) => {
    const { x, y } = pair();
    const { score } = await discoverDirection(x, y, { method: 'igci', standardise: false });
    expect(score / Math.LN2).toBeCloseTo(bits, 10);
  },
);
