import { array, io, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import {
  type DiagnosisState,
  diagnose,
  exactGradient,
  exactMoments,
  reinforce,
  reinmax,
  straightThrough,
} from './index';
import { normal, quadratic } from './test-support';

const logits = normal(1, [2, 3]);
const f = quadratic(2, 6);
const key = random.key(3);
const length = Math.sqrt(np.square(exactGradient(f, logits)).sum().item());

test('bias and variance from samples are those by enumeration', async () => {
  for (const estimator of [reinmax, straightThrough, reinforce]) {
    const { diagnosis } = await diagnose(estimator, f, logits, { key, samples: 4096 });
    const exact = exactMoments(estimator, f, logits);
    const bias =
      Math.sqrt(
        np
          .square(exact.mean.sub(exactGradient(f, logits)))
          .sum()
          .item(),
      ) / length;
    expect(Math.abs(diagnosis.bias - bias)).toBeLessThan(3 * diagnosis.biasError);
    expect(diagnosis.variance / (exact.variance.item() / length ** 2)).toBeGreaterThan(0.85);
    expect(diagnosis.variance / (exact.variance.item() / length ** 2)).toBeLessThan(1.15);
  }
});

test('tells an unbiased estimator from a biased one, and the cosine of means from that of samples', async () => {
  const second = (await diagnose(reinmax, f, logits, { key, samples: 4096 })).diagnosis;
  const first = (await diagnose(straightThrough, f, logits, { key, samples: 4096 })).diagnosis;
  expect(second.bias).toBeLessThan(3 * second.biasError);
  expect(first.bias).toBeGreaterThan(5 * first.biasError);
  expect(second.cosineOfMean).toBeGreaterThan(0.99);
  expect(second.cosineOfMean).toBeGreaterThan(second.cosine);
  expect(second.cosineError).toBeLessThan(0.02);
});

test('stops, saves, and goes on to the same bits', async () => {
  const options = { key, samples: 300, chunkSize: 100 };
  const whole = await diagnose(reinmax, f, logits, options);
  const signal = { aborted: false };
  const seen: number[] = [];
  const part = await diagnose(reinmax, f, logits, {
    ...options,
    signal,
    onProgress: ({ samples, of }) => {
      seen.push(samples, of);
      signal.aborted = true;
    },
  });
  expect([part.finished, part.diagnosis.samples, seen]).toEqual([false, 100, [100, 300]]);
  const state = io.load<DiagnosisState>(io.save(part.state));
  const rest = await diagnose(reinmax, f, logits, { ...options, state });
  expect(rest.diagnosis).toEqual(whole.diagnosis);
  expect(whole.finished).toBe(true);
});

test('goes on from within a chunk', async () => {
  const options = { key, chunkSize: 100 };
  const { state } = await diagnose(reinmax, f, logits, { ...options, samples: 130 });
  const rest = await diagnose(reinmax, f, logits, { ...options, samples: 250, state });
  const whole = await diagnose(reinmax, f, logits, { ...options, samples: 250 });
  expect(rest.diagnosis).toEqual(whole.diagnosis);
});

test('what makes no diagnosis is refused', async () => {
  await expect(diagnose(reinmax, f, logits, { key, samples: 0 })).rejects.toThrow(
    /diagnose: expected samples to be a whole number of 1 or more, got 0/,
  );
  await expect(diagnose(reinmax, f, logits, { key, chunkSize: 2.5 })).rejects.toThrow(/chunkSize .* got 2.5/);
  await expect(diagnose(reinmax, f, logits, { key, exact: np.zeros([2, 3]) })).rejects.toThrow(
    /exact gradient has length/,
  );
  await expect(diagnose(reinmax, f, logits, { key, exact: array([1]) })).rejects.toThrow(
    /expected exact to have the logits' shape/,
  );
  await expect(diagnose(reinmax, f, logits, { key, limit: 0 })).rejects.toThrow(/limit to be .* 1 or more, got 0/);
  const { state } = await diagnose(reinmax, quadratic(2, 3), normal(1, [3]), { key, samples: 1, chunkSize: 1 });
  await expect(diagnose(reinmax, f, logits, { key, state })).rejects.toThrow(
    /diagnose: expected a state for 6 logits, got one for 3/,
  );
});
