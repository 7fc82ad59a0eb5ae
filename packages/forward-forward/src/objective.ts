import { type NDArray, nn, np, type random } from '@forback/core';
import type { ClassGoodness, Goodness } from './goodness';
import type { LabelOverlay } from './label-overlay';
import type { ClassLoss, PairLoss } from './loss';
import type { NegativeContext, Negatives } from './negatives';

/** Something known of the positive examples and, where the method has any, of the negative ones. */
export interface Pair {
  positive: NDArray;
  negative: NDArray | null;
}

/** What a layer learns from: how inputs are made, judged and compared, the same for every layer. */
export interface Objective {
  /** Whether all classes are judged in one pass. */
  readonly judgesClasses: boolean;
  /** Parameters of a layer's goodness. */
  init(key: random.Key, units: readonly number[]): unknown;
  /** Network inputs, before normalisation. */
  inputs(context: NegativeContext): Pair;
  /** Goodness of activities: [n] each, or [n, classes]. */
  judge(activities: Pair, params: unknown): Pair;
  threshold(units: number): number;
  loss(goodness: Pair, labels: NDArray, threshold: number): NDArray;
  /** Mean goodness of what should be high and of what should be low, as multiples of the threshold. */
  report(goodness: Pair, labels: NDArray, threshold: number): { positive: NDArray; negative: NDArray };
  /** Goodness of each layer for every label, [n, classes] each, from the activities that network inputs lead to. */
  labelGoodness(
    input: NDArray,
    activities: (input: NDArray) => NDArray[],
    params: readonly unknown[],
    layers: readonly number[],
  ): NDArray[];
}

export function apply(pair: Pair, f: (x: NDArray) => NDArray): Pair {
  return { positive: f(pair.positive), negative: pair.negative && f(pair.negative) };
}

export function add(a: Pair, b: Pair | null): Pair {
  if (b === null) return a;
  return {
    positive: a.positive.add(b.positive),
    negative: a.negative && b.negative && a.negative.add(b.negative),
  };
}

/** High goodness for examples with their true label, low for negatives. */
export function pairObjective(
  classes: number,
  goodness: Goodness,
  loss: PairLoss,
  overlay: LabelOverlay,
  negatives: Negatives,
): Objective {
  return {
    judgesClasses: false,
    init: () => null,
    inputs: (context) => ({
      positive: overlay.write(context.input, context.labels),
      negative: negatives.sample(context),
    }),
    judge: (activities) => apply(activities, goodness.of),
    threshold: goodness.threshold,
    loss: ({ positive, negative }, _labels, threshold) => loss(positive, negative as NDArray, threshold),
    report: ({ positive, negative }, _labels, threshold) => ({
      positive: positive.mean().div(threshold),
      negative: (negative as NDArray).mean().div(threshold),
    }),
    labelGoodness(input, activities, _params, layers) {
      const n = input.shape[0] as number;
      const scans = Array.from({ length: classes }, (_, label) => {
        const seen = activities(overlay.write(input, np.full([n], label, { dtype: 'int32' })));
        return layers.map((i) => goodness.of(seen[i] as NDArray));
      });
      return layers.map((_, i) =>
        np.stack(
          scans.map((scan) => scan[i] as NDArray),
          1,
        ),
      );
    },
  };
}

/** High goodness for the true class among all classes, in one pass without a label. */
export function classObjective(classes: number, goodness: ClassGoodness, loss: ClassLoss): Objective {
  const judge = (activity: NDArray, params: unknown) => goodness.ofClasses(activity, params, classes);
  return {
    judgesClasses: true,
    init: (key, units) => goodness.init(key, units, classes),
    inputs: ({ input }) => ({ positive: input, negative: null }),
    judge: ({ positive }, params) => ({ positive: judge(positive, params), negative: null }),
    threshold: () => 1,
    loss: ({ positive }, labels) => loss(positive, labels),
    report({ positive }, labels) {
      const own = positive.mul(nn.oneHot(labels, classes)).sum(1);
      const others = positive
        .sum(1)
        .sub(own)
        .div(classes - 1);
      return { positive: own.mean(), negative: others.mean() };
    },
    labelGoodness(input, activities, params, layers) {
      const seen = activities(input);
      return layers.map((i) => judge(seen[i] as NDArray, params[i]));
    },
  };
}
