import { array, type NDArray, np, random } from '@forback/core';
import { expect, test } from 'vitest';
import { labelInPixels } from './label-overlay';
import {
  allWrongLabels,
  hardWrongLabels,
  type NegativeContext,
  type Negatives,
  permutedLabels,
  uniformWrongLabels,
} from './negatives';

const classes = 4;
const n = 4000;
const labels = np.mod(np.arange(n), classes);

function context(seed: number, logits: readonly number[] = [0, 0, 0, 0]): NegativeContext {
  return {
    key: random.key(seed),
    input: np.zeros([n, classes]),
    labels,
    classes,
    overlay: labelInPixels(classes),
    logProbabilities: () => np.broadcastTo(array([...logits]), [n, classes]),
  };
}

function sampled(negatives: Negatives, given: NegativeContext): NDArray {
  return np.argmax(negatives.sample(given), 1);
}

/** How often each label was drawn where the true one is `truth`. */
function counts(drawn: NDArray, truth: number): number[] {
  const result = Array.from({ length: classes }, () => 0);
  drawn.dataSync().forEach((label, i) => {
    if (i % classes === truth) result[label] = (result[label] as number) + 1;
  });
  return result;
}

test.each([uniformWrongLabels(), hardWrongLabels()])('$name never draws the true label', (negatives) => {
  for (const logits of [
    [0, 0, 0, 0],
    [60, -60, 0, 0],
    [Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ]) {
    const drawn = sampled(negatives, context(7, logits));
    expect(np.equal(drawn, labels).sum().item()).toBe(0);
  }
});

test('uniform negatives draw every wrong label equally often', () => {
  // 1000 draws for each true label: standard deviation 15, so 5 standard deviations are 75 (error rate below 1e-5).
  const drawn = sampled(uniformWrongLabels(), context(11));
  for (let truth = 0; truth < classes; truth++) {
    counts(drawn, truth).forEach((count, label) => {
      if (label !== truth) expect(Math.abs(count - 1000 / 3)).toBeLessThan(75);
    });
  }
});

test('hard negatives follow the predicted probabilities without the true class', () => {
  const probabilities = [0.1, 0.2, 0.3, 0.4];
  const drawn = sampled(hardWrongLabels(), context(13, probabilities.map(Math.log)));
  for (let truth = 0; truth < classes; truth++) {
    const rest = 1 - (probabilities[truth] as number);
    counts(drawn, truth).forEach((count, label) => {
      if (label !== truth) expect(Math.abs(count - (1000 * (probabilities[label] as number)) / rest)).toBeLessThan(80);
    });
  }
});

test('all wrong labels: each of the K − 1 once for every example, example by example', () => {
  const drawn = sampled(allWrongLabels(), context(17))
    .reshape([classes - 1, n])
    .toJS() as number[][];
  labels.dataSync().forEach((truth, i) => {
    const seen = drawn.map((row) => row[i]).sort();
    expect(seen).toEqual([0, 1, 2, 3].filter((k) => k !== truth));
  });
  expect(allWrongLabels({ limit: 2 }).sample(context(17)).shape).toEqual([2 * n, classes]);
});

test('permuted labels hit the true one with the frequency Σ π² of the class shares', () => {
  // 1/4 for balanced classes; standard deviation below 0.007, so 0.035 is 5 standard deviations.
  const hits = np
    .equal(sampled(permutedLabels(), context(19)), labels)
    .astype('float32')
    .mean()
    .item();
  expect(Math.abs(hits - 0.25)).toBeLessThan(0.035);
});
