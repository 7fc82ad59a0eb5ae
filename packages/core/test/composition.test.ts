import { describe, expect, test } from 'vitest';
import './support/matchers';
import {
  array,
  checkpoint,
  customJvp,
  customVjp,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  linearTranspose,
  makeProgram,
  type NDArray,
  np,
  printProgram,
  stopGradient,
  valueAndGrad,
  vjp,
  vmap,
} from '../src/index';
import { directionalDerivative } from './support/finite-difference';
import { forAll, type Sampler } from './support/sampler';
import { values } from './support/values';

type Elementwise = (x: NDArray) => NDArray;

const ones = (x: NDArray) => np.onesLike(x);

/** Each gives the derivative of an elementwise function, as an elementwise function. */
const reverse: Record<string, (f: Elementwise) => Elementwise> = {
  grad: (f) => (x) => grad((v: NDArray) => np.sum(f(v)))(x),
  valueAndGrad: (f) => (x) => valueAndGrad((v: NDArray) => np.sum(f(v)))(x)[1],
  vjp: (f) => (x) => vjp(f, [x])[1](ones(x))[0],
  jacrev: (f) => (x) => np.sum(jacrev(f)(x).reshape([x.size, x.size]), 0).reshape(x.shape),
};
const forward: Record<string, (f: Elementwise) => Elementwise> = {
  jvp: (f) => (x) => jvp(f, [x], [ones(x)])[1],
  linearize: (f) => (x) => linearize(f, x)[1](ones(x)),
  jacfwd: (f) => (x) => np.sum(jacfwd(f)(x).reshape([x.size, x.size]), 1).reshape(x.shape),
  transposedLinearization: (f) => (x) => linearTranspose(linearize(f, x)[1], [x])(ones(x))[0],
};
const derivatives = { ...forward, ...reverse };

/** Each gives the function itself. */
const neutral: Record<string, (f: Elementwise) => Elementwise> = {
  jit: (f) => jit(f),
  checkpoint: (f) => checkpoint(f),
  vmap: (f) => (x) => (x.ndim === 0 ? f(x) : vmap(f)(x)),
  vmapLast: (f) => (x) => (x.ndim === 0 ? f(x) : vmap(f, { inAxes: -1, outAxes: -1 })(x)),
  closure: (f) => (x) => vmap((_: NDArray) => f(x))(np.zeros([2])).at(1),
  primal: (f) => (x) => jvp(f, [x], [ones(x)])[0],
  value: (f) => (x) => vjp(f, [x])[0],
};

/** exp(1.5 x), whose derivative of order n is 1.5ⁿ exp(1.5 x), in several spellings. */
const spellings: Record<string, Elementwise> = {
  plain: (x) => np.exp(x.mul(1.5)),
  jit: jit((x: NDArray) => np.exp(x.mul(1.5))),
  checkpoint: checkpoint((x: NDArray) => np.exp(x.mul(1.5))),
  customJvp: customJvp(
    (x: NDArray) => np.exp(x.mul(1.5)),
    ([x], [t]) => {
      const y = np.exp(x.mul(1.5));
      return [y, y.mul(t).mul(1.5)];
    },
  ),
};
const withReverseRule: Elementwise = customVjp((x: NDArray) => np.exp(x.mul(1.5)), {
  forward: (x) => {
    const y = np.exp(x.mul(1.5));
    return [y, y];
  },
  backward: (y, c) => [y.mul(c).mul(1.5)],
});

function pickFrom<T>(s: Sampler, choices: Record<string, T>): [string, T] {
  return s.pick(Object.entries(choices));
}

/** A random tower of transforms on f, its name, and how often it differentiates. */
function tower(
  s: Sampler,
  name: string,
  f: Elementwise,
  height: number,
): { name: string; f: Elementwise; order: number } {
  let result = { name, f, order: 0 };
  for (let level = 0; level < height; level++) {
    // Orders above three add nothing but size.
    const differentiate = result.order < 3 && s.bool();
    const [label, transform] = pickFrom(s, differentiate ? derivatives : neutral);
    result = {
      name: `${label}(${result.name})`,
      f: transform(result.f),
      order: result.order + (differentiate ? 1 : 0),
    };
  }
  return result;
}

