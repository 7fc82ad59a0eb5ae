import { array, grad, jit, type NDArray, nn, np, random, tree, vmap } from '@forback/core';
import { describe, expect, test } from 'vitest';
import {
  activityGrad,
  forwardGrad,
  forwardValueAndGrad,
  gradCheck,
  guessedActivityGrad,
  guessedGrad,
  localActivityGrad,
  projectOnGuess,
  randomTangent,
  type TangentKind,
} from '../src/index';
import { expectClose, expectSameBits } from './close';

const dtype = 'float64';
const key = random.key(3);
const draw = (seed: number, shape: readonly number[]) => random.normal(random.key(seed), { shape, dtype });
const model = nn.mlp([3, 4, 2], { activation: nn.tanh, dtype });
const params = model.init(random.key(1));
const x = draw(2, [5, 3]);
const loss = (p: nn.MlpParams, scale = 1) =>
  np
    .square(np.sin(model.apply(p, x)))
    .mean()
    .mul(scale);
const exact = grad(loss)(params);
const size = tree.leaves(params).reduce((n, leaf) => n + leaf.size, 0);
const dot = (a: unknown, b: unknown) =>
  tree.leaves(tree.map((u, v) => u.mul(v).sum(), a, b)).reduce((sum, v) => sum + v.item(), 0);

describe('forward gradients', () => {
  test('1 and 4: the directional derivative is ⟨∇f, v⟩, and the estimate never points uphill', () => {
    for (const tangents of ['normal', 'rademacher'] as const) {
      const { value, gradient, directional } = forwardValueAndGrad(loss, { key, tangents })(params);
      const v = randomTangent(random.foldIn(key, 0), params, tangents);
      expect(value.item()).toBeCloseTo(loss(params).item(), 14);
      expect(directional.shape).toEqual([1]);
      expect(directional.at(0).item()).toBeCloseTo(dot(exact, v), 12);
      expectClose(
        gradient,
        tree.map((u) => u.mul(dot(exact, v)), v),
        1e-11,
      );
      expect(dot(gradient, exact)).toBeCloseTo(directional.at(0).item() ** 2, 12);
    }
  });

  test.each([
    ['normal', size + 1],
    ['rademacher', size - 1],
  ] as const)('2: with %s directions the mean is the gradient and E‖g − ∇f‖² is (n ± 1)‖∇f‖²', (tangents, factor) => {
    const draws = 4000;
    const estimates = vmap((k: NDArray) => forwardGrad(loss, { key: k, tangents })(params))(
      random.splitMany(key, draws),
    );
    const mean = tree.map((g) => g.mean(0), estimates);
    const off = tree.map((g, e) => g.sub(e), estimates, exact);
    const squared = dot(off, off) / draws;
    const norm = dot(exact, exact);
    const error = tree.map((m, e) => m.sub(e), mean, exact);
    // E‖mean − ∇f‖² / ‖∇f‖² = factor / draws. Twice the root fails less than once in 10⁶ keys (sum of 26 squares).
    expect(Math.sqrt(dot(error, error) / norm)).toBeLessThan(2 * Math.sqrt(factor / draws));
    // ‖g − ∇f‖² is about d²‖v‖² with d² of relative deviation √2: its mean has a relative deviation of 2.4 %.
    expect(Math.abs(squared / norm / factor - 1)).toBeLessThan(0.12);
  });

  test('3: over all unit directions the estimates add up to the gradient', () => {
    const { leaves, treedef } = tree.flatten(params);
    const sum = leaves.flatMap((leaf, at) =>
      Array.from({ length: leaf.size }, (_, k) => {
        const unit = leaves.map((x, i) =>
          i === at ? np.arange(x.size).equal(k).astype(dtype).reshape(x.shape) : np.zerosLike(x),
        );
        return guessedGrad(loss, { guess: () => tree.unflatten<nn.MlpParams>(treedef, unit), space: 'tree' })(params);
      }),
    );
    expectClose(
      sum.reduce((a, b) => tree.map((u, v) => u.add(v), a, b)),
      exact,
      1e-11,
    );
  });

  test('2: of one parameter a Rademacher forward gradient is exact', () => {
    const f = (w: NDArray) => np.sin(w.mul(2));
    const w = draw(4, []);
    expectClose(forwardGrad(f, { key, tangents: 'rademacher' })(w), grad(f)(w));
  });

  test('11: several directions at once are the mean of one after the other, compiled too', () => {
    const together = forwardValueAndGrad(loss, { key, samples: 3 })(params);
    const apart = [0, 1, 2].map((i) => {
      const v = randomTangent(random.foldIn(key, i), params);
      return tree.map((u) => u.mul(dot(exact, v) / 3), v);
    });
    expectClose(
      together.gradient,
      tree.map((a, b, c) => a.add(b).add(c), ...(apart as [nn.MlpParams, ...nn.MlpParams[]])),
      1e-11,
    );
    expect(together.directional.shape).toEqual([3]);
    expectSameBits(forwardGrad(loss, { key, samples: 3 })(params), together.gradient);
    expectClose(jit(forwardGrad(loss, { key, samples: 3 }))(params), together.gradient, 1e-11);
  });

  test('clipping limits the step, and the parameters may stand elsewhere', () => {
    const swapped = (scale: number, p: nn.MlpParams) => loss(p, scale);
    const options = { key, clip: 1e-3, argnums: 1 } as const;
    const { gradient, directional } = forwardValueAndGrad(swapped, options)(1000, params);
    const v = randomTangent(random.foldIn(key, 0), params);
    expect(Math.abs(directional.at(0).item())).toBeGreaterThan(1e-3);
    expectClose(
      gradient,
      tree.map((u) => u.mul(1e-3 * Math.sign(directional.at(0).item())), v),
    );
  });

  test('errors', () => {
    expect(() => forwardGrad(loss, { key, samples: 0 })).toThrow(/forwardGrad: expected samples to be a whole number/);
    expect(() => forwardGrad(loss, { key, clip: -1 })).toThrow(/forwardGrad: expected clip above 0/);
    expect(() => forwardGrad(loss, { key, tangents: 'cauchy' as TangentKind })).toThrow(
      /'normal' or 'rademacher', got cauchy/,
    );
    expect(() => forwardGrad((p: nn.MlpParams) => model.apply(p, x), { key })(params)).toThrow(
      /to return a scalar, got shape \[5, 2\]/,
    );
    expect(() => forwardGrad(loss, { key })([])).toThrow(/argument 0 has no arrays/);
    expect(() => forwardGrad(undefined as never, { key })).toThrow(/expected the loss to be a function, got undefined/);
    expect(() => forwardGrad((_: unknown) => np.ones([]), { key })({ w: np.ones([2]), steps: np.arange(2) })).toThrow(
      /forwardGrad: argument 0 has int32 numbers at steps; only float arrays have a gradient/,
    );
    expect(() => forwardGrad(loss, { key: 1 as never })(params)).toThrow(/expected a key, got/);
  });
});

