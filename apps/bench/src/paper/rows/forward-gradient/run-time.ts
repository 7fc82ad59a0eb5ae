import { jit, jvp, type NDArray, nn, np, random, tree, valueAndGrad } from '@forback/core';
import { forwardValueAndGrad, randomTangent, type TangentKind } from '@forback/forward-gradient';
import { experiment, row } from '../../row';
import { reportOnly } from '../../rule';

interface Settings {
  readonly units: number;
  readonly batch: number;
  readonly rounds: number;
}

/** Evaluations of a sample. */
const repetitions = 3;

/**
 * Times of one gradient over that of the loss alone: medians over rounds in which everybody is measured in turn. Times are
 * never the same twice, and other jobs run beside this one; `bench perf` is the place for exact figures.
 */
const runTime = experiment({
  name: 'run-time',
  full: { settings: { units: 1024, batch: 64, rounds: 15 }, seeds: 3, seconds: 25, memory: 600 },
  quick: { settings: { units: 1024, batch: 64, rounds: 3 }, seeds: 1, seconds: 10, memory: 600 },
  async run(seed, { units, batch, rounds }: Settings, { signal, onProgress }) {
    const model = nn.mlp([784, units, units, 10]);
    const [initKey, dataKey, tangentKey] = random.split(random.key(seed), 3);
    const params = model.init(initKey);
    const x = random.uniform(dataKey, { shape: [batch, 784] });
    const y = np.mod(np.arange(batch), 10);
    const loss = (p: nn.MlpParams) => nn.losses.softmaxCrossEntropy(model.apply(p, x), y).mean();
    const tangent = randomTangent(tangentKey, params);

    const forward = jit(loss, { name: 'loss' });
    const backward = jit((p: nn.MlpParams) => valueAndGrad(loss)(p), { name: 'backpropagation' });
    const along = jit((p: nn.MlpParams, v: nn.MlpParams) => jvp(loss, [p], [v]), { name: 'derivative' });
    const scaled = jit(
      (p: nn.MlpParams, v: nn.MlpParams) => {
        const [value, d] = jvp(loss, [p], [v]);
        return [value, tree.map((t) => t.mul(d), v)] as [NDArray, nn.MlpParams];
      },
      { name: 'scaled direction' },
    );
    const sampled = (tangents: TangentKind) =>
      jit((p: nn.MlpParams, key: random.Key) => forwardValueAndGrad(loss, { key, tangents })(p), { name: tangents });
    const [normal, rademacher] = [sampled('normal'), sampled('rademacher')];

    let draw = 0;
    const nextKey = () => random.foldIn(tangentKey, draw++);
    const participants: Readonly<Record<string, () => unknown>> = {
      forward: () => forward(params).item(),
      backward: () => backward(params)[0].item(),
      derivative: () => along(params, tangent)[1].item(),
      scaled: () => scaled(params, tangent)[0].item(),
      normal: () => normal(params, nextKey()).value.item(),
      rademacher: () => rademacher(params, nextKey()).value.item(),
    };
    const samples: Record<string, number[]> = {};
    // The first round is not counted: programs are compiled in it.
    for (let round = -1; round < rounds; round++) {
      for (const [name, evaluate] of Object.entries(participants)) {
        const began = performance.now();
        for (let i = 0; i < repetitions; i++) evaluate();
        if (round < 0) continue;
        samples[name] ??= [];
        samples[name].push(performance.now() - began);
      }
      onProgress((round + 1) / rounds);
      await new Promise((resume) => setImmediate(resume));
      signal.throwIfAborted();
    }
    const time = Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
    const ratio = (name: string) => (time[name] ?? Number.NaN) / (time.forward ?? Number.NaN);
    return {
      backward: ratio('backward'),
      derivative: ratio('derivative'),
      scaled: ratio('scaled'),
      normal: ratio('normal'),
      rademacher: ratio('rademacher'),
    };
  },
});

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

const shared = {
  unit: 'times a forward pass',
  better: 'lower',
  source: 'Baydin et al. 2022, section 5; their figures are known to us only second-hand',
  published: null,
  from: { runTime },
  rule: reportOnly(),
} as const;
const own = { ...shared, source: 'the same network' } as const;
const note = 'Medians of samples taken in turn while other jobs run: good to some ten percent.';

export const runTimeRows = [
  row({
    ...shared,
    name: 'run-time-backpropagation',
    claim: 'R_b: loss and gradient by backpropagation, 784-1024-1024-10, batch 64',
    value: (results) => results.runTime.backward,
    note,
  }),
  row({
    ...shared,
    name: 'run-time-forward-gradient',
    claim: 'R_f: loss and forward gradient for a direction that is there, without sampling it',
    value: (results) => results.runTime.scaled,
    note,
  }),
  row({
    ...own,
    name: 'run-time-directional-derivative',
    claim: 'The directional derivative alone, a number and no gradient',
    value: (results) => results.runTime.derivative,
  }),
  row({
    ...own,
    name: 'run-time-normal',
    claim: 'R_f with sampling of 1.9 million normal numbers',
    value: (results) => results.runTime.normal,
  }),
  row({
    ...own,
    name: 'run-time-rademacher',
    claim: 'R_f with sampling of Rademacher numbers',
    value: (results) => results.runTime.rademacher,
  }),
];