describe('towers of transforms', () => {
  test('of any kind, on a function with a known derivative of every order', () => {
    forAll(250, (s) => {
      const [name, base] = pickFrom(s, spellings);
      const { name: whole, f, order } = tower(s, name, base, s.int(1, 6));
      const x = values(s.pick([[], [2], [2, 2]]), 'float64', s.seed());
      expect(f(x), whole).toBeAllclose(np.exp(x.mul(1.5)).mul(1.5 ** order), { rtol: 1e-11 });
    });
  }, 60_000);

  test('on a function with a reverse derivative of its own', () => {
    forAll(120, (s) => {
      const [inner, wrap] = pickFrom(s, {
        jit: neutral.jit,
        checkpoint: neutral.checkpoint,
        vmap: neutral.vmap,
        none: (f: Elementwise) => f,
      });
      const [first, transform] = pickFrom(s, reverse);
      const { name, f, order } = tower(
        s,
        first,
        transform((wrap as (f: Elementwise) => Elementwise)(withReverseRule)),
        s.int(0, 4),
      );
      const x = values(s.pick([[], [2], [2, 2]]), 'float64', s.seed());
      expect(f(x), `${name} of ${inner}`).toBeAllclose(np.exp(x.mul(1.5)).mul(1.5 ** (order + 1)), { rtol: 1e-11 });
    });
  }, 60_000);
});

/** A smooth function of matrices that mixes everything. */
const mixed = (x: NDArray): NDArray =>
  np
    .tanh(np.matmul(x, x.T))
    .add(np.sum(np.sin(x), 1, { keepDims: true }))
    .mul(np.logsumexp(x));
const scalar = (x: NDArray): NDArray => np.sum(mixed(x).mul(mixed(x)));

describe('whole derivatives', () => {
  const x = values([2, 3], 'float64', 1);
  const basis = np.eye(6, 6, { dtype: 'float64' }).reshape([6, 2, 3]);

  test('jacfwd, jacrev and finite differences agree', () => {
    const columns = [...basis].map(
      (e) => directionalDerivative(([v]) => [mixed(v as NDArray)], [x], [e])[0] as NDArray,
    );
    const expected = np.moveaxis(np.stack(columns), 0, 2).reshape([2, 2, 2, 3]);
    expect(jacfwd(mixed)(x)).toBeAllclose(expected, { rtol: 1e-7, atol: 1e-7 });
    expect(jacrev(mixed)(x)).toBeAllclose(jacfwd(mixed)(x), { rtol: 1e-12, atol: 1e-12 });
  });

  test('hessian and finite differences of the gradient agree; it is symmetric', () => {
    const gradient = grad(scalar);
    const rows = [...basis].map(
      (e) => directionalDerivative(([v]) => [gradient(v as NDArray)], [x], [e])[0] as NDArray,
    );
    const h = hessian(scalar)(x);
    expect(h.shape).toEqual([2, 3, 2, 3]);
    expect(h).toBeAllclose(np.stack(rows).reshape([2, 3, 2, 3]), { rtol: 1e-6, atol: 1e-6 });
    expect(h).toBeAllclose(np.transpose(h, [2, 3, 0, 1]), { rtol: 1e-10, atol: 1e-10 });
    expect(jacrev(grad(scalar))(x)).toBeAllclose(h, { rtol: 1e-10, atol: 1e-10 });
  });

  test('hvp is the Hessian times a direction', () => {
    const v = values([2, 3], 'float64', 2);
    expect(hvp(scalar, [x], v)).toBeAllclose(np.tensordot(hessian(scalar)(x), v), { rtol: 1e-10, atol: 1e-10 });
  });

  test('hvp takes trees and further arguments', () => {
    const f = (p: { a: NDArray; b: NDArray }, k: number) => np.sum(p.a.mul(p.a).mul(p.b)).mul(k);
    const p = { a: array([1, 2], { dtype: 'float64' }), b: array([3, 4], { dtype: 'float64' }) };
    const v = { a: array([1, 0], { dtype: 'float64' }), b: array([0, 1], { dtype: 'float64' }) };
    // ∂²/∂a² = 2b, ∂²/∂a∂b = 2a, times 10.
    const product = hvp(f, [p, 10], v);
    expect(product.a).toBeAllclose([60, 40]);
    expect(product.b).toBeAllclose([20, 0]);
  });

  test('checkpoint inside jit inside grad inside vmap', () => {
    const f = (w: NDArray, v: NDArray) =>
      np.sum(jit((a: NDArray, b: NDArray) => checkpoint((c: NDArray) => np.tanh(np.matmul(c, b)))(a))(w, v));
    const plain = (w: NDArray, v: NDArray) => np.sum(np.tanh(np.matmul(w, v)));
    const [ws, v] = [values([4, 2, 3], 'float64', 3), values([3, 2], 'float64', 4)];
    const mapped = vmap(grad(f, { argnums: [0, 1] }), { inAxes: [0, null] })(ws, v);
    const expected = [...ws].map((w) => grad(plain, { argnums: [0, 1] })(w, v));
    expect(mapped[0]).toBeAllclose(np.stack(expected.map((g) => g[0])), { rtol: 1e-12, atol: 1e-12 });
    expect(mapped[1]).toBeAllclose(np.stack(expected.map((g) => g[1])), { rtol: 1e-12, atol: 1e-12 });
  });

  test('grad of vmap of jit of grad', () => {
    const inner = jit((v: NDArray) => grad((u: NDArray) => np.sum(np.sin(u).mul(u)))(v));
    const outer = grad((m: NDArray) => np.sum(vmap(inner)(m)));
    const m = values([3, 2], 'float64', 5);
    // (u sin u)″ = 2 cos u − u sin u.
    expect(outer(m)).toBeAllclose(np.cos(m).mul(2).sub(np.sin(m).mul(m)), { rtol: 1e-12 });
  });
});