describe('guesses', () => {
  test('7: a projection of itself is itself, is idempotent, not longer, and leaves a right angle', () => {
    const guess = randomTangent(key, params);
    expectClose(projectOnGuess(exact, exact), exact);
    const once = projectOnGuess(exact, guess);
    expectClose(projectOnGuess(once, guess), once);
    expect(dot(once, once)).toBeLessThan(dot(exact, exact));
    const rest = tree.map((t, g) => t.sub(g), exact, once);
    expect(Math.abs(dot(rest, guess))).toBeLessThan(1e-12);
  });

  test('8: the exact gradient as a guess gives backpropagation, a wrong one its projection', () => {
    for (const space of ['leaf', 'tree'] as const) {
      expectClose(guessedGrad(loss, { guess: (p) => grad(loss)(p), space })(params), exact, 1e-9);
    }
    const wrong = randomTangent(key, params);
    expectClose(guessedGrad(loss, { guess: () => wrong, space: 'tree' })(params), projectOnGuess(exact, wrong), 1e-11);
    const leaf = guessedGrad(loss, { guess: () => wrong })(params);
    expectClose(leaf[0]?.weight, projectOnGuess(exact[0]?.weight, wrong[0]?.weight) as NDArray, 1e-11);
    expect(() => guessedGrad(loss, { guess: () => wrong, space: 'batch' as 'leaf' })).toThrow(
      /space to be 'leaf' or 'tree'/,
    );
    const short = () => wrong.slice(0, 1);
    for (const space of ['leaf', 'tree'] as const) {
      expect(() => guessedGrad(loss, { guess: short, space })(params)).toThrow(
        /guessedGrad: expected the guess to be like the parameters, with \[1\].bias float64\[2\], got no further array/,
      );
    }
    const single = () => tree.map((w) => w.astype('float32'), wrong);
    expect(() => guessedGrad(loss, { guess: single })(params)).toThrow(/float64\[4\], got \[0\].bias float32\[4\]/);
  });

  test('of each example in the space of the weights, mapped over a loss of one', () => {
    const one = (p: nn.MlpParams, row: NDArray) => np.square(np.sin(model.apply(p, row.reshape([1, 3])))).mean();
    const guess = randomTangent(key, params);
    for (const space of ['leaf', 'tree'] as const) {
      const run = guessedGrad(one, { guess: (..._: [nn.MlpParams, NDArray]) => guess, space });
      const each = vmap((row: NDArray) => run(params, row))(x);
      for (let i = 0; i < 5; i++) {
        const target = grad(one)(params, x.at(i));
        const expected =
          space === 'tree' ? projectOnGuess(target, guess) : tree.map((t, g) => projectOnGuess(t, g), target, guess);
        expectClose(
          tree.map((g) => g.at(i), each),
          expected,
          1e-10,
        );
      }
    }
  });
});

