import { jit, type NDArray, nn, np, optim, random } from '@forback/core';
import { describe, expect, test, vi } from 'vitest';
import {
  dfa,
  type FeedbackRule,
  feedbackGrad,
  feedbackOptimizer,
  feedbackValueAndGrad,
  initFeedback,
  kolenPollack,
  pfa,
  pfaOrthogonal,
} from '../src/index';
import { expectClose, expectSameBits } from './close';

const key = random.key(1);
const dtype = 'float64';
const x = random.normal(random.key(2), { shape: [8, 4], dtype });
const model = nn.mlp([4, 6, 5, 3], { activation: nn.tanh, dtype });
const params = model.init(random.key(3));
const loss = (p: nn.MlpParams) => np.square(model.apply(p, x)).mean();
const sgd = optim.chain(optim.addDecayedWeights({ weightDecay: 0.1 }), optim.sgd({ learningRate: 0.1, momentum: 0.9 }));
const adam = () => optim.adam({ learningRate: 0.01 }) as optim.GradientTransform;

function warnings(run: () => unknown): unknown[] {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  run();
  const calls = warn.mock.calls.flat();
  warn.mockRestore();
  return calls;
}

describe('feedbackOptimizer', () => {
  test('trains parameters and learned feedback as one tree, and leaves fixed feedback alone', () => {
    const rule = pfa(key, { expansion: 2 });
    const feedback = initFeedback(loss, { rule })(params);
    const optimizer = feedbackOptimizer(rule, sgd);
    const [, gradient, learned] = feedbackValueAndGrad(loss, { rule, feedback })(params);
    const trained = { params, feedback };
    const [after, state] = optimizer.update(gradient, learned, optimizer.init(trained), trained);
    const together = { params, learned: feedback.learned };
    const [updates, sameState] = sgd.update({ params: gradient, learned }, sgd.init(together), together);
    const expected = optim.applyUpdates(together, updates);
    expectSameBits(after.params, expected.params);
    expectSameBits(after.feedback.learned, expected.learned);
    expectSameBits(after.feedback.fixed, feedback.fixed);
    expectSameBits(state, sameState);
    expectClose(jit(() => optimizer.update(gradient, learned, optimizer.init(trained), trained)[0])(), after);
  });

  test('warns once for each rule that learns its feedback under an optimiser that scales each number', () => {
    const pair = () => [feedbackOptimizer(pfaOrthogonal(key), adam()), feedbackOptimizer(pfaOrthogonal(key), adam())];
    expect(warnings(pair)).toEqual([
      expect.stringMatching(/^pfaOrthogonal: this optimiser scales each number by itself, as Adam does.* Use SGD/),
    ]);
    const named = (name: string): FeedbackRule => ({ ...kolenPollack(key), name });
    const transforms = {
      rmsprop: optim.rmsprop({ learningRate: 0.1 }),
      radam: optim.radam({ learningRate: 0.1 }),
      adamw: optim.chain(optim.clipByGlobalNorm(1), optim.adamw({ learningRate: 0.1, weightDecay: 0.1 })),
    };
    for (const [name, transform] of Object.entries(transforms)) {
      const rule = named(name);
      expect(
        warnings(() => feedbackOptimizer(rule, transform as optim.GradientTransform)),
        name,
      ).toHaveLength(1);
    }
  });

  test('does not warn of momentum, decay, clipping by norm and schedules, nor for rules that learn nothing', () => {
    const quiet: FeedbackRule = { ...kolenPollack(key), name: 'quiet' };
    const warmUp = optim.sgd({ learningRate: (step: NDArray) => step.astype('float32').mul(0.1) });
    const fine = [sgd, optim.chain(optim.clipByGlobalNorm(1e-4), optim.sgd({ learningRate: 1 })), warmUp];
    for (const transform of fine) {
      expect(warnings(() => feedbackOptimizer(quiet, transform as optim.GradientTransform))).toEqual([]);
    }
    expect(warnings(() => feedbackOptimizer(dfa(key), adam()))).toEqual([]);
    // Inside a compiled function there are no numbers to try.
    const inside = jit((y: NDArray) => {
      feedbackOptimizer({ ...quiet, name: 'compiled' }, adam());
      return y;
    });
    expect(warnings(() => inside(x))).toEqual([]);
  });
});

describe('checkFinite', () => {
  // The loss is finite; its derivative is not.
  const broken = (p: nn.MlpParams) => np.sqrt(np.square(model.apply(p, x)).sum().mul(0)).add(1);

  test('names the layer whose error is not finite, and the rule that sent it', () => {
    const rule = dfa(key);
    expect(() => feedbackGrad(broken, { rule, checkFinite: true })(params)).toThrow(
      /feedbackGrad: the error at the output of \[2\].weight has (NaN|Infinity). Try a smaller learning rate/,
    );
    const feedback = initFeedback(loss, { rule })(params);
    const infinite = { fixed: { ...feedback.fixed, '[1].weight': np.full([3, 6], Infinity, { dtype }) }, learned: {} };
    expect(() => feedbackGrad(loss, { rule, feedback: infinite, checkFinite: true })(params)).toThrow(
      /what dfa sends to the input of \[1\].weight has (-?Infinity|NaN)/,
    );
    expectSameBits(
      feedbackGrad(loss, { rule, feedback, checkFinite: true })(params),
      feedbackGrad(loss, { rule, feedback })(params),
    );
  });

  test('without it, and where numbers are not known, NaN goes its way', () => {
    const rule = dfa(key);
    const first = (p: nn.MlpParams) =>
      (feedbackGrad(broken, { rule })(p)[0] as nn.MlpParams[number]).weight.at(0, 0).item();
    expect(first(params)).toBeNaN();
    const compiled = jit(feedbackGrad(broken, { rule, checkFinite: true }))(params);
    expect(compiled[0]?.weight.at(0, 0).item()).toBeNaN();
  });
});