describe('levels do not mix', () => {
  const x = array(3, { dtype: 'float64' });

  test('nested derivatives in different variables', () => {
    // d/dx [x · d/dy (x y²) at y = x] = d/dx 2x³ = 6x².
    const f = (u: NDArray) => u.mul(grad((y: NDArray) => u.mul(y).mul(y))(u));
    expect(grad(f)(x)).toBeAllclose(54);
    expect(jvp(f, [x], [np.onesLike(x)])[1]).toBeAllclose(54);
    const forwardInside = (u: NDArray) => u.mul(jvp((y: NDArray) => u.mul(y).mul(y), [u], [np.onesLike(u)])[1]);
    expect(grad(forwardInside)(x)).toBeAllclose(54);
    expect(jit(grad(forwardInside))(x)).toBeAllclose(54);
  });

  test('perturbations of an outer variable do not leak into an inner derivative', () => {
    // d/dx [x · d/dy (x + y)] = 1, not 2.
    expect(grad((u: NDArray) => u.mul(grad((y: NDArray) => u.add(y))(np.onesLike(u))))(x)).toBeAllclose(1);
  });

  test('a compiled function may use a tracer of an outer transform', () => {
    const f = (u: NDArray) => jit((y: NDArray) => y.mul(u).mul(u))(np.onesLike(u).mul(2));
    expect(grad(f)(x)).toBeAllclose(12);
    expect(vmap(f)(array([1, 2], { dtype: 'float64' }))).toBeAllclose([2, 8]);
    expect(jit(grad(f))(x)).toBeAllclose(12);
    expect(grad(grad(f))(x)).toBeAllclose(4);
  });

  test('a mapped function may use a tracer, and a mapped value may be used in a derivative', () => {
    const f = (u: NDArray) => np.sum(vmap((y: NDArray) => y.mul(u))(array([1, 2, 3], { dtype: 'float64' })));
    expect(grad(f)(x)).toBeAllclose(6);
    const perExample = vmap((a: NDArray) => grad((y: NDArray) => y.mul(y).mul(a))(x));
    expect(perExample(array([1, 2], { dtype: 'float64' }))).toBeAllclose([6, 12]);
  });

  test('a function keeps what it captured when it was compiled, and takes captured arrays by value', () => {
    const w = array([1, 2, 3]);
    const f = jit((v: NDArray) => v.mul(w));
    expect(f(array([1, 1, 1]))).toBeAllclose([1, 2, 3]);
    expect(f(array([2, 2, 2]))).toBeAllclose([2, 4, 6]);
    expect(grad((v: NDArray) => np.sum(f(v)))(array([0, 0, 0]))).toBeAllclose([1, 2, 3]);
  });
});

