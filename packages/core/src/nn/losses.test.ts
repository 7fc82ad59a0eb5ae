import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { array, zeros } from '../numpy/creation';
import { hessian } from '../transforms/derivatives';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { logSoftmax, softmax } from './activations';
import * as losses from './losses';
import { oneHot } from './one-hot';
import { elements, expectClose, expectGradient, filled, scattered, weighted } from './test-support';

const labels = (data: number[]) => array(data, { dtype: 'int32' });
const slopes = (f: (x: NDArray) => NDArray, x: NDArray) => elements(grad((v: NDArray) => f(v).sum())(x) as NDArray);

describe('softmaxCrossEntropy', () => {
  const logits = scattered([4, 3], 3);
  const y = labels([2, 0, 1, 2]);

  test('is −log softmax at the label, one for each example', () => {
    const rows = softmax(logits).toJS() as number[][];
    const expected = [2, 0, 1, 2].map((label, i) => -Math.log(rows[i]?.[label] as number));
    const loss = losses.softmaxCrossEntropy(logits, y);
    expect(loss.shape).toEqual([4]);
    expectClose(loss, expected, 1e-14);
    expectClose(losses.softmaxCrossEntropy(logits, oneHot(y, 3)), expected, 1e-14);
  });

  test('of equal logits is log n, for any batch', () => {
    expectClose(
      losses.softmaxCrossEntropy(zeros([2, 3, 10]), zeros([2, 3], { dtype: 'uint32' })),
      new Array(6).fill(Math.log(10)),
      1e-6,
    );
    expectClose(losses.softmaxCrossEntropy(zeros([5]), array(3, { dtype: 'int32' })), [Math.log(5)], 1e-6);
  });

  test('of a distribution is −Σ p log softmax', () => {
    const p = softmax(scattered([4, 3], 2));
    expectClose(losses.softmaxCrossEntropy(logits, p), elements(p.mul(logSoftmax(logits)).sum(-1).neg()), 1e-14);
  });

  test('has the gradient softmax − one-hot', () => {
    const expected = elements(softmax(logits).sub(oneHot(y, 3)));
    expectClose(
      slopes((z) => losses.softmaxCrossEntropy(z, y), logits),
      expected,
      1e-14,
    );
    expectClose(
      slopes((z) => losses.softmaxCrossEntropy(z, oneHot(y, 3)), logits),
      expected,
      1e-14,
    );
    expectGradient((z) => weighted(losses.softmaxCrossEntropy(z, y)), logits);
    expectGradient((p) => weighted(losses.softmaxCrossEntropy(logits, p)), softmax(scattered([4, 3], 2)));
  });

  test('has the Hessian diag(s) − s sᵀ, also at equal logits', () => {
    const h = hessian((z: NDArray) => losses.softmaxCrossEntropy(z, array(0, { dtype: 'int32' })))(
      zeros([2], { dtype: 'float64' }),
    );
    expectClose(h, [0.25, -0.25, -0.25, 0.25], 1e-15);
  });

  test('is right for logits of any size, in float32', () => {
    for (const size of [80, 1e4, 1e30]) {
      const z = array([
        [size, -size],
        [size, -size],
      ]);
      const big = Math.fround(2 * Math.fround(size));
      expectClose(losses.softmaxCrossEntropy(z, labels([0, 1])), [0, big], 1e-6);
      expectClose(
        slopes((v) => losses.softmaxCrossEntropy(v, labels([0, 1])), z),
        [0, 0, 1, -1],
        1e-6,
      );
      expectClose(
        slopes((v) => losses.softmaxCrossEntropy(v, oneHot([0, 1], 2)), z),
        [0, 0, 1, -1],
        1e-6,
      );
    }
  });

  test('counts impossible classes that cannot be right as 0', () => {
    const z = array([[0, Number.NEGATIVE_INFINITY, 0]]);
    expectClose(losses.softmaxCrossEntropy(z, array([[0.5, 0, 0.5]])), [Math.LN2], 1e-6);
    expectClose(
      slopes((v) => losses.softmaxCrossEntropy(v, array([[1, 0, 0]])), z),
      [-0.5, 0, 0.5],
      1e-6,
    );
    expectClose(losses.softmaxCrossEntropy(z, labels([1])), [Number.POSITIVE_INFINITY], 0);
  });

  test('is mapped and compiled to the same bits', () => {
    const plain = elements(losses.softmaxCrossEntropy(logits, y));
    expect(elements(jit(losses.softmaxCrossEntropy)(logits, y))).toEqual(plain);
    expect(elements(vmap(losses.softmaxCrossEntropy)(logits, y))).toEqual(plain);
  });

  test('says what does not fit', () => {
    expect(() => losses.softmaxCrossEntropy(logits, labels([0, 1]))).toThrow(
      new ShapeError(
        'nn.losses.softmaxCrossEntropy: logits float64[4, 3] take integer labels of shape [4] or a float distribution of shape ' +
          '[4, 3], got int32[2]',
      ),
    );
    expect(() => losses.softmaxCrossEntropy(logits, zeros([4]))).toThrow(ShapeError);
    expect(() => losses.softmaxCrossEntropy(logits, zeros([4, 3], { dtype: 'bool' }))).toThrow(DTypeError);
    expect(() => losses.softmaxCrossEntropy(array(1), labels([0]))).toThrow(
      'expected logits to be [...batch, classes], got a scalar',
    );
  });

  test('refuses labels outside the classes, compiled or not', () => {
    const bad = labels([0, 1, 3, 0]);
    expect(() => losses.softmaxCrossEntropy(logits, bad)).toThrow(
      new ArgumentError('nn.losses.softmaxCrossEntropy: expected labels from 0 to 2, got 3'),
    );
    expect(() => losses.softmaxCrossEntropy(logits, labels([0, 0, 0, -1]))).toThrow('got -1');
    expect(() => grad((z: NDArray) => losses.softmaxCrossEntropy(z, bad).sum())(logits)).toThrow('got 3');
    expect(() => jit(losses.softmaxCrossEntropy)(logits, bad)).toThrow(RangeError);
    expect(() => jit(losses.softmaxCrossEntropy)(logits, labels([0, 0, 0, -1]))).toThrow(RangeError);
  });
});

