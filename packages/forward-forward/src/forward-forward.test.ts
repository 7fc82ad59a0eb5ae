import { array, type Equation, makeProgram, type NDArray, nn, np, type Program, random, tree } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { denseStack } from './dense-stack';
import { emaSgd } from './ema-sgd';
import { forwardForward } from './forward-forward';
import { uniformWrongLabels } from './negatives';
import type { PairOptions } from './options';
import type { ForwardForwardState } from './state';
import { copy, rawGradient } from './test-support';

const classes = 3;
const images = random.uniform(random.key(5), { shape: [8, 10] });
const labels = array([0, 1, 2, 0, 1, 2, 0, 1], { dtype: 'int32' });

function build(sizes: readonly number[], options: Partial<PairOptions> = {}) {
  return forwardForward({
    layers: denseStack(sizes),
    classes,
    negatives: uniformWrongLabels(),
    optimiser: rawGradient,
    ...options,
  });
}

type Dense = { weight: NDArray; bias: NDArray };
const dense = (state: ForwardForwardState, layer: number) => state.layers[layer]?.params as Dense;

describe('the learning signal', () => {
  test('is (1 - p) a on positive and -p a on negative examples, as published', () => {
    const wrong = array([1, 2, 0, 1, 2, 0, 1, 2], { dtype: 'int32' });
    const model = build([10, 6], {
      peerNormalisation: 0,
      negatives: { name: 'fixed', sample: ({ input, overlay }) => overlay.write(input, wrong) },
    });
    const state = model.init(random.key(1), images);
    const before = dense(copy(state), 0);
    const [after] = model.step(state, images, labels);

    const w = before.weight.toJS() as number[][];
    const expected = w.map((row) => row.map(() => 0));
    for (const [given, sign] of [
      [labels, 1],
      [wrong, -1],
    ] as const) {
      const codes = nn.oneHot(given, classes).toJS() as number[][];
      (images.toJS() as number[][]).forEach((pixels, s) => {
        const x = [...(codes[s] as number[]), ...pixels.slice(classes)];
        const scale = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
        const input = x.map((v) => v / scale);
        const a = expected[0]?.map((_, j) =>
          Math.max(
            0,
            input.reduce((sum, v, i) => sum + v * (w[i]?.[j] as number), 0),
          ),
        ) as number[];
        const goodness = a.reduce((sum, v) => sum + v * v, 0);
        const p = 1 / (1 + Math.exp(-(goodness - a.length)));
        const signal = a.map((v) => (sign > 0 ? (1 - p) * v : -p * v));
        expected.forEach((row, i) => {
          row.forEach((_, j) => {
            row[j] = (row[j] as number) + ((input[i] as number) * (signal[j] as number)) / 8;
          });
        });
      });
    }
    const change = np.subtract(dense(after, 0).weight, before.weight).toJS() as number[][];
    expected.forEach((row, i) => {
      row.forEach((v, j) => {
        expect(change[i]?.[j]).toBeCloseTo(v, 5);
      });
    });
  });

  test('of peer normalisation sums to zero over the units of a layer and reaches silent units', () => {
    const run = (peerNormalisation: number) => {
      const model = build([10, 6], { peerNormalisation });
      const state = model.init(random.key(1), images);
      return dense(model.step(state, images, labels)[0], 0).bias.dataSync();
    };
    const without = run(0);
    const push = Array.from(run(0.5)).map((v, i) => v - (without[i] as number));
    expect(push.reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 6);
    expect(Math.max(...push.map(Math.abs))).toBeGreaterThan(1e-3);
  });
});

