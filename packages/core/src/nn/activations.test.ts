import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { ArgumentError, ShapeError } from '../errors';
import { array } from '../numpy/creation';
import { hessian, jacrev } from '../transforms/derivatives';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import * as nn from './activations';
import { elements, expectClose, expectGradient, filled, numericGradient, scattered, weighted } from './test-support';

const logistic = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const alpha = 1.6732632423543772;
const lambda = 1.0507009873554805;

interface Case {
  f: (x: NDArray) => NDArray;
  /** The function and its derivative in plain numbers; null where there is no closed form at hand. */
  value: ((x: number) => number) | null;
  slope: ((x: number) => number) | null;
  /** Limits of value and derivative far out on both sides: value(±x) for large x, and the slopes there. */
  far: { value: (x: number) => number; slope: (x: number) => number };
}

const right = (x: number) => Math.max(x, 0);
const step = (x: number) => (x > 0 ? 1 : 0);

const cases: Record<string, Case> = {
  relu: { f: nn.relu, value: right, slope: step, far: { value: right, slope: step } },
  leakyRelu: {
    f: nn.leakyRelu,
    value: (x) => (x > 0 ? x : 0.01 * x),
    slope: (x) => (x > 0 ? 1 : 0.01),
    far: { value: (x) => (x > 0 ? x : 0.01 * x), slope: (x) => (x > 0 ? 1 : 0.01) },
  },
  elu: {
    f: nn.elu,
    value: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    far: { value: (x) => (x > 0 ? x : -1), slope: step },
  },
  selu: {
    f: nn.selu,
    value: (x) => lambda * (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x) => lambda * (x > 0 ? 1 : alpha * Math.exp(x)),
    far: { value: (x) => lambda * (x > 0 ? x : -alpha), slope: (x) => lambda * step(x) },
  },
  gelu: { f: (x) => nn.gelu(x), value: null, slope: null, far: { value: right, slope: step } },
  'gelu, approximate': {
    f: (x) => nn.gelu(x, { approximate: true }),
    value: geluTanh,
    slope: null,
    far: { value: right, slope: step },
  },
  silu: {
    f: nn.silu,
    value: (x) => x * logistic(x),
    slope: (x) => logistic(x) * (1 + x * (1 - logistic(x))),
    far: { value: right, slope: step },
  },
  sigmoid: {
    f: nn.sigmoid,
    value: logistic,
    slope: (x) => logistic(x) * logistic(-x),
    far: { value: step, slope: () => 0 },
  },
  tanh: {
    f: nn.tanh,
    value: Math.tanh,
    slope: (x) => 1 - Math.tanh(x) ** 2,
    far: { value: Math.sign, slope: () => 0 },
  },
  softplus: { f: nn.softplus, value: softplus, slope: logistic, far: { value: right, slope: step } },
  logSigmoid: {
    f: nn.logSigmoid,
    value: (x) => -softplus(-x),
    slope: (x) => logistic(-x),
    far: { value: (x) => Math.min(x, 0), slope: (x) => step(-x) },
  },
  hardTanh: {
    f: nn.hardTanh,
    value: (x) => Math.min(1, Math.max(-1, x)),
    slope: (x) => (Math.abs(x) <= 1 ? 1 : 0),
    far: { value: Math.sign, slope: () => 0 },
  },
};

const grid = Array.from({ length: 41 }, (_, i) => (i - 20) * 0.31 + 0.004);

