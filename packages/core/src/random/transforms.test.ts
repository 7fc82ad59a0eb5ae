import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { array, mean, multiply, stack, sum } from '../numpy';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { jvp } from '../transforms/jvp';
import { vmap } from '../transforms/vmap';
import * as random from '.';
import { numbersOf } from './test-support';

type Draw = (key: NDArray) => NDArray;

const draws: Record<string, Draw> = {
  bits: (k) => random.bits(k, [2, 3]),
  'split, then foldIn': (k) => random.foldIn(random.split(k, 3)[2], 5),
  splitMany: (k) => random.splitMany(k, 4),
  uniform: (k) => random.uniform(k, { shape: [5], minval: -1, maxval: 3 }),
  'uniform in float64': (k) => random.uniform(k, { shape: [5], dtype: 'float64' }),
  randint: (k) => random.randint(k, { shape: [2, 2], minval: -5, maxval: 5 }),
  'randint over all of int32': (k) => random.randint(k, { shape: [5], minval: -(2 ** 31), maxval: 2 ** 31 }),
  normal: (k) => random.normal(k, { shape: [2, 2], mean: array([1, 2]), std: 3 }),
  truncatedNormal: (k) => random.truncatedNormal(k, { shape: [4] }),
  bernoulli: (k) => random.bernoulli(k, array([0.2, 0.5, 0.8]), { shape: [2, 3] }),
  categorical: (k) =>
    random.categorical(
      k,
      array([
        [0, 1, 2],
        [2, 1, 0],
      ]),
      { shape: [4, 2] },
    ),
  gumbel: (k) => random.gumbel(k, { shape: [4] }),
  exponential: (k) => random.exponential(k, { shape: [4] }),
  permutation: (k) => random.permutation(k, 7),
  'permutation of an array': (k) =>
    random.permutation(
      k,
      array([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      { axis: 1 },
    ),
  choice: (k) => random.choice(k, array([5, 6, 7]), { shape: [4] }),
  'choice with p': (k) => random.choice(k, 3, { shape: [4], p: [0.1, 0.2, 0.7] }),
  'choice without replacement': (k) => random.choice(k, 6, { shape: [2, 2], replace: false }),
  orthogonal: (k) => random.orthogonal(k, 3, 2),
};

describe.each(Object.entries(draws))('%s', (_name, draw) => {
  const keys = random.splitMany(random.key(9), 3);
  const loop = stack([...keys].map((k) => draw(k)));

  test('gives the same bits under jit', () => {
    const key = random.key(12);
    const compiled = jit(draw)(key);
    expect(compiled.dtype).toBe(draw(key).dtype);
    expect(compiled.shape).toEqual(draw(key).shape);
    expect(numbersOf(compiled)).toEqual(numbersOf(draw(key)));
    // A key made inside.
    expect(numbersOf(jit(() => draw(random.key(12)))())).toEqual(numbersOf(draw(key)));
  });

  test('mapped over keys gives the same bits as a loop', () => {
    expect(vmap(draw)(keys).toJS()).toEqual(loop.toJS());
    expect(jit(vmap(draw))(keys).toJS()).toEqual(loop.toJS());
    expect(vmap(jit(draw), { inAxes: 1, outAxes: 0 })(keys.T).toJS()).toEqual(loop.toJS());
  });

  test('an unmapped key gives every element the same draw', () => {
    const key = random.key(3);
    const mapped = vmap((k: NDArray, x: NDArray) => multiply(draw(k), x), { inAxes: [null, 0] })(key, array([1, 1]));
    const once = multiply(draw(key), array(1));
    expect(mapped.toJS()).toEqual([once.toJS(), once.toJS()]);
  });
});

describe('derivatives', () => {
  const key = random.key(4);

  test('pass through what the caller adds, not through the draw', () => {
    for (const draw of [random.uniform, random.normal, random.gumbel, random.exponential, random.truncatedNormal]) {
      const noise = draw(key, { shape: [6] });
      const loss = (location: NDArray, scale: NDArray) => mean(location.add(draw(key, { shape: [6] }).mul(scale)));
      const [dLocation, dScale] = grad(loss, { argnums: [0, 1] })(array(2), array(3)) as unknown as [NDArray, NDArray];
      expect(dLocation.item()).toBeCloseTo(1, 6);
      expect(dScale.item()).toBeCloseTo(mean(noise).item(), 6);
    }
  });

  test('of normal in mean and std', () => {
    const z = random.normal(key, { shape: [4] });
    const loss = (mu: NDArray, sigma: NDArray) => sum(random.normal(key, { shape: [4], mean: mu, std: sigma }));
    const [dMean, dStd] = grad(loss, { argnums: [0, 1] })(array(2), array(3)) as unknown as [NDArray, NDArray];
    expect(dMean.item()).toBeCloseTo(4, 6);
    expect(dStd.item()).toBeCloseTo(sum(z).item(), 5);
    expect(() => grad((s: NDArray) => sum(random.normal(key, { std: s })))(array(-1))).toThrow(
      'expected std to be 0 or more',
    );
  });

  test('of a function of a key and numbers, under jit and vmap', () => {
    const loss = (x: NDArray, k: NDArray) =>
      sum(
        random
          .normal(k, { shape: [3] })
          .mul(x)
          .mul(x),
      );
    const keys = random.splitMany(key, 4);
    const mapped = jit(vmap(grad(loss), { inAxes: [null, 0] }))(array(2), keys);
    const expected = [...keys].map((k) => sum(random.normal(k, { shape: [3] })).item() * 4);
    numbersOf(mapped).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] as number, 5);
    });
  });

  test('of a sample of a distribution that depends on the input are zero', () => {
    const probability = (p: NDArray) => sum(random.bernoulli(key, p, { shape: [5] }).astype('float32'));
    expect(grad(probability)(array(0.3)).item()).toBe(0);
    const logits = (x: NDArray) => sum(random.categorical(key, x, { shape: [5] }).astype('float32'));
    expect(grad(logits)(array([0.3, 1])).toJS()).toEqual([0, 0]);
    const [, tangent] = jvp((x: NDArray) => random.permutation(key, x), [array([1, 2, 3])], [array([10, 20, 30])]);
    expect((tangent as NDArray).toJS()).toEqual((random.permutation(key, array([10, 20, 30])) as NDArray).toJS());
  });

  test('arguments are checked where their numbers are known: in grad, not in vmap', () => {
    expect(() => grad((p: NDArray) => sum(random.bernoulli(key, p).astype('float32')))(array(1.5))).toThrow(
      'random.bernoulli: expected p in [0, 1], got 1.5',
    );
    expect(vmap((p: NDArray) => random.bernoulli(key, p))(array([1.5, -1])).toJS()).toEqual([true, false]);
  });
});
