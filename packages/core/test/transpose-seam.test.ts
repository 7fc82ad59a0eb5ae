import { describe, expect, test } from 'vitest';
import './support/matchers';
import {
  array,
  checkpoint,
  DifferentiationError,
  grad,
  isLinearOperand,
  jit,
  type NDArray,
  np,
  type TransposeRule,
  tree,
  vjp,
  vmap,
} from '../src/index';
import { conv } from '../src/primitives/convolution';
import { values } from './support/values';

/** Feedback alignment (Lillicrap et al. 2016): errors go back through the replacement of an argument, told by its leaf number. */
function feedback(replacements: ReadonlyMap<number, NDArray>): TransposeRule {
  return ({ operands, origins }, _cotangents, standard) =>
    standard(
      operands.map((operand, i) => {
        const origin = origins[i];
        const replacement = origin && !isLinearOperand(operand) ? replacements.get(origin.leaf) : undefined;
        return origin && replacement ? origin.rearrange(replacement) : operand;
      }),
    );
}

interface Layer {
  w: NDArray;
  b: NDArray;
}
type Params = Layer[];

/** A loss that knows nothing of feedback. */
const loss = (params: Params, x: NDArray, y: NDArray): NDArray => {
  const out = params.reduce((h, { w, b }, i) => {
    const z = np.matmul(h, w).add(b);
    return i < params.length - 1 ? np.tanh(z) : z;
  }, x);
  return np.sum(np.square(out.sub(y)));
};

const sizes = [4, 5, 3, 2] as const;
const params: Params = [0, 1, 2].map((i) => ({
  w: values([sizes[i] as number, sizes[i + 1] as number], 'float64', 10 + i),
  b: values([sizes[i + 1] as number], 'float64', 20 + i),
}));
const x = values([6, 4], 'float64', 30);
const y = values([6, 2], 'float64', 31);

/** Leaf numbers of the weights: layers in order, in each b before w. */
const leafOf = (layer: number) => 2 * layer + 1;
const backward = [0, 1, 2].map((i) => values([sizes[i] as number, sizes[i + 1] as number], 'float64', 40 + i));
const rule = feedback(new Map([1, 2].map((layer) => [leafOf(layer), backward[layer] as NDArray])));

/** The same by hand, with matrices of one's own on the way back. */
function byHand(back: readonly NDArray[], direct: boolean): Params {
  const inputs = [x];
  for (const [i, { w, b }] of params.entries()) {
    const z = np.matmul(inputs[i] as NDArray, w).add(b);
    inputs.push(i < 2 ? np.tanh(z) : z);
  }
  const error = (inputs[3] as NDArray).sub(y).mul(2);
  let delta = error;
  const gradients: Params = [];
  for (let layer = 2; layer >= 0; layer--) {
    const h = inputs[layer] as NDArray;
    gradients.unshift({ w: np.matmul(h.T, delta), b: np.sum(delta, 0) });
    if (layer > 0) delta = np.matmul(direct ? error : delta, (back[layer] as NDArray).T).mul(np.square(h).neg().add(1));
  }
  return gradients;
}

