import { array, optim } from '@forback/core';
import { expect, test } from 'vitest';
import { emaSgd } from './ema-sgd';

test('an averaged gradient takes the steps of heavy-ball SGD with a tenth of the learning rate', () => {
  const ema = emaSgd({ learningRate: 0.5, momentum: 0.9, weightDecay: 0 });
  const heavy = optim.sgd({ learningRate: 0.05, momentum: 0.9 });
  let a = { w: array([[1, -2]]) };
  let b = { w: array([[1, -2]]) };
  let sa = ema.init(a);
  let sb = heavy.init(b);
  for (let i = 0; i < 6; i++) {
    const g = { w: array([[Math.sin(i), Math.cos(i)]]) };
    let u: unknown;
    [u, sa] = ema.update(g, sa, a);
    a = optim.applyUpdates(a, u as typeof a);
    [u, sb] = heavy.update(g, sb, b);
    b = optim.applyUpdates(b, u as typeof b);
    b.w.dataSync().forEach((v, j) => {
      expect(a.w.dataSync()[j]).toBeCloseTo(v, 5);
    });
  }
});

test('weights decay, biases do not', () => {
  const decay = emaSgd({ learningRate: 0.5, weightDecay: 0.1 });
  const params = { bias: array([2]), weight: array([[2]]) };
  const none = { bias: array([0]), weight: array([[0]]) };
  const [updates] = decay.update(none, decay.init(params), params);
  expect((updates as typeof params).bias.toJS()).toEqual([-0]);
  expect((updates as typeof params).weight.item()).toBeCloseTo(-0.1, 6);
});

test('settings that make no sense are refused', () => {
  expect(() => emaSgd({ learningRate: Number.NaN })).toThrow(/learningRate of 0 or more, got NaN/);
  expect(() => emaSgd({ momentum: 1 })).toThrow(/momentum in \[0, 1\), got 1/);
  expect(() => emaSgd({ weightDecay: -1 })).toThrow(/weightDecay of 0 or more, got -1/);
});
