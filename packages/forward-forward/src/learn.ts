import { ArgumentError, type NDArray, nn, np, random, stopGradient, valueAndGrad } from '@forback/core';
import type { LocalLayer } from './dense-stack';
import { descend, type StepMetrics } from './learner';
import { forward } from './network';
import { add, apply, type Pair } from './objective';
import type { Settings } from './options';
import { type HeadParams, headGradient, headLogits, joinFeatures } from './softmax-head';
import type { ForwardForwardState, LayerState } from './state';

/** One batch of learning: every layer's update follows from the parameters before the step. */
export function learn(
  settings: Settings,
  state: ForwardForwardState,
  input: NDArray,
  labels: NDArray,
  gain: NDArray,
  active: readonly number[],
): [ForwardForwardState, StepMetrics] {
  const { classes, objective, overlay } = settings;
  const head = state.head && lookWithHead(settings, state, state.head.params, input);
  const inputs = objective.inputs({
    key: random.foldIn(state.key, state.step),
    input,
    labels,
    classes,
    overlay,
    logProbabilities: () => {
      if (head) return nn.logSoftmax(head.logits);
      throw new ArgumentError('hardWrongLabels: these negatives need the softmax head; leave out `head: false`');
    },
  });
  const update = settings.endToEnd ? learnEndToEnd : learnLocally;
  const { layers, ...seen } = update(settings, state.layers, inputs, labels, gain, active);
  const [headLoss, nextHead] =
    state.head && head ? learnHead(settings, state.head, head.features, labels, gain) : [np.full([], Number.NaN), null];
  return [
    { step: state.step.add(1), key: state.key, layers, head: nextHead },
    {
      ...seen,
      headLoss,
      headError: head
        ? np.notEqual(np.argmax(head.logits, 1), labels).astype('float32').mean()
        : np.full([], Number.NaN),
    },
  ];
}

type LayerUpdates = { layers: LayerState[] } & Pick<StepMetrics, 'positiveGoodness' | 'negativeGoodness' | 'layerLoss'>;

/** Each layer by its own loss; no gradient crosses a layer. */
function learnLocally(
  settings: Settings,
  layers: readonly LayerState[],
  inputs: Pair,
  labels: NDArray,
  gain: NDArray,
  active: readonly number[],
): LayerUpdates {
  const { objective, collaboration, normalisation, optimiser } = settings;
  const everyGoodness = collaboration === 'all' ? goodnessOfAll(settings, layers, inputs) : null;
  const last = Math.max(...active);
  const notSeen = np.full([], Number.NaN);
  const metrics = { positiveGoodness: [] as NDArray[], negativeGoodness: [] as NDArray[], layerLoss: [] as NDArray[] };
  let below: Pair | null = null;
  let input = apply(inputs, normalisation);
  const nextLayers = layers.map((own, i) => {
    if (i > last) {
      metrics.positiveGoodness.push(notSeen);
      metrics.negativeGoodness.push(notSeen);
      metrics.layerLoss.push(np.zeros([]));
      return own;
    }
    const helpers = everyGoodness ? sum(everyGoodness.filter((_, t) => t !== i)) : below;
    const threshold = objective.threshold(own.meanActivity.size);
    const loss = (trained: Trained): [NDArray, Look] => {
      const look = lookWithLayer(settings, i, trained, input, own.meanActivity);
      const judged = add(look.goodness, helpers);
      return [objective.loss(judged, labels, threshold).add(look.peerLoss), look];
    };
    const trained = { params: own.params, goodness: own.goodness };
    const learns = active.includes(i);
    const [[value, look], gradients] = learns ? valueAndGrad(loss, { hasAux: true })(trained) : [loss(trained), null];
    const report = objective.report(look.goodness, labels, threshold);
    metrics.positiveGoodness.push(report.positive);
    metrics.negativeGoodness.push(report.negative);
    metrics.layerLoss.push(learns ? value : np.zeros([]));
    if (collaboration === 'below') below = add(look.goodness, below);
    input = apply(look.activity, normalisation);
    if (gradients === null) return own;
    const { params, optimiser: next } = descend(optimiser, trained, own.optimiser, gradients, gain);
    return { ...params, optimiser: next, meanActivity: look.meanActivity };
  });
  return { layers: nextLayers, ...stacked(metrics) };
}