describe('feedback alignment through the transpose rule', () => {
  const expected = byHand(backward, false);
  const close = { rtol: 1e-11, atol: 1e-11 };

  test('sends the error back through other weights', () => {
    expect(grad(loss, { transpose: rule })(params, x, y)).toBeAllclose(expected, close);
    expect(grad(loss)(params, x, y)).not.toBeAllclose(expected, close);
    const [, pull] = vjp((p: Params) => loss(p, x, y), [params], { transpose: rule });
    expect(pull(array(1, { dtype: 'float64' }))[0]).toBeAllclose(expected, close);
  });

  test('with the same weights it is the gradient, bit for bit', () => {
    const same = feedback(new Map([0, 1, 2].map((layer) => [leafOf(layer), (params[layer] as Layer).w])));
    expect(grad(loss, { transpose: same })(params, x, y)).toHaveSameBits(grad(loss)(params, x, y));
  });

  test('works compiled, and on compiled and checkpointed models', () => {
    const eager = grad(loss, { transpose: rule })(params, x, y);
    expect(jit(grad(loss, { transpose: rule }))(params, x, y)).toHaveSameBits(eager);
    expect(grad(jit(loss), { transpose: rule })(params, x, y)).toHaveSameBits(eager);
    expect(jit(grad(jit(jit(loss)), { transpose: rule }))(params, x, y)).toHaveSameBits(eager);
    expect(grad(checkpoint(loss), { transpose: rule })(params, x, y)).toHaveSameBits(eager);
  });

  test('works under vmap, and on a mapped model', () => {
    const perExample = vmap(grad(loss, { transpose: rule }), { inAxes: [null, 0, 0] })(params, x, y);
    const looped = [...x].map((row, i) => grad(loss, { transpose: rule })(params, row, y.at(i)));
    expect(perExample).toBeAllclose(
      tree.map((first: NDArray, ...others: NDArray[]) => np.stack([first, ...others]), looped[0], ...looped.slice(1)),
      close,
    );
    const total = (p: Params) => np.sum(vmap(loss, { inAxes: [null, 0, 0] })(p, x, y));
    expect(grad(total, { transpose: rule })(params)).toBeAllclose(expected, close);
    expect(jit(grad(total, { transpose: rule }))(params)).toBeAllclose(expected, close);
  });

  test('knows a weight that was transposed, reshaped, cast or flipped on the way, and rearranges its replacement', () => {
    const w = values([3, 4], 'float32', 50);
    const b = values([3, 4], 'float32', 51);
    const v = values([4, 3], 'float64', 52);
    const arranged = (m: NDArray) => np.flip(m.T.astype('float64').reshape([2, 2, 3]), 0).reshape([4, 3]);
    const f = (m: NDArray, h: NDArray) => np.sum(np.sin(np.matmul(np.exp(h), arranged(m))));
    const h = values([2, 4], 'float64', 53);
    const along = (weights: NDArray, seen: NDArray) => {
      const z = np.matmul(np.exp(h), arranged(weights));
      return np.matmul(np.cos(z), arranged(seen).T).mul(np.exp(h));
    };
    expect(v.shape).toEqual(arranged(w).shape);
    const replaced = grad(f, { argnums: [0, 1], transpose: feedback(new Map([[0, b]])) })(w, h);
    expect(replaced[1]).toBeAllclose(along(w, b), close);
    expect(replaced[0]).toHaveSameBits(grad(f)(w, h));
    expect(grad(f, { argnums: [0, 1], transpose: feedback(new Map([[0, w]])) })(w, h)).toHaveSameBits(
      grad(f, { argnums: [0, 1] })(w, h),
    );
    expect(grad(jit(f), { argnums: [0, 1], transpose: feedback(new Map([[0, b]])) })(w, h)).toHaveSameBits(replaced);
  });

  test('knows a weight that was broadcast: a batched product repeats it', () => {
    const w = values([2, 3, 4], 'float64', 54);
    const b = values([2, 3, 4], 'float64', 55);
    const h = values([5, 2, 2, 3], 'float64', 56);
    const f = (m: NDArray, input: NDArray) => np.sum(np.sin(np.matmul(input, m)));
    const replaced = grad(f, { argnums: [0, 1], transpose: feedback(new Map([[0, b]])) })(w, h);
    const cotangent = np.cos(np.matmul(h, w));
    expect(replaced[1]).toBeAllclose(np.matmul(cotangent, np.swapaxes(b, 1, 2)), close);
    expect(replaced[0]).toBeAllclose(np.einsum('bhti,bhto->hio', h, cotangent), close);
  });

  test('tells two arguments apart that are the same array, and an argument from a captured array', () => {
    const w = values([3, 3], 'float64', 60);
    const b = values([3, 3], 'float64', 61);
    const h = values([2, 3], 'float64', 62);
    const f = (first: NDArray, second: NDArray, input: NDArray) =>
      np.sum(np.matmul(np.matmul(np.matmul(input, w), second), first));
    const only = (leaf: number) =>
      grad(f, { argnums: [0, 1, 2], transpose: feedback(new Map([[leaf, b]])) })(w, w, h)[2];
    const ones = np.onesLike(h);
    const back = (...matrices: NDArray[]) => matrices.reduce((c, m) => np.matmul(c, m.T), ones);
    expect(only(0)).toBeAllclose(back(b, w, w), close);
    expect(only(1)).toBeAllclose(back(w, b, w), close);
  });

  test('works for convolutions', () => {
    const params2d = {
      stride: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ] as const,
      dilation: [1, 1],
      groups: 1,
    };
    const image = values([2, 1, 5, 5], 'float64', 70);
    const [w1, w2, b2] = [
      values([3, 1, 3, 3], 'float64', 71),
      values([2, 3, 3, 3], 'float64', 72),
      values([2, 3, 3, 3], 'float64', 73),
    ];
    const f = (a: NDArray, c: NDArray) => {
      const h = np.tanh(conv(image, a, [2, 3, 5, 5], params2d));
      return np.sum(conv(h, c, [2, 2, 5, 5], params2d));
    };
    const h = np.tanh(conv(image, w1, [2, 3, 5, 5], params2d));
    const ones = np.ones([2, 2, 5, 5], { dtype: 'float64' });
    const [, pullInput] = vjp((v: NDArray) => conv(v, b2, [2, 2, 5, 5], params2d), [h]);
    const delta = pullInput(ones)[0].mul(np.square(h).neg().add(1));
    const [, pullWeight] = vjp((a: NDArray) => conv(image, a, [2, 3, 5, 5], params2d), [w1]);
    const actual = grad(f, { argnums: [0, 1], transpose: feedback(new Map([[1, b2]])) })(w1, w2);
    expect(actual[0]).toBeAllclose(pullWeight(delta)[0], close);
    expect(actual[1]).toBeAllclose(grad(f, { argnums: 1 })(w1, w2), close);
  });
});