describe.each(Object.entries(cases))('%s', (_, { f, value, slope, far }) => {
  const x = array(grid, { dtype: 'float64' });
  const slopes = (v: NDArray) => grad((u: NDArray) => f(u).sum())(v) as NDArray;

  test('is its closed form', () => {
    if (value) expectClose(f(x), grid.map(value), 1e-13);
    if (slope) expectClose(slopes(x), grid.map(slope), 1e-13);
  });

  test('has the derivative of finite differences', () => {
    expectGradient((v) => weighted(f(v)), x);
  });

  test('is finite and right far out, in float32 too', () => {
    for (const size of [80, 200, 1e4, 1e20, 1e30]) {
      for (const dtype of ['float32', 'float64'] as const) {
        const ends = array([-size, size], { dtype });
        expectClose(f(ends), [far.value(-size), far.value(size)], 1e-6);
        expectClose(slopes(ends), [far.slope(-size), far.slope(size)], 1e-6);
      }
    }
  });

  test('hands NaN on', () => {
    expect(elements(f(array([Number.NaN, 1])))[0]).toBeNaN();
  });

  test('keeps the dtype, makes whole numbers float32 and takes numbers', () => {
    expect(f(array([1, 2])).dtype).toBe('float32');
    expect(f(x).dtype).toBe('float64');
    expect(f(array([-1, 2], { dtype: 'int32' })).dtype).toBe('float32');
  });

  test('gives the same bits compiled and mapped', () => {
    const y = elements(f(x));
    expect(elements(jit(f)(x))).toEqual(y);
    expect(elements(vmap(f)(x))).toEqual(y);
    expect(elements(vmap(grad(f))(x))).toEqual(elements(slopes(x)));
  });
});

describe('derivatives at kinks', () => {
  test.each<[string, (x: NDArray) => NDArray, number, number]>([
    ['relu', nn.relu, 0, 0],
    ['leakyRelu', (x) => nn.leakyRelu(x, 0.2), 0, 0.2],
    ['elu', (x) => nn.elu(x, 0.5), 0, 0.5],
    ['hardTanh', nn.hardTanh, 1, 1],
    ['hardTanh', nn.hardTanh, -1, 1],
    ['softplus', nn.softplus, 0, 0.5],
    ['logSigmoid', nn.logSigmoid, 0, 0.5],
  ])('%s', (_, f, at, slope) => {
    expectClose([(grad(f)(array(at)) as NDArray).item()], [slope], 1e-7);
  });

  test('softplus has no kink in any derivative', () => {
    const second = (x: number) => (hessian(nn.softplus)(array(x, { dtype: 'float64' })) as NDArray).item();
    expect(second(0)).toBe(0.25);
    const third = (x: NDArray) => hessian(nn.softplus)(x);
    expect(numericGradient(third, array(0, { dtype: 'float64' }))[0]).toBeCloseTo(0, 10);
    const fourth = grad(grad((x: NDArray) => hessian(nn.softplus)(x)) as (x: NDArray) => NDArray);
    expectClose([(fourth(array(0, { dtype: 'float64' })) as NDArray).item()], [-1 / 8], 1e-12);
  });
});

test('tails keep their relative precision in float32', () => {
  const x = [-80, -50, -20];
  expectClose(nn.softplus(array(x)), x.map(softplus), 1e-6, 0);
  expectClose(
    nn.logSigmoid(array(x.map((v) => -v))),
    x.map((v) => -softplus(v)),
    1e-6,
    0,
  );
  expectClose(nn.sigmoid(array(x)), x.map(logistic), 1e-6, 0);
  expectClose(grad((v: NDArray) => nn.softplus(v).sum())(array(x)) as NDArray, x.map(logistic), 1e-6, 0);
});

test('gelu is x Φ(x)', () => {
  // Φ(1) and Φ(−2) to 15 digits.
  expectClose(nn.gelu(array([1, -2, 0], { dtype: 'float64' })), [0.841344746068543, -2 * 0.0227501319481792, 0], 1e-14);
});