describe('no gradient crosses a layer', () => {
  test('changing the layers above leaves the update of a layer unchanged, bit for bit', () => {
    const model = build([10, 6, 5, 4]);
    const state = model.init(random.key(2), images);
    const other = copy(state);
    for (const layer of [1, 2]) {
      (other.layers[layer] as { params: unknown }).params = tree.map((x) => x.mul(-3).add(0.25), dense(state, layer));
    }
    const [first] = model.step(state, images, labels);
    const [second] = model.step(other, images, labels);
    expect(dense(second, 0).weight.dataSync()).toEqual(dense(first, 0).weight.dataSync());
    expect(dense(second, 1).weight.dataSync()).not.toEqual(dense(first, 1).weight.dataSync());
  });

  test('the program of a step has no path from a layer to the update of a layer below', () => {
    const model = build([10, 6, 5, 4]);
    const state = model.init(random.key(2), images);
    const { program } = makeProgram((s: ForwardForwardState) => model.step(s, images, labels)[0], state);
    const paths = tree.paths(state).map((p) => p.path);
    const captured = program.inputs.length - paths.length;
    const reach = influences(program);
    const of = (layer: number) => paths.flatMap((p, i) => (p.startsWith(`layers[${layer}].params`) ? [i] : []));
    for (let layer = 0; layer < 3; layer++) {
      for (const output of of(layer)) {
        const sources = [...(reach[output] as Set<number>)].map((i) => i - captured);
        for (const above of [0, 1, 2].filter((l) => l > layer).flatMap(of)) expect(sources).not.toContain(above);
        // Its own parameters do reach it: the test would notice a broken analysis.
        expect(sources).toEqual(expect.arrayContaining(of(layer).slice(0, 1)));
      }
    }
  });

  test('end to end it does: the update of a layer depends on the layers above', () => {
    const model = build([10, 6, 5], { gradients: 'endToEnd', head: false });
    const state = model.init(random.key(2), images);
    const other = copy(state);
    (other.layers[1] as { params: unknown }).params = tree.map((x) => x.mul(-3).add(0.25), dense(state, 1));
    const [first] = model.step(state, images, labels);
    const [second] = model.step(other, images, labels);
    expect(dense(second, 0).weight.dataSync()).not.toEqual(dense(first, 0).weight.dataSync());
  });

  test('a layer that does not learn keeps its parameters', () => {
    const model = build([10, 6, 5]);
    const state = model.init(random.key(2), images);
    const before = copy(state);
    const [after] = model.step(state, images, labels, { active: [1] });
    expect(dense(after, 0).weight.dataSync()).toEqual(dense(before, 0).weight.dataSync());
    expect(dense(after, 1).weight.dataSync()).not.toEqual(dense(before, 1).weight.dataSync());
  });
});

/** Which inputs each output of a program depends on. */
function influences(program: Program): Set<number>[] {
  const known = new Map<number, Set<number>>(program.inputs.map((v, i) => [v.id, new Set([i])]));
  const read = (atoms: Program['outputs']) =>
    atoms.map((a) => (a.kind === 'var' ? (known.get(a.id) as Set<number>) : new Set<number>()));
  for (const equation of program.equations) {
    const sources = read(equation.inputs);
    const inner = (equation as Equation & { params: { program?: Program } }).params.program;
    const reached = inner
      ? influences(inner).map((set) => new Set([...set].flatMap((i) => [...(sources[i] as Set<number>)])))
      : equation.outputs.map(() => new Set(sources.flatMap((s) => [...s])));
    equation.outputs.forEach((v, i) => {
      known.set(v.id, reached[i] as Set<number>);
    });
  }
  return read(program.outputs);
}