describe('sigmoidBinaryCrossEntropy', () => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  test('is −t log s − (1 − t) log(1 − s)', () => {
    const [x, t] = [scattered([3, 4], 4), softmax(scattered([3, 4], 1))];
    const ts = elements(t);
    const expected = elements(x).map(
      (v, i) => -(ts[i] as number) * Math.log(sigmoid(v)) - (1 - (ts[i] as number)) * Math.log(1 - sigmoid(v)),
    );
    expectClose(losses.sigmoidBinaryCrossEntropy(x, t), expected, 1e-14);
    expectClose(
      slopes((v) => losses.sigmoidBinaryCrossEntropy(v, t), x),
      elements(x).map((v, i) => sigmoid(v) - (ts[i] as number)),
      1e-14,
    );
    expectGradient((v) => weighted(losses.sigmoidBinaryCrossEntropy(v, t)), x);
    expectGradient((v) => weighted(losses.sigmoidBinaryCrossEntropy(x, v)), t);
  });

  test('keeps its relative precision where the prediction is good', () => {
    const [x, t] = [array([80, -80, 20, -20]), array([1, 0, 1, 0])];
    const expected = [-80, -80, -20, -20].map(Math.exp);
    expectClose(losses.sigmoidBinaryCrossEntropy(x, t), expected.map(Math.log1p), 1e-6, 0);
    expectClose(
      slopes((v) => losses.sigmoidBinaryCrossEntropy(v, t), x),
      [-1, 1, -1, 1].map((s, i) => s * (expected[i] as number)),
      1e-6,
      0,
    );
  });

  test('is right for logits of any size, in float32', () => {
    for (const size of [80, 1e4, 1e30]) {
      const x = array([size, -size, size, -size]);
      const t = array([1, 1, 0, 0.5]);
      const big = Math.fround(size);
      expectClose(losses.sigmoidBinaryCrossEntropy(x, t), [0, big, big, big / 2], 1e-6);
      expectClose(
        slopes((v) => losses.sigmoidBinaryCrossEntropy(v, t), x),
        [0, -1, 1, -0.5],
        1e-6,
      );
    }
  });

  test('has curvature s (1 − s) at 0', () => {
    const h = hessian((v: NDArray) => losses.sigmoidBinaryCrossEntropy(v, 1))(array(0, { dtype: 'float64' }));
    expect(h.item()).toBe(0.25);
  });
});