describe('control flow on values', () => {
  const piecewise = (x: NDArray): NDArray => {
    if (x.item() > 0) return x.mul(x);
    let y = x;
    while (y.item() > -8) y = y.mul(2);
    return y;
  };
  const at = (v: number) => array(v, { dtype: 'float64' });

  test('works in every eager derivative', () => {
    expect(grad(piecewise)(at(3))).toBeAllclose(6);
    expect(grad(piecewise)(at(-3))).toBeAllclose(4);
    expect(jvp(piecewise, [at(-3)], [at(1)])).toBeAllclose([at(-12), at(4)]);
    expect(linearize(piecewise, at(-3))[1](at(1))).toBeAllclose(4);
    expect(hessian(piecewise)(at(3))).toBeAllclose(2);
    expect(grad(grad(piecewise))(at(3))).toBeAllclose(2);
  });

  test('sees whole arrays too', () => {
    const f = (x: NDArray) => {
      const [first] = x.toJS() as number[];
      return x.at(first === 2 ? 1 : 0);
    };
    expect(grad(f)(array([2, 5]))).toBeAllclose([0, 1]);
    expect(grad(f)(array([3, 5]))).toBeAllclose([1, 0]);
  });
});

describe('arguments', () => {
  const x = array([1, 2], { dtype: 'float64' });
  const f = (a: NDArray, n: NDArray, b: NDArray) => np.sum(np.take(a, n).mul(b));
  const n = array([1, 1], { dtype: 'int32' });

  test('integer arguments pass through, with zero gradients where they are asked for', () => {
    expect(grad(f)(x, n, x)).toBeAllclose([0, 3]);
    const [value, pull] = vjp(f, [x, n, x]);
    expect(value).toBeAllclose(6);
    expect(pull(array(1, { dtype: 'float64' }))).toBeAllclose([
      array([0, 3], { dtype: 'float64' }),
      np.zeros([2], { dtype: 'int32' }),
      array([2, 2], { dtype: 'float64' }),
    ]);
    const [, tangent] = jvp(f, [x, n, x], [x, np.zerosLike(n), np.zerosLike(x)]);
    expect(tangent).toBeAllclose(6);
  });

  test('argnums picks arguments, in the order of the list', () => {
    expect(grad(f, { argnums: 2 })(x, n, x)).toBeAllclose([2, 2]);
    expect(grad(f, { argnums: [2, 0] })(x, n, x)).toBeAllclose([
      array([2, 2], { dtype: 'float64' }),
      array([0, 3], { dtype: 'float64' }),
    ]);
    expect(valueAndGrad(f, { argnums: [0] })(x, n, x)).toBeAllclose([
      array(6, { dtype: 'float64' }),
      [array([0, 3], { dtype: 'float64' })],
    ]);
  });

  test('auxiliary results pass through all levels as plain arrays', () => {
    const g = (a: NDArray) =>
      [np.sum(a.mul(a)), { twice: a.mul(2), count: 3, whole: np.argmax(a) }] as [
        NDArray,
        { twice: NDArray; count: number; whole: NDArray },
      ];
    const [gradient, aux] = grad(g, { hasAux: true })(x);
    expect(gradient).toBeAllclose([2, 4]);
    expect(aux.twice).toBeAllclose([2, 4]);
    expect(aux.whole.item()).toBe(1);
    const [[loss, again], compiled] = jit(valueAndGrad(g, { hasAux: true }))(x);
    expect(loss).toBeAllclose(5);
    expect(again.twice).toBeAllclose([2, 4]);
    expect(compiled).toBeAllclose([2, 4]);
    const mapped = vmap(grad(g, { hasAux: true }))(np.stack([x, x.mul(2)]));
    expect(mapped[0]).toBeAllclose([
      [2, 4],
      [4, 8],
    ]);
    expect(mapped[1].twice).toBeAllclose([
      [2, 4],
      [4, 8],
    ]);
  });

  test('the auxiliary result has no influence on the gradient', () => {
    const g = (a: NDArray) => [np.sum(a), np.exp(a).mul(1000)] as [NDArray, NDArray];
    expect(grad(g, { hasAux: true })(x)[0]).toBeAllclose([1, 1]);
  });

  test('static arguments are values of any kind, one program for each', () => {
    let traced = 0;
    const g = jit(
      (a: NDArray, mode: string, options: { power: number }) => {
        traced++;
        return mode === 'double' ? a.mul(2) : a.pow(options.power);
      },
      { staticArgnums: [1, 2] },
    );
    const cube = { power: 3 };
    expect(g(x, 'double', cube)).toBeAllclose([2, 4]);
    expect(g(x, 'power', cube)).toBeAllclose([1, 8]);
    expect(g(x.mul(2), 'power', cube)).toBeAllclose([8, 64]);
    expect(traced).toBe(2);
    expect(grad((a: NDArray) => np.sum(g(a, 'power', cube)))(x)).toBeAllclose([3, 12]);
  });

  test('static texts cannot be taken for one another', () => {
    const join = jit((a: NDArray, ...words: string[]) => a.mul(words.length * 100 + (words[0] ?? '').length), {
      staticArgnums: [1, 2],
    });
    const one = array(1);
    expect(join(one, 'a"; "b')).toBeAllclose(106);
    expect(join(one, 'a', 'b')).toBeAllclose(201);
    expect(join(one, 'a;string b')).toBeAllclose(110);
    const inverse = jit((a: NDArray, zero: number) => a.div(1 / zero), { staticArgnums: 1 });
    expect(Object.is(inverse(one, 0).item(), 0)).toBe(true);
    expect(Object.is(inverse(one, -0).item(), -0)).toBe(true);
  });

  test('numbers in trees become float32 scalars, and a new number does not compile anew', () => {
    let traced = 0;
    const g = jit((p: { rate: number | NDArray; x: NDArray }) => {
      traced++;
      return p.x.mul(p.rate);
    });
    expect(g({ rate: 0.5, x: array([2]) })).toBeAllclose([1]);
    expect(g({ rate: 2, x: array([2]) })).toBeAllclose([4]);
    expect(traced).toBe(1);
    expect(grad((p: { rate: number }) => np.square(p.rate))({ rate: 3 })).toBeAllclose({ rate: array(6) });
  });

  test('a new shape, dtype or structure compiles anew', () => {
    let traced = 0;
    const g = jit((p: NDArray | NDArray[]) => {
      traced++;
      return p;
    });
    g(array([1, 2]));
    g(array([3, 4]));
    expect(traced).toBe(1);
    g(array([[1, 2]]));
    g(array([1, 2], { dtype: 'int32' }));
    g([array([1, 2])]);
    expect(traced).toBe(4);
  });

  test('gradients have the dtypes of the arguments, through casts', () => {
    const g = (a: NDArray, b: NDArray) => np.sum(a.astype('float64').mul(b));
    const [da, db] = grad(g, { argnums: [0, 1] })(array([1, 2]), x);
    expect([da.dtype, db.dtype]).toEqual(['float32', 'float64']);
  });

  test('stopGradient stops in every mode and keeps trees', () => {
    const g = (a: NDArray) => {
      const { s } = stopGradient({ s: a.mul(3) });
      return np.sum(s.mul(a));
    };
    expect(grad(g)(x)).toBeAllclose([3, 6]);
    expect(jvp(g, [x], [x])[1]).toBeAllclose(15);
    expect(jit(grad(g))(x)).toBeAllclose([3, 6]);
    expect(vmap(grad((a: NDArray) => stopGradient(a).mul(a)))(x)).toBeAllclose([1, 2]);
  });
});

