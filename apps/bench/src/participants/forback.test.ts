import { describe, expect, test } from 'vitest';
import { type InputSpec, integers, uniform, type Workload } from '../cases/case';
import { generate } from '../measure/inputs';
import { forback } from './forback';
import { forbackStraightThrough } from './forback-straight-through';
import type { Task, Tensor } from './participant';

function task(workload: Workload, specs: readonly InputSpec[]): Task {
  const inputs = Object.fromEntries(
    specs.map((spec, i) => [spec.name, { shape: spec.shape, data: generate(spec, i) }]),
  );
  return { workload, inputs, traffic: 0 };
}

async function results(workload: Workload, specs: readonly InputSpec[]) {
  const given = task(workload, specs);
  const prepared = await forback.prepare(given);
  return { inputs: given.inputs, outputs: await prepared.results(), prepared };
}

const values = (x: Tensor | undefined): number[] => Array.from(x?.data ?? []);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);

describe('forback computes what the case says', () => {
  const a = uniform('a', [3, 4]);
  const b = uniform('b', [3, 4]);

  test.each([
    ['arithmetic-chain', [a, b], (x: number, y: number) => Math.max(x * y + x, 0) * 0.5 - y],
    ['tanh-chain', [a], (x: number) => Math.tanh(x * 0.5 + 0.25) * x],
  ] as const)('%s', async (kind, specs, f) => {
    const { inputs, outputs } = await results({ kind }, specs);
    const y = values(inputs.b);
    values(inputs.a).forEach((x, i) => {
      expect(outputs.y?.data[i]).toBeCloseTo(f(x, y[i] ?? 0), 6);
    });
  });

  test('sums', async () => {
    const rows = await results({ kind: 'sum', axis: 1 }, [a]);
    expect(rows.outputs.y?.shape).toEqual([3]);
    expect(rows.outputs.y?.data[1]).toBeCloseTo(
      values(rows.inputs.a)
        .slice(4, 8)
        .reduce((s, v) => s + v),
      5,
    );
    const distance = await results({ kind: 'squared-distance' }, [a, b]);
    const [x, y] = [values(distance.inputs.a), values(distance.inputs.b)];
    expect(distance.outputs.y?.data[0]).toBeCloseTo(
      x.reduce((s, v, i) => s + (v - (y[i] as number)) ** 2, 0),
      5,
    );
  });

  test('gradients of a convolution: ⟨conv(x, w), dy⟩ = ⟨x, gradient⟩ = ⟨w, gradient⟩', async () => {
    const x = uniform('x', [2, 3, 5, 4]);
    const w = uniform('w', [6, 3, 3, 3]);
    const dy = uniform('dy', [2, 6, 5, 4]);
    // The same order each time, so that the values are the same.
    const specs = [x, w, dy];
    const forward = await results({ kind: 'convolution', part: 'forward' }, specs);
    const toInput = await results({ kind: 'convolution', part: 'input-gradient' }, specs);
    const toWeight = await results({ kind: 'convolution', part: 'weight-gradient' }, specs);
    const { inputs } = forward;
    const expected = dot(values(forward.outputs.y), values(inputs.dy));
    expect(forward.outputs.y?.shape).toEqual(dy.shape);
    expect(dot(values(inputs.x), values(toInput.outputs.y))).toBeCloseTo(expected, 3);
    expect(dot(values(inputs.w), values(toWeight.outputs.y))).toBeCloseTo(expected, 3);
  });

  test('ReinMax: the loss and the gradient of the decoder are those of straight-through', async () => {
    const specs = [uniform('x', [6, 10], 0, 1)];
    const workload: Workload = {
      kind: 'categorical-vae-step',
      hidden: [8],
      categories: 3,
      latents: 2,
      temperature: 1.3,
    };
    const ours = await results(workload, specs);
    const peer = await forbackStraightThrough.prepare(task(workload, specs));
    const theirs = await peer.results();
    expect(values(ours.outputs.loss)[0]).toBeGreaterThan(0);
    expect(values(theirs.loss)[0]).toBeCloseTo(values(ours.outputs.loss)[0] as number, 5);
    values(ours.outputs.decoderGradient).forEach((g, i) => {
      expect(theirs.decoderGradient?.data[i]).toBeCloseTo(g, 5);
    });
    for (const prepared of [ours.prepared, peer]) {
      await prepared.reset?.();
      await prepared.iterate(2);
    }
    expect(await ours.prepared.results()).toEqual(ours.outputs);
    expect(() => forbackStraightThrough.prepare(task({ kind: 'gemm' }, []))).toThrow(/no discrete choices/);
  });

  test('cause and effect: the model of the effect given the cause is the better one', async () => {
    const pair = [uniform('x', [300], -2, 2), uniform('noise', [300])];
    const { outputs } = await results({ kind: 'causal-pair' }, pair);
    const [forward, reverse] = values(outputs.logLikelihood) as [number, number];
    expect(forward).toBeGreaterThan(reverse);
    for (const dependence of values(outputs.hsic)) expect(dependence).toBeGreaterThan(0);
  });

  test('training: the same results whatever ran before', async () => {
    const specs = [
      uniform('x', [4, 3]),
      integers('y', [4], 2),
      uniform('w0', [3, 5]),
      uniform('b0', [5]),
      uniform('w1', [5, 2]),
      uniform('b1', [2]),
    ];
    const workload: Workload = { kind: 'mlp-step', sizes: [3, 5, 2], loss: 'cross-entropy', optimiser: 'adam' };
    const { inputs, outputs, prepared } = await results(workload, specs);
    await prepared.reset?.();
    await prepared.iterate(3);
    expect(await prepared.results()).toEqual(outputs);
    // Adam's first steps have the length of the learning rate: 0.001 twice.
    const moved = Math.abs((outputs.w1?.data[0] as number) - (inputs.w1?.data[0] as number));
    expect(moved).toBeGreaterThan(0.001);
    expect(moved).toBeLessThan(0.0021);
  });
});
