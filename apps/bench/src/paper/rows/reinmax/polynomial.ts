import { random } from '@forback/core';
import { type PolynomialProgram, polynomialProgram } from '@forback/reinmax/examples';
import { experiment, type RunContext, row } from '../../row';
import { above, below, type Rule, reportOnly } from '../../rule';
import { estimatorOf, type Method } from './methods';

interface Polynomial extends Method {
  readonly exponents: readonly number[];
  /** The bits do not influence each other: a shorter program is the same problem with more noise. */
  readonly length: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly leaveOneOut: boolean;
}

const stepsPerEpoch = 200;

/** For each exponent the mean loss of each epoch, as `p2.epoch1` and so on, and that of the last as `p2.loss`. */
async function optimise(
  seed: number,
  { exponents, epochs, length, learningRate, leaveOneOut, ...method }: Polynomial,
  { signal, onProgress }: RunContext,
): Promise<Record<string, number>> {
  const estimator = estimatorOf(method);
  const values: Record<string, number> = {};
  for (const [i, exponent] of exponents.entries()) {
    const program = polynomialProgram({ estimator, exponent, length, learningRate, leaveOneOut });
    const [initKey, sampleKey] = random.split(random.key(seed));
    let state = program.init(initKey);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const keys = random.splitMany(random.foldIn(sampleKey, epoch), stepsPerEpoch);
      let sum = 0;
      for (let step = 0; step < stepsPerEpoch; step++) {
        const [next, loss] = program.step(state, keys.at(step));
        state = next;
        sum += loss.item();
      }
      values[`p${exponent}.epoch${epoch + 1}`] = sum / stepsPerEpoch;
      values[`p${exponent}.loss`] = sum / stepsPerEpoch;
      onProgress((i + (epoch + 1) / epochs) / exponents.length);
      // Lets messages through, of which one may say stop.
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
  }
  return values;
}

interface Contestant extends Method {
  readonly name: string;
  readonly title: string;
  readonly leaveOneOut?: boolean;
  readonly length?: number;
  /** Of a full run. */
  readonly seconds: number;
  readonly note?: string;
}

const contestants: readonly Contestant[] = [
  { name: 'reinmax', title: 'ReinMax', estimator: 'reinmax', temperature: 1, seconds: 32 },
  { name: 'straight-through', title: 'Straight-through', estimator: 'straightThrough', temperature: 1, seconds: 27 },
  {
    name: 'straight-through-gumbel',
    title: 'Straight-through Gumbel-softmax, τ 0.5',
    estimator: 'straightThroughGumbel',
    temperature: 0.5,
    seconds: 40,
  },
  {
    name: 'straight-through-gumbel-cold',
    title: 'Straight-through Gumbel-softmax, τ 0.1',
    estimator: 'straightThroughGumbel',
    temperature: 0.1,
    seconds: 40,
  },
  {
    name: 'gumbel-rao',
    title: 'Gumbel-Rao, τ 0.5',
    estimator: 'gumbelRao',
    temperature: 0.5,
    resamples: 4,
    length: 16,
    seconds: 40,
    note: '16 bits instead of 128, and 4 redraws instead of 100, for the time that they take. The bits do not influence each other.',
  },
  { name: 'gst', title: 'GST, gap 1', estimator: 'gst', temperature: 1, seconds: 45 },
  { name: 'reinforce', title: 'REINFORCE without a baseline', estimator: 'reinforce', seconds: 24 },
  {
    name: 'reinforce-leave-one-out',
    title: 'REINFORCE, leave-one-out baseline',
    estimator: 'reinforce',
    leaveOneOut: true,
    seconds: 24,
  },
];

const exponents = [1.5, 2, 3];

const experiments = contestants.map(({ name, title: _, note: __, seconds, ...contestant }) => {
  const { length = 128, leaveOneOut = false, ...method } = contestant;
  const settings = { exponents, leaveOneOut, ...method };
  return experiment<Polynomial, Record<string, number>>({
    name: `polynomial-${name}`,
    full: { settings: { ...settings, length, learningRate: 1e-3, epochs: 40 }, seeds: 3, seconds, memory: 250 },
    // A tenth of the steps, each ten times as long.
    quick: {
      settings: { ...settings, length: Math.min(length, 32), learningRate: 1e-2, epochs: 4 },
      seeds: 1,
      seconds: 5,
      memory: 250,
    },
    run: optimise,
  });
});

const source =
  'Liu et al. 2023, polynomial programming: 128 bits, c 0.45, batch 64, Adam 0.001, 40 epochs of 200 steps; its figures are curves';
/** Of the optimum: what ReinMax has to reach, and what others do not. */
const bound = 1.02;

function polynomialRow(exponent: number, { name, title, estimator, note }: Contestant, at: number) {
  const of = experiments[at] as (typeof experiments)[number];
  const program: PolynomialProgram = polynomialProgram({ estimator: estimatorOf({ estimator }), exponent });
  const { optimum, straightThroughFixedPoint: fixedPoint } = program;
  const common = {
    name: `polynomial-p${exponent}-${name}`,
    published: null,
    source,
    better: 'lower',
    from: { of },
    ...(note === undefined ? {} : { note }),
  } as const;
  const lossOf = ({ of }: { of: Record<string, number> }) => of[`p${exponent}.loss`] as number;
  if (name === 'straight-through') {
    return row({
      ...common,
      claim: `Polynomial programming, p = ${exponent}: straight-through rests at its wrong fixed point, loss ${fixedPoint.loss.toFixed(4)}; distance at epoch 40`,
      unit: 'distance of the loss',
      value: (results) => Math.abs(lossOf(results) - fixedPoint.loss),
      rule: below(5e-4),
      quickRule: below(2e-3, { standardErrors: 0 }),
    });
  }
  const staysAway: { rule: Rule; quickRule?: Rule } = {
    rule: above(bound),
    quickRule: above(bound, { standardErrors: 0 }),
  };
  const rules: Record<string, typeof staysAway> = {
    reinmax: { rule: below(bound), quickRule: below(1.1, { standardErrors: 0 }) },
    'reinforce-leave-one-out': { rule: reportOnly() },
  };
  return row({
    ...common,
    claim: `Polynomial programming, p = ${exponent}, least loss ${optimum.toFixed(4)}: ${title}, loss at epoch 40 over the least`,
    unit: 'of the least loss',
    value: (results) => lossOf(results) / optimum,
    ...(rules[name] ?? staysAway),
  });
}

export const polynomialRows = exponents.flatMap((exponent) =>
  contestants.map((contestant, i) => polynomialRow(exponent, contestant, i)),
);