describe('functions with their own derivative', () => {
  const x = values([3], 'float64', 8);
  /** A derivative that is wrong on purpose, so that it can be told from the true one. */
  const marked = customVjp((v: NDArray) => np.sin(v), {
    forward: (v) => [np.sin(v), { shape: v }],
    backward: ({ shape }, c) => [c.mul(100).add(shape.mul(0))],
  });
  const markedJvp = customJvp(
    (v: NDArray) => np.sin(v),
    ([v], [t]) => [np.sin(v), t.mul(100)],
  );

  test.each([
    ['customVjp', marked],
    ['customJvp', markedJvp],
  ])('%s is used under grad, jit, vmap, checkpoint and a transpose rule', (_name, f) => {
    const expected = np.fullLike(x, 100);
    const loss = (v: NDArray) => np.sum(f(v));
    expect(grad(loss)(x)).toBeAllclose(expected);
    expect(jit(grad(loss))(x)).toBeAllclose(expected);
    expect(grad(jit(loss))(x)).toBeAllclose(expected);
    expect(grad(checkpoint(loss))(x)).toBeAllclose(expected);
    expect(vmap(grad((v: NDArray) => f(v)))(x)).toBeAllclose(expected);
    expect(grad((v: NDArray) => np.sum(vmap(f)(v)))(x)).toBeAllclose(expected);
    expect(grad((v: NDArray) => np.sum(vmap(jit(f))(v)))(x)).toBeAllclose(expected);
    expect(jit(vmap(grad(jit((v: NDArray) => f(v)))))(x)).toBeAllclose(expected);
    const standard = { transpose: (_e: unknown, _c: unknown, exact: () => (NDArray | null)[]) => exact() };
    expect(grad(jit(loss), standard)(x)).toBeAllclose(expected);
    expect(f(x)).toHaveSameBits(np.sin(x));
    expect(jit(f)(x)).toHaveSameBits(np.sin(x));
  });

  test('several arguments, trees, integers and mapped arguments next to others', () => {
    const f = customVjp((p: { w: NDArray }, i: NDArray, v: NDArray) => np.take(p.w, i).mul(v), {
      forward: (p, i, v) => [np.take(p.w, i).mul(v), { p, i, v }],
      backward: ({ p, i, v }, c) => [
        { w: np.scatterAdd(np.zerosLike(p.w), i, c.mul(v)) },
        np.zerosLike(i),
        c.mul(np.take(p.w, i)).mul(7),
      ],
    });
    const w = values([4], 'float64', 9);
    const i = array([3, 1, 1], { dtype: 'int32' });
    const loss = (a: NDArray, b: NDArray) => np.sum(f({ w: a }, i, b));
    const plain = (a: NDArray, b: NDArray) => np.sum(np.take(a, i).mul(b));
    const [gw, gv] = grad(loss, { argnums: [0, 1] })(w, x);
    const [ew, ev] = grad(plain, { argnums: [0, 1] })(w, x);
    expect(gw).toBeAllclose(ew);
    expect(gv).toBeAllclose(ev.mul(7));
    const xs = np.stack([x, x.mul(2)]);
    expect(vmap(grad(loss), { inAxes: [null, 0] })(w, xs)).toBeAllclose(np.stack([ew, grad(plain)(w, x.mul(2))]));
  });

  test('may use constants from outside, compiled or not', () => {
    const mask = array([1, 0, 1], { dtype: 'float64' });
    const f = customVjp((v: NDArray) => v.mul(mask).add(np.arange(3)), {
      forward: (v) => [v.mul(mask).add(np.arange(3)), null],
      backward: (_none, c) => [c.mul(mask).mul(2)],
    });
    const g = customJvp(
      (v: NDArray) => v.mul(mask).add(np.arange(3)),
      ([v], [t]) => [v.mul(mask).add(np.arange(3)), t.mul(mask).mul(2)],
    );
    for (const h of [f, g]) {
      const loss = (v: NDArray) => np.sum(h(v));
      const expected = [2, 0, 2];
      expect(jit(h)(x)).toBeAllclose(h(x));
      expect(grad(loss)(x)).toBeAllclose(expected);
      expect(grad(jit(loss))(x)).toBeAllclose(expected);
      expect(jit(grad(loss))(x)).toBeAllclose(expected);
      expect(grad((v: NDArray) => np.sum(vmap(jit(h))(np.stack([v, v]))))(x)).toBeAllclose([4, 0, 4]);
    }
  });

  test('a straight-through estimator trains where the exact gradient is zero', () => {
    const hard = customVjp((v: NDArray) => v.greater(0).astype('float32'), {
      forward: (v) => [v.greater(0).astype('float32'), null],
      backward: (_none, c) => [c],
    });
    const loss = (w: NDArray) => np.sum(np.square(hard(w).sub(1)));
    expect(grad((w: NDArray) => np.sum(np.square(w.greater(0).astype('float32').sub(1))))(array([-1, 1]))).toBeAllclose(
      [0, 0],
    );
    expect(grad(loss)(array([-1, 1]))).toBeAllclose([-2, 0]);
  });

  test('customJvp with integer results', () => {
    const f = customJvp(
      (v: NDArray) => ({ y: v.mul(2), i: np.argmax(v) }),
      ([v], [t]) => [
        { y: v.mul(2), i: np.argmax(v) },
        { y: t.mul(2), i: np.zeros([], { dtype: 'int32' }) },
      ],
    );
    const g = (v: NDArray) => {
      const { y, i } = f(v);
      return np.sum(y.mul(i.astype('float64')));
    };
    const v = array([1, 5, 2], { dtype: 'float64' });
    expect(grad(g)(v)).toBeAllclose([2, 2, 2]);
    expect(jit(grad(g))(v)).toBeAllclose([2, 2, 2]);
  });
});

