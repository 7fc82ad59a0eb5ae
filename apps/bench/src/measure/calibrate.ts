/** Nanoseconds that so many iterations take. */
export type Runner = (iterations: number) => Promise<number>;

export interface CalibrateOptions {
  /** How long a sample should last. */
  readonly sampleNanoseconds: number;
  /** How long to run before the count is believed: compilers warm up. */
  readonly warmNanoseconds: number;
}

export interface Calibration {
  /** Of a sample: a fixed count from now on. */
  readonly iterations: number;
  /** Of one iteration, roughly. */
  readonly nanoseconds: number;
}

/** An iteration that takes longer has warmed up by itself. */
const longIteration = 1e9;

/** Runs until it is warm, and says how many iterations make a sample. */
export async function calibrate(
  run: Runner,
  { sampleNanoseconds, warmNanoseconds }: CalibrateOptions,
): Promise<Calibration> {
  let iterations = 1;
  let spent = 0;
  for (let runs = 1; ; runs++) {
    const took = Math.max(1, await run(iterations));
    spent += took;
    const nanoseconds = took / iterations;
    const wanted = sampleNanoseconds / nanoseconds;
    if (spent >= warmNanoseconds && (runs > 1 || nanoseconds > longIteration)) {
      return { iterations: Math.max(1, Math.round(wanted)), nanoseconds };
    }
    // A first call that compiles says little: grow in steps.
    iterations = Math.max(1, Math.round(Math.min(wanted, iterations * 10)));
  }
}