describe('a rule with a memory', () => {
  /** Direct feedback alignment (Nøkland 2016): every layer gets the error of the output, through a matrix of its own. */
  function direct(): TransposeRule {
    let outputError: NDArray | null = null;
    return ({ operands, origins, primitive }, [cotangent], standard) => {
      const [, weights] = origins;
      if (primitive.name !== 'dot' || !cotangent || !weights || isLinearOperand(operands[1] as NDArray))
        return standard();
      outputError ??= cotangent;
      const layer = (weights.leaf - 1) / 2;
      return [np.matmul(outputError, (toOutput[layer] as NDArray).T), null];
    };
  }
  const toOutput = [0, 1, 2].map((layer) => values([sizes[layer] as number, 2], 'float64', 80 + layer));

  test('sees the operations from the output to the input', () => {
    const expected = byHand(toOutput, true);
    const close = { rtol: 1e-11, atol: 1e-11 };
    expect(grad(loss, { transpose: direct() })(params, x, y)).toBeAllclose(expected, close);
    expect(jit((p: Params) => grad(jit(loss), { transpose: direct() })(p, x, y))(params)).toBeAllclose(expected, close);
  });

  test('gets the operations of the model with their numbers, parameters and inputs', () => {
    const seen: { index: number; name: string; shapes: number[][] }[] = [];
    const watch: TransposeRule = ({ source, primitive }, _cotangents, standard) => {
      if (primitive.name === 'dot' && source) {
        seen.push({ index: source.index, name: source.primitive.name, shapes: source.inputs.map((v) => [...v.shape]) });
      }
      return standard();
    };
    grad(loss, { transpose: watch })(params, x, y);
    expect(seen.map((e) => e.name)).toEqual(['dot', 'dot', 'dot', 'dot', 'dot']);
    expect(seen[0]?.shapes).toEqual([
      [6, 3],
      [3, 2],
    ]);
    expect(seen.at(-1)?.shapes).toEqual([
      [6, 4],
      [4, 5],
    ]);
    expect(seen.map((e) => e.index)).toEqual(seen.map((e) => e.index).sort((a, b) => b - a));
  });

  test('can follow an error through the linear program', () => {
    // Two heads on one trunk: an error that came through the second head must not be taken for one of the first.
    const heads = (p: { trunk: NDArray; a: NDArray; b: NDArray }) => {
      const h = np.tanh(np.matmul(x, p.trunk));
      return np.sum(np.matmul(h, p.a)).add(np.sum(np.square(np.matmul(h, p.b))));
    };
    const names = ['a', 'b', 'trunk'];
    const through = new Map<number, Set<string>>();
    const seen: Record<string, string[]> = {};
    const follow: TransposeRule = ({ inputs, outputs, operands, origins, primitive }, _cotangents, standard) => {
      const arrived = new Set(outputs.flatMap((v) => [...(through.get(v.id) ?? [])]));
      const weight = primitive.name === 'dot' ? origins[1] : null;
      const name = weight ? (names[weight.leaf] as string) : null;
      if (name) seen[name] = [...arrived].sort();
      inputs.forEach((atom, i) => {
        if (atom.kind === 'literal' || !isLinearOperand(operands[i] as NDArray)) return;
        const known = through.get(atom.id) ?? new Set();
        through.set(atom.id, new Set([...known, ...arrived, ...(name ? [name] : [])]));
      });
      return standard();
    };
    const p = {
      trunk: values([4, 3], 'float64', 90),
      a: values([3, 2], 'float64', 91),
      b: values([3, 5], 'float64', 92),
    };
    expect(grad(heads, { transpose: follow })(p)).toHaveSameBits(grad(heads)(p));
    expect(seen).toEqual({ a: [], b: [], trunk: ['a', 'b'] });
  });

  test('may stop errors', () => {
    const blocked: TransposeRule = ({ origins, operands }, _cotangents, standard) =>
      origins[1]?.leaf === leafOf(1) && !isLinearOperand(operands[1] as NDArray) ? [null, null] : standard();
    const gradient = grad(loss, { transpose: blocked })(params, x, y);
    const exact = grad(loss)(params, x, y);
    expect(gradient.slice(1)).toHaveSameBits(exact.slice(1));
    expect(gradient[0]).toHaveSameBits(tree.map(np.zerosLike, exact[0]));
  });

  test('that returns something else is told so', () => {
    const wrongCount: TransposeRule = () => [null, null, null, null];
    expect(() => grad(loss, { transpose: wrongCount })(params, x, y)).toThrow(
      /transpose rule for \w+: expected an array of \d cotangents .*, got 4/,
    );
    const wrongShape: TransposeRule = ({ operands }) => operands.map(() => np.zeros([7], { dtype: 'float64' }));
    expect(() => grad(loss, { transpose: wrongShape })(params, x, y)).toThrow(DifferentiationError);
    expect(() => grad(loss, { transpose: wrongShape })(params, x, y)).toThrow(
      /expected cotangent 0 to be float64\[.*\], got float64\[7\]/,
    );
  });
});
