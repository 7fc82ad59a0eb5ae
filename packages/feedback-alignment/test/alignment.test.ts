import { array, jit, type NDArray, nn, np, random } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  alignment,
  alignmentChart,
  angle,
  backpropagation,
  type Feedback,
  fa,
  initFeedback,
  mirrorFeedback,
  pfa,
  pfaOrthogonal,
  shallow,
  uSF,
  weightMirror,
} from '../src/index';
import { expectClose, expectSameBits } from './close';

const key = random.key(5);
const dtype = 'float64';
const model = nn.mlp([6, 40, 30, 4], { activation: nn.tanh, dtype });
const params = model.init(random.key(1));
const x = random.normal(random.key(2), { shape: [50, 6], dtype });
const labels = np.mod(np.arange(50), 4);
const loss = (p: nn.MlpParams) => nn.losses.softmaxCrossEntropy(model.apply(p, x), labels).mean();

describe('angle', () => {
  test('of known vectors', () => {
    const degrees = (a: number[], b: number[]) => angle(array(a, { dtype }), array(b, { dtype })).item();
    expect(degrees([1, 0], [0, 3])).toBeCloseTo(90, 12);
    expect(degrees([1, 1], [2, 0])).toBeCloseTo(45, 12);
    expect(degrees([1, 0], [-2, 0])).toBeCloseTo(180, 12);
    expect(degrees([1, 0], [1, 1e-9])).toBeCloseTo((1e-9 * 180) / Math.PI, 18);
    expect(degrees([0, 0], [1, 0])).toBeNaN();
    expect(degrees([1, 0], [1e-13, 0])).toBeNaN();
    expect(() => angle(np.ones([2]), np.ones([3]))).toThrow(/angle: expected arrays of one shape, got \[2\] and \[3\]/);
  });
});

describe('alignment', () => {
  test('15: backpropagation against itself is at 0 degrees, and layers without an error at NaN', () => {
    for (const rule of [backpropagation(), fa(key, { init: 'tied' })]) {
      const found = alignment(loss, { rule })(params);
      expect(Object.keys(found)).toEqual(['[0].weight', '[1].weight', '[2].weight']);
      for (const layer of Object.values(found)) {
        expect(layer.gradientAngle.item()).toBe(0);
        expect(layer.gradientRatio.item()).toBe(1);
        expect(layer.errorAngle.item()).toBe(0);
      }
    }
    const frozen = alignment(loss, { rule: shallow() })(params)['[0].weight'];
    expect(frozen?.gradientAngle.item()).toBeNaN();
    expect(frozen?.gradientRatio.item()).toBe(0);
    expect(frozen?.weightAngle.item()).toBeNaN();
  });

  test('angles of weights and their signs, and the same numbers compiled', () => {
    const rule = uSF();
    const found = alignment(loss, { rule })(params);
    const w = (params[1] as nn.MlpParams[number]).weight;
    expectClose(found['[1].weight']?.weightAngle, angle(np.sign(w), w));
    expect(found['[0].weight']?.gradientAngle.item()).toBeGreaterThan(1);
    expectClose(jit(alignment(loss, { rule }))(params)['[1].weight'], found['[1].weight'], 1e-9);
  });

  test('6: product feedback points arctan(1/√r) from the weights, with norms √(1 + 1/r); orthogonal 0 and 1', {
    timeout: 30_000,
  }, () => {
    const wide = nn.mlp([2, 120, 120, 2], { dtype });
    const p = wide.init(random.key(3));
    const f = (q: nn.MlpParams) => np.sin(wide.apply(q, np.ones([2, 2], { dtype }))).sum();
    const aligned = (rule: ReturnType<typeof pfa>) => {
      const made = initFeedback(f, { rule })(p);
      const learned = Object.fromEntries(
        Object.entries(made.fixed).map(([name, b]) => {
          const layer = Number(name[1]);
          return [name, b.T.matmul((p[layer] as nn.MlpParams[number]).weight.T)];
        }),
      );
      const feedback: Feedback = { fixed: made.fixed, learned };
      return alignment(f, { rule, feedback })(p)['[1].weight'];
    };
    for (const r of [1, 4]) {
      const found = aligned(pfa(key, { expansion: r }));
      // The entries of BBᵀ − I scatter by 1/√(r · 120); averaged over the matrix they leave about 0.2 degrees.
      expect(Math.abs((found?.weightAngle.item() ?? 0) - (Math.atan(1 / Math.sqrt(r)) * 180) / Math.PI)).toBeLessThan(
        0.8,
      );
      expect(Math.abs((found?.weightRatio.item() ?? 0) - Math.sqrt(1 + 1 / r))).toBeLessThan(0.02);
    }
    const exact = aligned(pfaOrthogonal(key));
    expect(exact?.weightAngle.item()).toBeLessThan(1e-5);
    expect(exact?.weightRatio.item()).toBeCloseTo(1, 10);
  });
});

describe('weight mirror', () => {
  const rule = weightMirror(key);
  const start = initFeedback(loss, { rule })(params);
  const run = (steps: number, decay: number) => {
    const step = jit((feedback: Feedback, noiseKey: NDArray) =>
      mirrorFeedback(loss, { rule, feedback, key: noiseKey, learningRate: 40, decay, activation: nn.tanh })(params),
    );
    let feedback = start;
    for (let i = 0; i < steps; i++) feedback = step(feedback, random.foldIn(key, i));
    return feedback;
  };
  const degrees = (feedback: Feedback) =>
    alignment(loss, { rule, feedback })(params)['[1].weight']?.weightAngle.item() ?? 0;

  test('noise turns the feedback to the weights', () => {
    expect(degrees(start)).toBeGreaterThan(80);
    expect(degrees(run(150, 0.05))).toBeLessThan(30);
  });

  test('one step adds the mean of σ(Wξ) ξᵀ, and other rules are refused', () => {
    const after = mirrorFeedback(loss, { rule, feedback: start, key, learningRate: 0.5 })(params);
    const xi = random.uniform(random.foldIn(key, 0), { shape: [50, 30], dtype, minval: -0.05, maxval: 0.05 });
    const w = (params[2] as nn.MlpParams[number]).weight;
    const expected = (start.fixed['[2].weight'] as NDArray).add(xi.T.matmul(xi.matmul(w)).mul(0.5 / 50));
    expectClose(after.fixed['[2].weight'], expected);
    expectSameBits(mirrorFeedback(loss, { rule, feedback: start, key, learningRate: 0.5 })(params), after);
    expect(() => mirrorFeedback(loss, { rule: fa(key), feedback: start, key })).toThrow(
      /expected the rule weightMirror\(key\), got fa/,
    );
    expect(() => mirrorFeedback(loss, { rule, key } as never)).toThrow(
      /options.feedback to be what initFeedback gives/,
    );
    expect(() => mirrorFeedback(loss, { key } as never)).toThrow(/mirrorFeedback: expected options.rule/);
  });
});

test('the chart has a curve for each layer and gaps where there is no number', () => {
  const history = [0, 1, 2].map((at) => ({ at, alignment: alignment(loss, { rule: fa(key) })(params) }));
  const svg = alignmentChart(history, { title: 'fa & <friends>' });
  expect(svg.match(/<path/g)?.length).toBe(3);
  expect(svg).toContain('fa &#38; &#60;friends&#62;');
  expect(svg).not.toContain('NaN');
  // The first layer has no feedback.
  expect(alignmentChart(history, { metric: 'weightAngle' })).toContain('<path d="" ');
  expect(() => alignmentChart([])).toThrow(/at least one point/);
});
