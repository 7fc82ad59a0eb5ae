import fc from 'fast-check';

// The same examples on every run; another seed and more of them look further.
const { FORBACK_TEST_SEED: seed = '1', FORBACK_TEST_RUNS: factor = '1' } = globalThis.process?.env ?? {};
fc.configureGlobal({ seed: Number(seed), includeErrorInReport: true });

/** Checks a property of what a sampler builds, on `runs` examples. */
export function forAll(runs: number, property: (s: Sampler) => void, decisions = 48): void {
  const tapes = fc.array(fc.nat(0x7fffffff), { minLength: decisions, maxLength: decisions });
  fc.assert(
    fc.property(tapes, (tape) => property(new Sampler(tape))),
    { numRuns: Math.ceil(runs * Number(factor)) },
  );
}

/** Draws small decisions from a list of numbers, so that fast-check can shrink what a test builds from them. */
export class Sampler {
  private at = 0;
  /** Shapes of hundreds of elements instead of a few. */
  large = false;

  constructor(private readonly tape: readonly number[]) {}

  /** A whole number from min to max, both included; min where the tape has been shrunk away. */
  int(min: number, max: number): number {
    return min + ((this.tape[this.at++] ?? 0) % (max - min + 1));
  }

  bool(): boolean {
    return this.int(0, 1) === 1;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Sizes of axes, mostly 2 and 3, sometimes 1 or 0. */
  shape(options: { minRank?: number; maxRank?: number; sizes?: readonly number[] } = {}): number[] {
    if (this.large) return this.pick([[257], [300], [16, 31], [31, 16], [513, 2], [8, 8, 9]]);
    const { minRank = 0, maxRank = 3, sizes = [2, 3, 1, 4, 2, 3, 0] } = options;
    return Array.from({ length: this.int(minRank, maxRank) }, () => this.pick(sizes));
  }

  /** Some of the numbers below n, ascending. */
  subset(n: number, atLeast = 0): number[] {
    const chosen = Array.from({ length: n }, (_, i) => i).filter(() => this.bool());
    return chosen.length >= atLeast ? chosen : Array.from({ length: Math.min(n, atLeast) }, (_, i) => i);
  }

  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = i - this.int(0, i);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return order;
  }

  seed(): number {
    return this.int(0, 0x7ffffffe);
  }
}