describe('checkpoint', () => {
  test('computes again on the way back instead of keeping', () => {
    const f = (v: NDArray) => np.sum(np.exp(np.exp(v)));
    const x = array([1, 2]);
    const exponentials = (g: (v: NDArray) => unknown) => printProgram(g, x).split('= exp').length - 1;
    expect(exponentials(valueAndGrad(f))).toBe(2);
    expect(exponentials(valueAndGrad(checkpoint(f)))).toBe(4);
    // Nothing but its argument is kept.
    const constants = (g: (v: NDArray) => NDArray) => makeProgram(linearize(g, x)[1], x).constants;
    expect(constants(checkpoint(f)).map((c) => c.toJS())).toEqual([x.toJS()]);
    expect(constants(f).length).toBe(2);
  });
});

describe('other arguments of whole derivatives', () => {
  const [x, y] = [values([2], 'float64', 20), values([3], 'float64', 21)];
  const f = (a: NDArray, b: NDArray) => np.outer(np.sin(a), b.mul(b));

  test('argnum picks one; the others may be anything', () => {
    const scaled = (a: NDArray, b: NDArray, mode: string) => f(a, b).mul(mode.length);
    const byB = np.expandDims(np.sin(x), 1).mul(y.mul(4));
    const expected = np.einsum('ij,jk->ijk', byB, np.eye(3, 3, { dtype: 'float64' }));
    expect(jacfwd(scaled, { argnum: 1 })(x, y, 'ab')).toBeAllclose(expected, { rtol: 1e-12 });
    expect(jacrev(scaled, { argnum: 1 })(x, y, 'ab')).toBeAllclose(expected, { rtol: 1e-12 });
    const loss = (a: NDArray, b: NDArray) => np.sum(f(a, b));
    expect(hessian(loss, { argnum: 1 })(x, y)).toBeAllclose(np.diag(np.broadcastTo(np.sum(np.sin(x)).mul(2), [3])), {
      rtol: 1e-12,
      atol: 1e-12,
    });
  });

  test('they compile and map', () => {
    expect(jit(hessian((a: NDArray) => np.sum(f(a, y))))(x)).toBeAllclose(hessian((a: NDArray) => np.sum(f(a, y)))(x), {
      rtol: 1e-12,
    });
    const xs = np.stack([x, x.mul(2)]);
    expect(vmap(jacrev((a: NDArray) => f(a, y)))(xs)).toBeAllclose(
      np.stack([...xs].map((a) => jacfwd((v: NDArray) => f(v, y))(a))),
      { rtol: 1e-12 },
    );
  });

  test('of a function with several results, forward', () => {
    const both = jacfwd((a: NDArray) => ({ sum: np.sum(a), twice: [a.mul(2)] }))(x);
    expect(both).toBeAllclose({
      sum: np.ones([2], { dtype: 'float64' }),
      twice: [np.eye(2, 2, { dtype: 'float64' }).mul(2)],
    });
  });
});