describe('inference', () => {
  // Wide enough that no layer is silent.
  const model = build([10, 32, 32, 32], { optimiser: emaSgd() });
  // After a step: the head of a new state gives every class the same probability.
  const [state] = model.step(model.init(random.key(3), images), images, labels);

  test('the goodness scan is one forward pass for each label over the scored layers', () => {
    const scores = model.goodnessOfLabels(state, images).toJS() as number[][];
    const normalise = (x: NDArray) => x.div(np.sqrt(np.square(x).mean(1, { keepDims: true })));
    for (let label = 0; label < classes; label++) {
      const code = nn.oneHot(np.full([8], label, { dtype: 'int32' }), classes);
      let below = normalise(np.concatenate([code, images.slice(null, [classes, null])], 1));
      const goodness: NDArray[] = [];
      for (let layer = 0; layer < 3; layer++) {
        const activity = nn.relu(below.matmul(dense(state, layer).weight).add(dense(state, layer).bias));
        goodness.push(np.square(activity).sum(1));
        below = normalise(activity);
      }
      const total = (goodness[1] as NDArray).add(goodness[2] as NDArray).dataSync();
      total.forEach((g, s) => {
        expect(scores[s]?.[label]).toBeCloseTo(g, 3);
      });
    }
  });

  test.each(['onePass', 'goodnessScan'] as const)('%s does not depend on the batch or its order', (mode) => {
    const together = model.predict(state, images, { mode }).dataSync();
    const scores = mode === 'onePass' ? model.logProbabilities : model.goodnessOfLabels;
    const all = scores(state, images);
    expect(
      np
        .abs(all.sub(all.slice([0, 1], [0, 1])))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
    for (let i = 0; i < 8; i++) {
      const own = images.slice([i, i + 1]);
      expect(model.predict(state, own, { mode }).item()).toBe(together[i]);
      expect(
        np
          .abs(scores(state, own).sub(all.at(i)))
          .max()
          .item(),
      ).toBeLessThan(1e-4);
    }
    const reversed = model.predict(state, np.flip(images, 0), { mode }).dataSync();
    expect([...reversed].reverse()).toEqual([...together]);
  });

  test('the head gives probabilities', () => {
    const sums = np.exp(model.logProbabilities(state, images)).sum(1).dataSync();
    for (const s of sums) expect(s).toBeCloseTo(1, 5);
  });
});

describe('bad input', () => {
  const model = build([10, 6, 5]);
  const state = () => model.init(random.key(4), images);

  test.each([
    [
      'a label out of range',
      () => model.step(state(), images, array([0, 1, 2, 3, 0, 0, 0, 0], { dtype: 'int32' })),
      /labels from 0 to 2, got 3/,
    ],
    [
      'labels of another dtype',
      () => model.step(state(), images, array([0, 1, 2, 0, 1, 2, 0, 1])),
      /expected labels to be int32\[8\], got float32\[8\]/,
    ],
    [
      'labels of another length',
      () => model.step(state(), images, array([0], { dtype: 'int32' })),
      /expected labels to be int32\[8\], got int32\[1\]/,
    ],
    [
      'input without examples',
      () => model.step(state(), array([1, 2, 3]), labels),
      /expected input to be a float batch/,
    ],
    [
      'an unknown inference mode',
      () => model.predict(state(), images, { mode: 'vote' as never }),
      /expected mode 'onePass', 'goodnessScan' or 'layerVote', got 'vote'/,
    ],
    [
      'an example that is no batch',
      () => model.predict(state(), images.at(0)),
      /expected input to be a float batch \[n, ...\], got float32\[10\]; np.expandDims/,
    ],
    [
      'whole numbers for pixels',
      () => model.goodnessOfLabels(state(), images.astype('int32')),
      /expected input to be a float batch \[n, ...\], got int32/,
    ],
    [
      'a label out of range, to look at activities',
      () => model.activities(state(), images, np.full([8], 3, { dtype: 'int32' })),
      /activities: expected labels from 0 to 2, got 3/,
    ],
    [
      'a choice of layers for the head',
      () => model.predict(state(), images, { layers: [0] }),
      /looks at the scored layers; leave out layers, or set mode: 'goodnessScan'/,
    ],
    ['no layers', () => forwardForward({ layers: [], classes }), /at least one layer/],
    ['one class', () => forwardForward({ layers: denseStack([10, 6]), classes: 1 }), /classes to be 2 or more, got 1/],
    ['a scored layer that is not there', () => build([10, 6], { scoredLayers: [1] }), /indices from 0 to 0, got \[1\]/],
    [
      'a negative peer normalisation',
      () => build([10, 6], { peerNormalisation: -1 }),
      /peerNormalisation of 0 or more, got -1/,
    ],
  ])('%s is refused', (_, run, message) => {
    expect(run).toThrow(message);
  });
});