describe('softmax and logSoftmax', () => {
  const x = scattered([3, 4], 3);

  test('are exponentials over their sum, along any axis', () => {
    for (const axis of [0, 1, -1]) {
      const rows = nn.softmax(x, axis);
      expectClose(rows.sum(axis), new Array(axis === 0 ? 4 : 3).fill(1), 1e-15);
      expectClose(nn.logSoftmax(x, axis), elements(rows).map(Math.log), 1e-14);
    }
    const [a, b, c] = [Math.exp(1), Math.exp(2), Math.exp(3)];
    expectClose(
      nn.softmax(array([1, 2, 3], { dtype: 'float64' })),
      [a, b, c].map((e) => e / (a + b + c)),
      1e-15,
    );
  });

  test('have the Jacobians diag(s) − s sᵀ and I − 1 sᵀ', () => {
    const z = scattered([5], 2);
    const s = elements(nn.softmax(z));
    const each = (f: (i: number, j: number) => number) => s.flatMap((_, i) => s.map((__, j) => f(i, j)));
    const [p, q] = [(i: number) => s[i] as number, (i: number, j: number) => (i === j ? 1 : 0)];
    expectClose(
      jacrev(nn.softmax)(z),
      each((i, j) => p(i) * (q(i, j) - p(j))),
      1e-14,
    );
    expectClose(
      jacrev(nn.logSoftmax)(z),
      each((i, j) => q(i, j) - p(j)),
      1e-14,
    );
  });

  test('have the derivatives of finite differences', () => {
    expectGradient((v) => weighted(nn.softmax(v, 0)), x);
    expectGradient((v) => weighted(nn.logSoftmax(v, 1)), x);
  });

  test('stay right for logits of any size', () => {
    const big = array([80, -80, 79], { dtype: 'float32' });
    expectClose(nn.softmax(big), [1 / (1 + Math.exp(-1)), 0, 1 / (1 + Math.E)], 1e-6);
    expectClose(nn.logSoftmax(array([1e4, 1e4, -1e4])), [-Math.LN2, -Math.LN2, -2e4 - Math.LN2], 1e-6);
    expectClose(nn.logSoftmax(array([1e30, -1e30])), [0, Math.fround(-2e30)], 1e-6);
    expectClose(grad((v: NDArray) => nn.logSoftmax(v).at(1))(array([1e30, -1e30])) as NDArray, [-1, 1], 1e-6);
  });

  test('give masked logits no weight and no derivative', () => {
    const z = array([0, Number.NEGATIVE_INFINITY, 0]);
    expect(elements(nn.softmax(z))).toEqual([0.5, 0, 0.5]);
    expectClose(grad((v: NDArray) => nn.softmax(v).at(0))(z) as NDArray, [0.25, 0, -0.25], 0);
    expect(elements(nn.logSoftmax(z))[1]).toBe(Number.NEGATIVE_INFINITY);
  });

  test('are mapped and compiled to the same bits', () => {
    expect(elements(jit(vmap((row: NDArray) => nn.softmax(row)))(x))).toEqual(elements(nn.softmax(x)));
    expect(elements(jit(vmap((row: NDArray) => nn.logSoftmax(row)))(x))).toEqual(elements(nn.logSoftmax(x)));
  });

  test('name the axis that does not exist', () => {
    expect(() => nn.softmax(x, 2)).toThrow(
      new ShapeError('nn.softmax: axis 2 does not exist: expected a whole number from -2 to 1 for an array of rank 2'),
    );
    expect(() => nn.logSoftmax(1)).toThrow('nn.logSoftmax: expected an array with at least one axis, got float32[]');
  });
});

describe('glu', () => {
  test('gates the first half by the second', () => {
    const x = filled([1, 2, 3, 0, 0, 100], [6]);
    expectClose(nn.glu(x), [0.5, 1, 3], 1e-12);
    expect(nn.glu(scattered([4, 3, 5]), 0).shape).toEqual([2, 3, 5]);
    expectGradient((v) => weighted(nn.glu(v, 1)), scattered([2, 4], 2));
  });

  test('needs an even size', () => {
    expect(() => nn.glu(scattered([3]))).toThrow(
      new ShapeError('nn.glu: expected an even size along axis -1, got float64[3]; it is cut into two halves'),
    );
  });
});

test('unusable parameters are refused', () => {
  expect(() => nn.leakyRelu(1, Number.NaN)).toThrow(
    new ArgumentError('nn.leakyRelu: expected slope to be a finite number, got NaN'),
  );
  expect(() => nn.elu(1, Number.POSITIVE_INFINITY)).toThrow(
    'nn.elu: expected alpha to be a finite number, got Infinity',
  );
});