describe('errors of predictions', () => {
  const [x, t] = [filled([1, -2, 4, 0], [2, 2]), filled([0, 0, 1, 0.5], [2, 2])];

  test('are averaged over all axes but the first', () => {
    expectClose(losses.meanSquaredError(x, t), [2.5, 4.625], 1e-15);
    expectClose(losses.meanAbsoluteError(x, t), [1.5, 1.75], 1e-15);
    expectClose(losses.huber(x, t), [(0.5 + 1.5) / 2, (2.5 + 0.125) / 2], 1e-15);
    expectClose(losses.huber(x, t, { delta: 2 }), [(0.5 + 2) / 2, (4 + 0.125) / 2], 1e-15);
    expectClose(losses.huber(array([1.2, -1.2, 0.9]), 0), [0.7, 0.7, 0.405], 1e-6);
    expect(losses.meanSquaredError(zeros([4, 2, 3]), zeros([4, 2, 3])).shape).toEqual([4]);
    expectClose(losses.meanSquaredError(array([1, 3]), 1), [0, 4], 0);
    expect(losses.meanSquaredError(array(3), array(1)).item()).toBe(4);
  });

  test('have the derivatives of finite differences', () => {
    for (const loss of [losses.meanSquaredError, losses.meanAbsoluteError, losses.huber]) {
      expectGradient((v) => weighted(loss(v, t)), filled([0.8, -2, 4, 0.3], [2, 2]));
      expectGradient((v) => weighted(loss(x, v)), filled([0.1, 0, 1.2, 0.7], [2, 2]));
    }
  });

  test('have their derivatives at the kinks', () => {
    const at = (loss: (a: NDArray, b: number) => NDArray, d: number[]) =>
      slopes((v) => loss(v, 0), array(d, { dtype: 'float64' }));
    expectClose(at(losses.meanAbsoluteError, [0]), [0], 0);
    expectClose(at(losses.huber, [0, 1, -1, 3]), [0, 1, -1, 1], 0);
    const h = hessian((v: NDArray) => losses.huber(v, 0))(array(0, { dtype: 'float64' }));
    expect(h.item()).toBe(1);
  });

  test('stay finite far out', () => {
    const far = array([1e30, -1e30]);
    expectClose(losses.huber(far, 0), [Math.fround(1e30), Math.fround(1e30)], 1e-6);
    expectClose(
      slopes((v) => losses.huber(v, 0), far),
      [1, -1],
      0,
    );
    expectClose(
      slopes((v) => losses.meanSquaredError(v, 0), far),
      [Math.fround(2e30), Math.fround(-2e30)],
      1e-6,
    );
  });

  test('refuse shapes that would broadcast', () => {
    expect(() => losses.meanSquaredError(zeros([4, 1]), zeros([4]))).toThrow(
      new ShapeError(
        'nn.losses.meanSquaredError: expected predictions and targets of one shape, got float32[4, 1] and float32[4]; reshape one of them',
      ),
    );
    expect(() => losses.huber(x, t, { delta: 0 })).toThrow(
      'nn.losses.huber: expected delta to be a finite number above 0, got 0',
    );
  });
});

