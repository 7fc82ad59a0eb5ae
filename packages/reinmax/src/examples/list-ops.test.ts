import { jit, type NDArray, np, optim, random, valueAndGrad } from '@forback/core';
import { describe, expect, test } from 'vitest';
import { reinforce, reinmax } from '../index';
import { type ListOpsData, type ListOpsTreeParams, listOps, listOpsTokens, listOpsTree } from './index';

/** The value of an expression, by a stack. */
function evaluate(tokens: readonly string[]): number {
  const stack: { operator: string; values: number[] }[] = [];
  let result = Number.NaN;
  for (const token of tokens) {
    if (token.startsWith('[')) stack.push({ operator: token, values: [] });
    else {
      let value = Number(token);
      if (token === ']') {
        const { operator, values } = stack.pop() as { operator: string; values: number[] };
        const sorted = values.toSorted((a, b) => a - b);
        if (operator === '[MAX') value = Math.max(...values);
        else if (operator === '[MIN') value = Math.min(...values);
        else if (operator === '[MED') value = sorted[(sorted.length - 1) >> 1] as number;
        else value = values.reduce((a, b) => a + b) % 10;
      }
      const open = stack.at(-1);
      if (open) open.values.push(value);
      else result = value;
    }
  }
  return result;
}

describe('generated ListOps', () => {
  const data = listOps({ key: random.key(1), count: 200, maxLength: 14, maxDepth: 3, maxArguments: 4 });

  test('have the value that an independent evaluation finds', () => {
    const lengths = data.lengths.dataSync();
    const labels = data.labels.dataSync();
    const used = new Set<string>();
    let nested = 0;
    for (let i = 0; i < 200; i++) {
      const all = [...data.tokens.at(i).dataSync()].map((t) => listOpsTokens[t] as string);
      const tokens = all.slice(0, lengths[i]);
      expect(evaluate(tokens)).toBe(labels[i]);
      expect(all.slice(lengths[i]).every((t) => t === '_')).toBe(true);
      if (tokens.slice(1).some((t) => t.startsWith('['))) nested++;
      for (const token of tokens) used.add(token);
    }
    expect(used.size).toBe(15);
    expect(nested).toBeGreaterThan(20);
  });

  test('are the same for the same key', () => {
    const again = listOps({ key: random.key(1), count: 200, maxLength: 14, maxDepth: 3, maxArguments: 4 });
    expect(again.tokens.toJS()).toEqual(data.tokens.toJS());
    const other = listOps({ key: random.key(2), count: 200, maxLength: 14, maxDepth: 3, maxArguments: 4 });
    expect(other.tokens.toJS()).not.toEqual(data.tokens.toJS());
  });

  test('settings that allow none are refused', () => {
    expect(() => listOps({ key: random.key(0), count: 0 })).toThrow(/listOps: expected count .* got 0/);
    expect(() => listOps({ key: random.key(0), count: 1, maxLength: 3 })).toThrow(/maxLength .* 4 or more, got 3/);
    expect(() => listOps({ key: random.key(0), count: 1, operators: 5 })).toThrow(/operators to be at most 4, got 5/);
  });
});

const settings = { maxLength: 6, maxDepth: 1, maxArguments: 4, operators: 2 };
const training = listOps({ key: random.key(3), count: 2048, ...settings });
const held = listOps({ key: random.key(4), count: 300, ...settings });

function batchOf(data: ListOpsData, start: number): ListOpsData {
  const rows: [number, number] = [start, start + 32];
  return { tokens: data.tokens.slice(rows), lengths: data.lengths.slice(rows), labels: data.labels.slice(rows) };
}

test('a tree LSTM that draws its trees with ReinMax learns MAX and MIN', () => {
  const model = listOpsTree({ estimator: reinmax, width: 20 });
  const adam = optim.adam({ learningRate: 0.01 });
  const step = jit(
    (
      state: { params: ListOpsTreeParams; optimiser: ReturnType<typeof adam.init> },
      data: ListOpsData,
      key: random.Key,
    ) => {
      const [value, g] = valueAndGrad((p: ListOpsTreeParams) => model.loss(p, data, key).mean())(state.params);
      const [updates, optimiser] = adam.update(g, state.optimiser, state.params);
      return [{ params: optim.applyUpdates(state.params, updates), optimiser }, value] as const;
    },
    { donate: 0 },
  );
  const params = model.init(random.key(0));
  let state = { params, optimiser: adam.init(params) };
  for (let i = 0; i < 128; i++) [state] = step(state, batchOf(training, (i * 32) % 2048), random.key(i));
  const right = np.equal(jit(model.predict)(state.params, held), held.labels).astype('float32').mean().item();
  // The most frequent value makes up about a fifth.
  expect(right).toBeGreaterThan(0.6);
}, 30_000);

test('choices at finished trees change nothing: padding has no influence', () => {
  const model = listOpsTree({ estimator: reinmax, width: 8 });
  const params = model.init(random.key(0));
  const longer = {
    ...held,
    tokens: np.pad(held.tokens, [
      [0, 0],
      [0, 3],
    ]),
  };
  expect(model.predict(params, longer).toJS()).toEqual(model.predict(params, held).toJS());
});

test('REINFORCE can take the place of ReinMax, and teaches the choice of merges', () => {
  const model = listOpsTree({ estimator: reinforce, width: 8 });
  const params = model.init(random.key(0));
  const batch = batchOf(training, 0);
  const [value, g] = valueAndGrad((p: ListOpsTreeParams) => model.loss(p, batch, random.key(1)).mean())(params);
  expect(value.item()).toBeGreaterThan(0);
  expect(
    np
      .abs((g as { score: { weight: NDArray } }).score.weight)
      .max()
      .item(),
  ).toBeGreaterThan(0);
});