/** One loss of the summed goodness, its gradient through all layers. */
function learnEndToEnd(
  settings: Settings,
  layers: readonly LayerState[],
  inputs: Pair,
  labels: NDArray,
  gain: NDArray,
  active: readonly number[],
): LayerUpdates {
  const { objective, normalisation, optimiser } = settings;
  const thresholds = layers.map((own) => objective.threshold(own.meanActivity.size));
  const total = (trained: Trained[]): [NDArray, Look[]] => {
    let input = apply(inputs, normalisation);
    const looks = trained.map((t, i) => {
      const look = lookWithLayer(settings, i, t, input, (layers[i] as LayerState).meanActivity);
      input = apply(look.activity, normalisation);
      return look;
    });
    const goodness = looks.map((l) => l.goodness).reduce((a, b) => add(a, b));
    const loss = objective.loss(
      goodness,
      labels,
      thresholds.reduce((a, b) => a + b),
    );
    return [looks.map((l) => l.peerLoss).reduce((a, b) => a.add(b), loss), looks];
  };
  const before = layers.map(({ params, goodness }) => ({ params, goodness }));
  const [[value, looks], gradients] = valueAndGrad(total, { hasAux: true })(before);
  const reports = looks.map((look, i) => objective.report(look.goodness, labels, thresholds[i] as number));
  return {
    layers: layers.map((own, i) => {
      if (!active.includes(i)) return own;
      const { params, optimiser: next } = descend(
        optimiser,
        before[i] as Trained,
        own.optimiser,
        gradients[i] as Trained,
        gain,
      );
      return { ...params, optimiser: next, meanActivity: (looks[i] as Look).meanActivity };
    }),
    ...stacked({
      positiveGoodness: reports.map((r) => r.positive),
      negativeGoodness: reports.map((r) => r.negative),
      layerLoss: layers.map((_, i) => (active.includes(i) ? value : np.zeros([]))),
    }),
  };
}

interface Trained {
  params: unknown;
  goodness: unknown;
}

/** What a layer makes of its normalised inputs. */
interface Look {
  activity: Pair;
  goodness: Pair;
  peerLoss: NDArray;
  meanActivity: NDArray;
}

function lookWithLayer(
  { activation, layers, objective, peerNormalisation }: Settings,
  index: number,
  trained: Trained,
  input: Pair,
  meanActivity: NDArray,
): Look {
  const layer = layers[index] as LocalLayer;
  const preActivation = apply(input, (x) => layer.apply(trained.params, x));
  const activity = apply(preActivation, activation);
  const goodness = objective.judge(activity, trained.goodness);
  if (peerNormalisation === 0) return { activity, goodness, peerLoss: np.zeros([]), meanActivity };
  const nextMean = meanActivity.mul(0.9).add(stopGradient(activity.positive).mean(0).mul(0.1));
  // Linear in the pre-activation, so that the push also reaches units that ReLU has switched off.
  const push = nextMean.mean().sub(nextMean).mul(-peerNormalisation);
  const peerLoss = preActivation.positive.mul(push).mean(0).sum();
  return { activity, goodness, peerLoss, meanActivity: nextMean };
}

/** Goodness of every layer, for collaboration: nothing of it is differentiated. */
function goodnessOfAll(settings: Settings, layers: readonly LayerState[], inputs: Pair): Pair[] {
  const params = layers.map((l) => l.params);
  const positive = forward(settings, params, inputs.positive);
  const negative = inputs.negative && forward(settings, params, inputs.negative);
  return layers.map(({ goodness }, i) =>
    settings.objective.judge(
      { positive: positive[i] as NDArray, negative: negative && (negative[i] as NDArray) },
      goodness,
    ),
  );
}

function sum(pairs: readonly Pair[]): Pair | null {
  return pairs.reduce<Pair | null>((total, pair) => add(pair, total), null);
}

function stacked<T extends Record<string, NDArray[]>>(lists: T): { [K in keyof T]: NDArray } {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, np.stack(values)])) as {
    [K in keyof T]: NDArray;
  };
}

/** The head's features and logits for a batch with the neutral label. */
function lookWithHead(settings: Settings, state: ForwardForwardState, head: HeadParams, input: NDArray) {
  const params = state.layers.map((l) => l.params);
  const features = headFeatures(settings, forward(settings, params, settings.overlay.writeNeutral(input)));
  return { features, logits: headLogits(head, features) };
}

/** What the softmax head sees: normalised activities of the scored layers, side by side [n, features]. */
export function headFeatures({ scoredLayers, normalisation }: Settings, activities: readonly NDArray[]): NDArray {
  return joinFeatures(scoredLayers.map((i) => normalisation(activities[i] as NDArray)));
}

type HeadState = NonNullable<ForwardForwardState['head']>;

function learnHead(
  { headOptimiser }: Settings,
  head: HeadState,
  features: NDArray,
  labels: NDArray,
  gain: NDArray,
): [NDArray, HeadState] {
  const [loss, gradients] = headGradient(head.params, features, labels);
  return [loss, descend(headOptimiser, head.params, head.optimiser, gradients, gain)];
}
