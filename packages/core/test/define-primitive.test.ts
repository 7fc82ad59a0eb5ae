import { describe, expect, test } from 'vitest';
import './support/matchers';
import {
  array,
  bind,
  DTypeError,
  definePrimitive,
  grad,
  hessian,
  init,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearTranspose,
  type NDArray,
  np,
  type Primitive,
  type ShapedType,
  type TypedArray,
  vmap,
} from '../src/index';

/** (x + √(x² + b)) / 2 with an own kernel and an own derivative: y / √(x² + b). */
const squareplusPrimitive: Primitive<{ b: number }> = definePrimitive<{ b: number }>({
  name: 'squareplus',
  elementwise: true,
  outputs([x]) {
    const { shape, dtype } = x as ShapedType;
    if (dtype !== 'float32' && dtype !== 'float64') throw new DTypeError(`squareplus: expected floats, got ${dtype}`);
    return [{ shape, dtype }];
  },
  jvp([x], [t], { b }) {
    const y = squareplus(x as NDArray, b);
    return { outputs: [y], tangents: [t ? t.mul(y).div(np.sqrt(np.square(x as NDArray).add(b))) : null] };
  },
  transpose() {
    throw new DTypeError('transpose: squareplus is not linear');
  },
  batch: (_size, [x], batched, { b }) => ({ outputs: [squareplus(x as NDArray, b)], batched }),
  lower: {
    reference({ params: { b } }) {
      return ([x], [out]) => {
        const from = x as TypedArray;
        const to = out as TypedArray;
        for (let i = 0; i < to.length; i++) {
          const v = from[i] as number;
          to[i] = (v + Math.sqrt(v * v + b)) / 2;
        }
      };
    },
  },
});

function squareplus(x: NDArray, b = 4): NDArray {
  return bind(squareplusPrimitive, [x], { b })[0] as NDArray;
}

/** Linear: out[i] = x[i] − x[i − 1] with x[−1] = 0 along the last axis, and its transpose, out[i] = x[i] − x[i + 1]. */
const differencePrimitive: Primitive<{ backwards: boolean }> = definePrimitive<{ backwards: boolean }>({
  name: 'difference',
  outputs: ([x]) => [{ shape: (x as ShapedType).shape, dtype: (x as ShapedType).dtype }],
  jvp: ([x], [t], { backwards }) => ({
    outputs: [difference(x as NDArray, backwards)],
    tangents: [t ? difference(t, backwards) : null],
  }),
  transpose: ([ct], _operands, { backwards }) => [ct ? difference(ct, !backwards) : null],
  batch: (_size, [x], batched, { backwards }) => ({ outputs: [difference(x as NDArray, backwards)], batched }),
  lower: {
    reference({ inputs, params: { backwards } }) {
      const n = inputs[0]?.shape.at(-1) ?? 1;
      return ([x], [out]) => {
        const from = x as TypedArray;
        const to = out as TypedArray;
        for (let i = 0; i < to.length; i++) {
          const edge = backwards ? i % n === n - 1 : i % n === 0;
          to[i] = (from[i] as number) - (edge ? 0 : (from[i + (backwards ? 1 : -1)] as number));
        }
      };
    },
  },
});

function difference(x: NDArray, backwards = false): NDArray {
  return bind(differencePrimitive, [x], { backwards })[0] as NDArray;
}

const plain = (x: NDArray): NDArray => x.add(np.sqrt(np.square(x).add(4))).div(2);
const x = array([-3, -0.5, 0, 2], { dtype: 'float64' });
const exact = { rtol: 1e-12, atol: 1e-12 };

describe('an operation of one’s own', () => {
  test('runs eagerly and compiled, on every backend', () => {
    expect(squareplus(x)).toBeAllclose(plain(x), exact);
    expect(squareplus(x, 1)).toBeAllclose(x.add(np.sqrt(np.square(x).add(1))).div(2), exact);
    expect(jit((v: NDArray) => squareplus(v.T.reshape([2, 2]).T))(x)).toBeAllclose(plain(x).reshape([2, 2]).T, exact);
    try {
      init({ backend: 'reference' });
      expect(jit((v: NDArray) => squareplus(v))(x)).toBeAllclose(plain(x), exact);
    } finally {
      init();
    }
  });

  test('has the derivatives that follow from its rule', () => {
    const loss = (v: NDArray) => np.sum(np.sin(squareplus(v)));
    const plainLoss = (v: NDArray) => np.sum(np.sin(plain(v)));
    expect(grad(loss)(x)).toBeAllclose(grad(plainLoss)(x), exact);
    expect(jit(grad(loss))(x)).toBeAllclose(grad(plainLoss)(x), exact);
    expect(grad(jit(loss))(x)).toBeAllclose(grad(plainLoss)(x), exact);
    expect(jvp((v: NDArray) => squareplus(v), [x], [x])[1]).toBeAllclose(jvp(plain, [x], [x])[1], exact);
    expect(hessian(loss)(x)).toBeAllclose(hessian(plainLoss)(x), exact);
  });

  test('maps', () => {
    const m = np.stack([x, x.mul(2)]);
    expect(vmap((v: NDArray) => squareplus(v), { inAxes: 1, outAxes: 1 })(m)).toBeAllclose(plain(m), exact);
    expect(vmap(grad((v: NDArray) => np.sum(squareplus(v))))(m)).toBeAllclose(
      grad((v: NDArray) => np.sum(plain(v)))(m),
      exact,
    );
    expect(jit(vmap(jit((v: NDArray) => squareplus(v))))(m)).toBeAllclose(plain(m), exact);
  });

  test('checks its operands', () => {
    expect(() => squareplus(array([1], { dtype: 'int32' }))).toThrow('squareplus: expected floats, got int32');
    expect(() => linearTranspose((v: NDArray) => squareplus(v), [x])(x)).toThrow('squareplus is not linear');
  });

  test('a linear one goes back through its transpose', () => {
    expect(difference(x)).toBeAllclose([-3, 2.5, 0.5, 2], exact);
    expect(linearTranspose((v: NDArray) => difference(v), [x])(x)[0]).toBeAllclose([-2.5, -0.5, -2, 2], exact);
    expect(jacrev((v: NDArray) => difference(v))(x)).toHaveSameBits(jacfwd((v: NDArray) => difference(v))(x));
    const m = np.stack([x, x.mul(2)]);
    expect(vmap((v: NDArray) => difference(v), { inAxes: 1, outAxes: 1 })(m)).toBeAllclose(
      np.concatenate([m.slice([0, 1]), m.slice([1, 2]).sub(m.slice([0, 1]))]),
      exact,
    );
    const loss = (v: NDArray) => np.sum(np.square(difference(v)));
    expect(grad(jit(loss))(x)).toBeAllclose(difference(difference(x), true).mul(2), exact);
  });
});