describe('klDivergence', () => {
  const [p, q] = [logSoftmax(scattered([3, 4], 2)), logSoftmax(scattered([3, 4], 1).mul(-1))];

  test('is Σ p log(p / q), positive, and 0 for equal ones', () => {
    const [ps, qs] = [elements(p), elements(q)];
    const expected = [0, 1, 2].map((row) =>
      [0, 1, 2, 3].reduce(
        (s, c) => s + Math.exp(ps[4 * row + c] as number) * ((ps[4 * row + c] as number) - (qs[4 * row + c] as number)),
        0,
      ),
    );
    expectClose(losses.klDivergence(p, q), expected, 1e-14);
    expect(Math.min(...expected)).toBeGreaterThan(0);
    expect(elements(losses.klDivergence(p, p))).toEqual([0, 0, 0]);
  });

  test('is the cross entropy without the entropy', () => {
    const logits = scattered([3, 4], 1).mul(-1);
    const probabilities = softmax(scattered([3, 4], 2));
    const difference = losses.softmaxCrossEntropy(logits, probabilities).add(probabilities.mul(p).sum(-1));
    expectClose(losses.klDivergence(p, q), elements(difference), 1e-14);
  });

  test('has the derivatives of finite differences', () => {
    expectGradient((v) => weighted(losses.klDivergence(v, q)), p);
    expectGradient((v) => weighted(losses.klDivergence(p, v)), q);
  });

  test('counts what cannot happen as 0, and what q excludes as ∞', () => {
    const never = Number.NEGATIVE_INFINITY;
    const certain = array([0, never]);
    const half = array([-Math.LN2, -Math.LN2]);
    expectClose([losses.klDivergence(certain, half).item()], [Math.LN2], 1e-6);
    expectClose([losses.klDivergence(certain, certain).item()], [0], 0);
    expect(losses.klDivergence(half, certain).item()).toBe(Number.POSITIVE_INFINITY);
    expectClose(
      slopes((v) => losses.klDivergence(certain, v), half),
      [-1, 0],
      0,
    );
    expectClose(
      slopes((v) => losses.klDivergence(v, half), certain),
      [1 + Math.LN2, 0],
      1e-6,
    );
  });

  test('is right for logits of any size', () => {
    const [a, b] = [logSoftmax(array([1e4, -1e4])), logSoftmax(array([-1e4, 1e4]))];
    expectClose([losses.klDivergence(a, b).item()], [2e4], 1e-6);
  });
});

describe('cosineSimilarity', () => {
  const [a, b] = [scattered([3, 4], 2), scattered([3, 4], 1).mul(-1).add(0.2)];

  test('is the cosine of the angle', () => {
    expectClose(
      losses.cosineSimilarity(filled([1, 0, 3, 4], [2, 2]), filled([0, 2, 4, 3], [2, 2])),
      [0, 24 / 25],
      1e-15,
    );
    expectClose(losses.cosineSimilarity(a, a.mul(7)), [1, 1, 1], 1e-14);
    expectClose(losses.cosineDistance(a, a.mul(-2)), [2, 2, 2], 1e-14);
    expect(losses.cosineSimilarity(a, b, { axis: 0 }).shape).toEqual([4]);
  });

  test('has the derivatives of finite differences', () => {
    expectGradient((v) => weighted(losses.cosineSimilarity(v, b)), a);
    expectGradient((v) => weighted(losses.cosineDistance(a, v, { axis: 0 })), b);
  });

  test('of a zero vector is 0 with finite derivatives', () => {
    const zero = zeros([2], { dtype: 'float64' });
    const other = array([3, 4], { dtype: 'float64' });
    expect(losses.cosineSimilarity(zero, other).item()).toBe(0);
    expectClose(
      slopes((v) => losses.cosineSimilarity(v, other, { epsilon: 0.5 }), zero),
      [1.2, 1.6],
      1e-14,
    );
    expectClose(
      slopes((v) => losses.cosineSimilarity(zero, v), other),
      [0, 0],
      0,
    );
  });

  test('says what does not fit', () => {
    expect(() => losses.cosineSimilarity(a, zeros([4]))).toThrow(
      'nn.losses.cosineSimilarity: expected a and b of one shape, got float64[3, 4] and float32[4]; reshape one of them',
    );
  });
});
