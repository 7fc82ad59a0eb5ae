import fc from 'fast-check';
import { expect, test } from 'vitest';
import { discoverDirection } from '../discover-direction';
import { normals, shuffled, uniforms } from '../test-support';

const x = normals(1, 400);
const y = x.map((v) => v ** 3 + v);

test('igci: the variable of higher entropy is the cause', async () => {
  // Of all distributions with variance 1 the normal one, of all on [0, 1] the uniform one has the highest entropy.
  expect((await discoverDirection(x, y, { method: 'igci' })).direction).toBe('x->y');
  const flat = uniforms(2, 400);
  const skewed = flat.map((v) => v ** 4);
  const { score } = await discoverDirection(flat, skewed, { method: 'igci', reference: 'uniform' });
  // E ln 4u³ = ln 4 − 3.
  expect(score).toBeGreaterThan(0.7 * (3 - Math.log(4)));
  expect(score).toBeLessThan(1.3 * (3 - Math.log(4)));
});

test('igci without standardise compares entropies in the units of the data', async () => {
  const raw = { method: 'igci', standardise: false } as const;
  const { score } = await discoverDirection(x, y, raw);
  // A unit 5 times smaller adds ln 5 to the entropy of every continuous variable.
  const scaled = await discoverDirection(
    x.map((v) => 5 * v - 2),
    y,
    raw,
  );
  expect(scaled.score).toBeCloseTo(score + Math.log(5), 9);
  // The widest variable is the cause, whatever it is.
  const wide = await discoverDirection(
    x,
    y.map((v) => 1e3 * v),
    raw,
  );
  expect(wide.direction).toBe('y->x');
  expect((await discoverDirection(x, y, { method: 'igci' })).direction).toBe('x->y');
});

test('igci and the control know no joint distribution and no units', async () => {
  const pairs = fc.record({ method: fc.constantFrom('igci' as const, 'marginal' as const), seed: fc.nat(100) });
  await fc.assert(
    fc.asyncProperty(pairs, fc.double({ min: 0.1, max: 10, noNaN: true }), async ({ method, seed }, scale) => {
      const before = await discoverDirection(x, y, { method });
      const after = await discoverDirection(
        x.map((v) => 3 - scale * v),
        shuffled(y, seed),
        { method },
      );
      expect(after.score).toBeCloseTo(before.score, 9);
      expect(after.confidence).toBeNaN();
    }),
    { numRuns: 20 },
  );
});

test('the control calls the more normal variable the cause', async () => {
  const { direction, score } = await discoverDirection(x, y, { method: 'marginal' });
  expect(direction).toBe('x->y');
  expect(score).toBeLessThan(1);
});

test('reci: the smaller error of a cubic is that of the cause', async () => {
  // y = x² has no inverse function: its error is the variance of the sign.
  const cause = uniforms(3, 300, -1, 1);
  const effect = cause.map((v, i) => v * v + 0.02 * (x[i] as number));
  const result = await discoverDirection(cause, effect, { method: 'reci' });
  expect(result.direction).toBe('x->y');
  const { mean } = result.predict([0, 0.5]);
  expect(mean[0]).toBeCloseTo(0, 1);
  expect(mean[1]).toBeCloseTo(0.25, 1);
});