describe('activity perturbation', () => {
  type Dense = nn.MlpParams[number];
  const dense = ({ weight, bias }: Dense, h: NDArray) => h.matmul(weight).add(bias);
  const hidden = (p: Dense, h: NDArray) => nn.relu(dense(p, h));
  const targets = draw(8, [5, 2]);
  const perExample = (z: NDArray, t: NDArray) => np.square(z.sub(t)).sum(1);
  const list = [params[0] as Dense, params[1] as Dense] as const;
  const mean = (p: readonly [Dense, Dense]) => perExample(dense(p[1], hidden(p[0], x)), targets).mean();
  const average = <P>(draws: number, make: (k: NDArray) => P): P =>
    tree.map((g) => g.mean(0), vmap(make)(random.splitMany(key, draws)));

  test('5: the mean over the noise is the gradient of the mean loss', { timeout: 30_000 }, () => {
    const draws = 6000;
    for (const tangents of ['normal', 'rademacher'] as const) {
      const estimate = average(
        draws,
        (k) => activityGrad([hidden, dense], perExample, { key: k, tangents })(list, x, targets).gradient,
      );
      const off = tree.map((a, b) => a.sub(b), estimate, grad(mean)(list));
      // Relative variance per draw is below twice the number of units (4 + 2) plus 1 for each of the blocks.
      expect(Math.sqrt(dot(off, off) / dot(grad(mean)(list), grad(mean)(list)))).toBeLessThan(
        3 * Math.sqrt(14 / draws),
      );
    }
  });

  test('6: a unit that is switched off gets nothing where noise enters behind ReLU; in front of it, nothing on average', {
    timeout: 30_000,
  }, () => {
    // Two of the four units are off for every example.
    const off = [{ ...list[0], bias: array([0, -50, 0, -50], { dtype }) }, list[1]] as const;
    const inFront = [dense, (p: Dense, z: NDArray) => dense(p, nn.relu(z))] as const;
    const exactly = grad(mean)(off)[0].weight;
    const columns = (w: NDArray) => w.slice([0, 3], [1, 4, 2]);
    const behind = activityGrad([hidden, dense], perExample, { key })(off, x, targets).gradient[0].weight;
    expectSameBits(columns(behind), np.zeros([3, 2], { dtype }));
    const front = activityGrad(inFront, perExample, { key })(off, x, targets).gradient[0].weight;
    expect(np.abs(columns(front)).min().item()).toBeGreaterThan(0);
    const draws = 6000;
    for (const blocks of [[hidden, dense] as const, inFront]) {
      const estimates = vmap((k: NDArray) => activityGrad(blocks, perExample, { key: k })(off, x, targets).gradient[0])(
        random.splitMany(key, draws),
      ).weight;
      const center = estimates.mean(0);
      const variance = dot(estimates.sub(center), estimates.sub(center)) / draws;
      // Of mean 1; with two independent directions at least, above 8 for one of 3,000 keys. A bias of 20 % gives more.
      expect(dot(center.sub(exactly), center.sub(exactly)) / (variance / draws)).toBeLessThan(8);
    }
  });

  test('5: for one example of a linear layer the mean squared error is (q + 1) times the squared gradient', () => {
    const w = draw(10, [3, 4]);
    const one = draw(11, [1, 3]);
    const c = draw(12, [1, 4]);
    const linear = (p: NDArray, h: NDArray) => h.matmul(p);
    const exactW = one.T.matmul(c);
    const draws = 4000;
    const error = average(draws, (k) => {
      const { gradient } = activityGrad([linear], (z) => z.mul(c).sum(1), { key: k })([w], one);
      return np.square(gradient[0].sub(exactW)).sum();
    });
    // Relative deviation of the mean: about √(2 · 4) / √4000 = 4.5 %, four of them.
    expect(Math.abs(error.item() / np.square(exactW).sum().item() / 5 - 1)).toBeLessThan(0.18);
  });

  test('9: with local losses a block does not depend on later ones', () => {
    const locals = [(h: NDArray, t: NDArray) => np.square(h).sum(1).mul(t.sum(1)), perExample];
    const other = [list[0], { weight: draw(20, [4, 2]), bias: draw(21, [2]) }] as const;
    const run = (p: readonly [Dense, Dense]) => localActivityGrad([hidden, dense], locals, { key })(p, x, targets);
    expectSameBits(run(other).gradient[0], run(list).gradient[0]);
    expectClose(run(list).losses, perExample(dense(list[1], hidden(list[0], x)), targets));
    const shared = activityGrad([hidden, dense], perExample, { key });
    expect(
      np
        .abs(shared(other, x, targets).gradient[0].weight.sub(shared(list, x, targets).gradient[0].weight))
        .max()
        .item(),
    ).toBeGreaterThan(1e-3);
    const first = (p: Dense) => (locals[0] as (typeof locals)[number])(hidden(p, x), targets).mean();
    const estimate = average(
      6000,
      (k) => localActivityGrad([hidden, dense], locals, { key: k })(list, x, targets).gradient[0],
    );
    const off = tree.map((a, b) => a.sub(b), estimate, grad(first)(list[0]));
    expect(Math.sqrt(dot(off, off) / dot(grad(first)(list[0]), grad(first)(list[0])))).toBeLessThan(
      3 * Math.sqrt(5 / 6000),
    );
  });

  test('7 and 8: activities projected on guesses, for each example on its own', () => {
    const blocks = [hidden, dense] as const;
    const h = hidden(list[0], x);
    const target = grad((z: NDArray) => perExample(dense(list[1], z), targets).sum())(h);
    const own = guessedActivityGrad(blocks, perExample, { guesses: [() => target] })(list, x, targets);
    expectClose(own.gradient, grad(mean)(list), 1e-9);
    expectClose(own.losses, perExample(dense(list[1], h), targets));

    const guess = draw(30, [5, 4]);
    const along = target.mul(guess).sum(1).div(np.square(guess).sum(1));
    const error = guess.mul(along.reshape([5, 1])).div(5);
    const expected = grad((p: Dense) => hidden(p, x).mul(error).sum())(list[0]);
    for (const scale of [1, 7]) {
      const guesses = [() => guess.mul(scale)];
      const found = guessedActivityGrad(blocks, perExample, { guesses })(list, x, targets).gradient;
      expectClose(found[0], expected, 1e-10);
      expectSameBits(found[1], own.gradient[1]);
    }
    // A local guess: nothing but the local loss is differentiated backwards.
    const local = (z: NDArray, t: NDArray) => np.square(z).sum(1).mul(t.sum(1));
    const run = guessedActivityGrad(blocks, perExample, {
      guesses: [(z, t) => grad((v: NDArray) => local(v, t).sum())(z)],
    });
    expectClose(jit(run)(list, x, targets).gradient, run(list, x, targets).gradient, 1e-11);
    expect(() => guessedActivityGrad(blocks, perExample, { guesses: [] })).toThrow(
      /each of 2 blocks but the last, got 0/,
    );
    expect(() => guessedActivityGrad(blocks, perExample, { guesses: [() => np.ones([5])] })(list, x, targets)).toThrow(
      /guess 0 to have the shape \[5, 4\] of its block's output, got \[5\]/,
    );
  });

  test('errors', () => {
    expect(() => activityGrad([], perExample, { key })).toThrow(/at least one block/);
    expect(() => activityGrad([hidden], perExample, { key })([] as never, x, targets)).toThrow(
      /an entry for each of 1 blocks, got a list of 0/,
    );
    expect(() => activityGrad([hidden, dense], (z) => z.mean(), { key })(list, x)).toThrow(
      /one number for each of 5 examples, got shape \[\]/,
    );
    expect(() => localActivityGrad([hidden, dense], [perExample], { key })).toThrow(
      /a loss for each of 2 blocks, got 1/,
    );
    expect(() => activityGrad([hidden], undefined as never, { key })).toThrow(
      /activityGrad: expected the loss to be a f/,
    );
    expect(() => localActivityGrad([hidden], ['mse' as never], { key })).toThrow(
      /each loss to be a function, got string/,
    );
    expect(() => guessedActivityGrad([hidden, dense], perExample, { guesses: [1 as never] })).toThrow(
      /guessedActivityGrad: expected each guess to be a function, got number/,
    );
  });
});

describe('gradCheck', () => {
  test('passes where all roads agree and fails where one is wrong', () => {
    expect(gradCheck(loss, params).ok).toBe(true);
    const rounded = (w: NDArray) => np.round(w.mul(1e7)).div(1e7).add(w).sum();
    const found = gradCheck(rounded, draw(1, [4]));
    expect(found.ok).toBe(false);
    expect(found.checks.length).toBe(3);
    expect(found.checks[0]?.forward).toBe(found.checks[0]?.reverse);
    expect(gradCheck((w: NDArray) => np.exp(w).sum(), np.ones([3])).ok).toBe(true);
    expect(() => gradCheck((w: NDArray) => np.log(w).sum(), np.zeros([1], { dtype }))).toThrow(
      /gives -Infinity at this point/,
    );
  });
});
