import {
  ArgumentError,
  DTypeError,
  jit,
  type NDArray,
  nn,
  np,
  optim,
  random,
  ShapeError,
  stopGradient,
  tree,
  valueAndGrad,
} from '@forback/core';
import type { LocalLayer } from './dense-stack';
import { emaSgd } from './ema-sgd';
import { type Goodness, sumOfSquares } from './goodness';
import { type LabelOverlay, labelInPixels } from './label-overlay';
import { allLayers, type LayerSchedule } from './layer-schedule';
import { type LocalLoss, logisticThreshold } from './loss';
import { hardWrongLabels, type Negatives } from './negatives';
import { meanSquareNormalisation, type Normalisation } from './normalisation';

type Optimiser = optim.GradientTransform<unknown>;

export interface ForwardForwardOptions {
  /** The hidden layers, from the input up: `denseStack([784, 500, 500])`, or your own. */
  layers: readonly LocalLayer[];
  /** Number of classes K, 2 or more. Labels are whole numbers from 0 to K − 1. */
  classes: number;
  /** Default: `sumOfSquares()`, threshold at one per unit. */
  goodness?: Goodness;
  /** Default: `logisticThreshold()`, temperature 1. */
  loss?: LocalLoss;
  /** Of the input and of every layer's output. Default: `meanSquareNormalisation()`. */
  normalisation?: Normalisation;
  /** Default: ReLU. */
  activation?: (preActivation: NDArray) => NDArray;
  /** How a label gets into the input. Default: `labelInPixels(classes)`. */
  overlay?: LabelOverlay;
  /** Default: `hardWrongLabels()`. */
  negatives?: Negatives;
  /** Which layers learn when. Default: `allLayers()`. */
  schedule?: LayerSchedule;
  /** λ of peer normalisation, which keeps units from being always on or always off; 0 turns it off. Default: 0.03. */
  peerNormalisation?: number;
  /** Of each layer. Default: `emaSgd()`. */
  optimiser?: Optimiser;
  /** Of the softmax head. Default: `emaSgd({ learningRate: 0.1, weightDecay: 0.003 })`. */
  headOptimiser?: Optimiser;
  /** Indices of the layers that inference looks at. Default: all but the first (which is all there is in a net of one). */
  scoredLayers?: readonly number[];
}

interface LayerState {
  params: unknown;
  optimiser: unknown;
  /** Running mean activity of each unit, for peer normalisation. */
  meanActivity: NDArray;
}

/** All that training changes: a tree that `io.save` keeps and `step` takes up again with the same bits. */
export interface ForwardForwardState {
  /** Batches seen, int32. */
  step: NDArray;
  key: random.Key;
  layers: LayerState[];
  head: { params: { weight: NDArray; bias: NDArray }; optimiser: unknown };
}

/** What a step saw, before it changed anything. */
export interface StepMetrics {
  /** Mean goodness of positive examples in each layer, as a multiple of the layer's threshold [layers]. */
  positiveGoodness: NDArray;
  /** The same for negative examples [layers]. */
  negativeGoodness: NDArray;
  /** Objective of each layer [layers]; 0 for layers that did not learn. */
  layerLoss: NDArray;
  /** Cross-entropy of the softmax head, in nats. */
  headLoss: NDArray;
  /** Share of the batch that the softmax head got wrong. */
  headError: NDArray;
}

/**
 * - `goodnessScan`: one pass for each label; the label that makes the scored layers happiest wins. K passes.
 * - `onePass`: one pass with the neutral label; the softmax head on the scored layers decides.
 */
export type InferenceMode = 'goodnessScan' | 'onePass';

/** A Forward-Forward network as pure functions of its state. */
export interface ForwardForward {
  readonly classes: number;
  readonly schedule: LayerSchedule;
  readonly layerCount: number;
  /** Fresh parameters. `example` is a batch of any size: its shape is what counts. */
  init(key: random.Key, example: NDArray): ForwardForwardState;
  /**
   * One batch of learning. The given state is consumed (donated); use the returned one.
   *
   * @param input - [n, ...] floats. @param labels - int32 [n].
   * @param options.gain - factor on the learning rates. Default 1.
   * @param options.active - indices of the layers that learn. Default: all.
   */
  step(
    state: ForwardForwardState,
    input: NDArray,
    labels: NDArray,
    options?: { gain?: number; active?: readonly number[] },
  ): [ForwardForwardState, StepMetrics];
  /** Summed goodness of the scored layers for every label [n, K]. */
  goodnessOfLabels(state: ForwardForwardState, input: NDArray): NDArray;
  /** Log probabilities of the one-pass softmax head [n, K]. */
  logProbabilities(state: ForwardForwardState, input: NDArray): NDArray;
  /** The most likely labels, int32 [n]. Default mode: `onePass`. */
  predict(state: ForwardForwardState, input: NDArray, options?: { mode?: InferenceMode }): NDArray;
}

/**
 * The Forward-Forward algorithm, supervised, with the label in the input (Hinton 2022, section 3.3). Each layer learns to
 * have high goodness for inputs with their true label and low goodness for the same inputs with a wrong one. No gradient
 * crosses a layer: the objective of a layer is differentiated in that layer's parameters alone.
 */
export function forwardForward(options: ForwardForwardOptions): ForwardForward {
  const settings = resolve(options);
  const { classes, layers, schedule } = settings;
  const everyLayer = layers.map((_, i) => i);
  const step = jit(
    (state: ForwardForwardState, input: NDArray, labels: NDArray, gain: number | NDArray, active: string) =>
      learn(settings, state, input, labels, gain as NDArray, active.split(',').map(Number)),
    { donate: 0, staticArgnums: 4, name: 'forwardForward.step' },
  );
  const goodnessOfLabels = jit((state: ForwardForwardState, input: NDArray) => scan(settings, state, input), {
    name: 'forwardForward.goodnessOfLabels',
  });
  const logProbabilities = jit((state: ForwardForwardState, input: NDArray) => onePass(settings, state, input), {
    name: 'forwardForward.logProbabilities',
  });
  const readable = (state: ForwardForwardState) => ({
    ...state,
    layers: state.layers.map(({ params }) => ({ params })) as LayerState[],
  });
  return {
    classes,
    schedule,
    layerCount: layers.length,
    init: (key, example) => initialise(settings, key, example),
    step(state, input, labels, { gain = 1, active = everyLayer } = {}) {
      checkBatch('forwardForward.step', classes, input, labels);
      return step(state, input, labels, gain, active.join(','));
    },
    goodnessOfLabels: (state, input) => goodnessOfLabels(readable(state), input),
    logProbabilities: (state, input) => logProbabilities(readable(state), input),
    predict(state, input, { mode = 'onePass' } = {}) {
      if (mode === 'onePass') return np.argmax(logProbabilities(readable(state), input), 1);
      if (mode === 'goodnessScan') return np.argmax(goodnessOfLabels(readable(state), input), 1);
      throw new ArgumentError(`predict: expected mode 'onePass' or 'goodnessScan', got '${String(mode)}'`);
    },
  };
}

type Settings = Required<ForwardForwardOptions>;

function resolve(options: ForwardForwardOptions): Settings {
  const { layers, classes } = options;
  if (layers.length === 0) throw new ArgumentError('forwardForward: expected at least one layer, got none');
  if (!Number.isInteger(classes) || classes < 2) {
    throw new ArgumentError(
      `forwardForward: expected classes to be 2 or more, got ${classes}; with one class there are no negatives`,
    );
  }
  const peerNormalisation = options.peerNormalisation ?? 0.03;
  if (!(peerNormalisation >= 0)) {
    throw new ArgumentError(`forwardForward: expected peerNormalisation of 0 or more, got ${peerNormalisation}`);
  }
  const scoredLayers = options.scoredLayers ?? layers.map((_, i) => i).slice(layers.length > 1 ? 1 : 0);
  if (scoredLayers.length === 0 || scoredLayers.some((i) => !Number.isInteger(i) || i < 0 || i >= layers.length)) {
    throw new ArgumentError(
      `forwardForward: expected scoredLayers to be indices from 0 to ${layers.length - 1}, got [${scoredLayers.join(', ')}]`,
    );
  }
  return {
    layers,
    classes,
    peerNormalisation,
    scoredLayers,
    goodness: options.goodness ?? sumOfSquares(),
    loss: options.loss ?? logisticThreshold(),
    normalisation: options.normalisation ?? meanSquareNormalisation(),
    activation: options.activation ?? nn.relu,
    overlay: options.overlay ?? labelInPixels(classes),
    negatives: options.negatives ?? hardWrongLabels(),
    schedule: options.schedule ?? allLayers(),
    optimiser: options.optimiser ?? (emaSgd() as Optimiser),
    headOptimiser: options.headOptimiser ?? (emaSgd({ learningRate: 0.1, weightDecay: 0.003 }) as Optimiser),
  };
}

function checkBatch(where: string, classes: number, input: NDArray, labels: NDArray): void {
  if (input.ndim < 2 || (input.dtype !== 'float32' && input.dtype !== 'float64')) {
    throw new ShapeError(
      `${where}: expected input to be a float batch [n, ...], got ${input.dtype}[${input.shape.join(', ')}]`,
    );
  }
  if (labels.dtype !== 'int32' || labels.ndim !== 1 || labels.shape[0] !== input.shape[0]) {
    throw new DTypeError(
      `${where}: expected labels to be int32[${input.shape[0]}], got ${labels.dtype}[${labels.shape.join(', ')}]`,
    );
  }
  if (labels.trace !== null) return;
  const bad = labels.dataSync().find((label) => label < 0 || label >= classes);
  if (bad !== undefined) throw new ArgumentError(`${where}: expected labels from 0 to ${classes - 1}, got ${bad}`);
}

function initialise(settings: Settings, key: random.Key, example: NDArray): ForwardForwardState {
  const { layers, classes, optimiser, headOptimiser, scoredLayers } = settings;
  const [own, ...layerKeys] = random.split(key, layers.length + 1) as [random.Key, ...random.Key[]];
  const params = layers.map((layer, i) => layer.init(layerKeys[i] as random.Key));
  const activities = forward(settings, params, settings.overlay.writeNeutral(example.slice([0, 1])));
  const features = scoredLayers.reduce((n, i) => n + (activities[i] as NDArray).size, 0);
  const head = { weight: np.zeros([features, classes]), bias: np.zeros([classes]) };
  return {
    step: np.zeros([], { dtype: 'int32' }),
    key: own,
    layers: params.map((p, i) => ({
      params: p,
      optimiser: optimiser.init(p),
      meanActivity: np.full((activities[i] as NDArray).shape.slice(1), 0.5),
    })),
    head: { params: head, optimiser: headOptimiser.init(head) },
  };
}

/** Activities of all layers for a network input; each layer sees the normalised output of the one below. */
function forward(settings: Settings, params: readonly unknown[], input: NDArray): NDArray[] {
  const { layers, activation, normalisation } = settings;
  const activities: NDArray[] = [];
  let below = normalisation(input);
  layers.forEach((layer, i) => {
    const activity = activation(layer.apply(params[i], below));
    activities.push(activity);
    below = normalisation(activity);
  });
  return activities;
}

/** What the softmax head sees: normalised activities of the scored layers, side by side [n, features]. */
function headFeatures({ scoredLayers, normalisation }: Settings, activities: readonly NDArray[]): NDArray {
  const parts = scoredLayers.map((i) => {
    const normal = normalisation(activities[i] as NDArray);
    return normal.reshape([normal.shape[0] as number, -1]);
  });
  return np.concatenate(parts, 1);
}

function headLogits({ weight, bias }: ForwardForwardState['head']['params'], features: NDArray): NDArray {
  return features.matmul(weight).add(bias);
}

function onePass(settings: Settings, state: ForwardForwardState, input: NDArray): NDArray {
  const params = state.layers.map((l) => l.params);
  const activities = forward(settings, params, settings.overlay.writeNeutral(input));
  return nn.logSoftmax(headLogits(state.head.params, headFeatures(settings, activities)));
}

function scan(settings: Settings, state: ForwardForwardState, input: NDArray): NDArray {
  const { classes, goodness, overlay, scoredLayers } = settings;
  const params = state.layers.map((l) => l.params);
  const n = input.shape[0] as number;
  const scores = Array.from({ length: classes }, (_, label) => {
    const activities = forward(settings, params, overlay.write(input, np.full([n], label, { dtype: 'int32' })));
    return scoredLayers.map((i) => goodness.of(activities[i] as NDArray)).reduce((sum, g) => sum.add(g));
  });
  return np.stack(scores, 1);
}

function learn(
  settings: Settings,
  state: ForwardForwardState,
  input: NDArray,
  labels: NDArray,
  gain: NDArray,
  active: readonly number[],
): [ForwardForwardState, StepMetrics] {
  const { classes, layers, negatives, normalisation, overlay } = settings;
  const params = state.layers.map((l) => l.params);

  const neutral = forward(settings, params, overlay.writeNeutral(input));
  const features = headFeatures(settings, neutral);
  const logits = headLogits(state.head.params, features);

  let positive = normalisation(overlay.write(input, labels));
  let negative = normalisation(
    negatives.sample({
      key: random.foldIn(state.key, state.step),
      input,
      labels,
      classes,
      overlay,
      logProbabilities: () => nn.logSoftmax(logits),
    }),
  );

  const goodness: { positive: NDArray; negative: NDArray }[] = [];
  const losses: NDArray[] = [];
  const nextLayers = layers.map((_, i) => {
    const own = state.layers[i] as LayerState;
    const objective = (p: unknown) => localObjective(settings, i, p, positive, negative, own.meanActivity);
    const learns = active.includes(i);
    const [[loss, seen], gradients] = learns
      ? valueAndGrad(objective, { hasAux: true })(own.params)
      : [objective(own.params), null];
    positive = normalisation(seen.positive);
    negative = normalisation(seen.negative);
    goodness.push(seen.goodness);
    losses.push(learns ? loss : np.zerosLike(loss));
    return gradients === null
      ? own
      : { ...update(settings.optimiser, own, gradients, gain), meanActivity: seen.meanActivity };
  });

  const [headLoss, headGradients] = valueAndGrad((p: ForwardForwardState['head']['params']) =>
    nn.losses.softmaxCrossEntropy(headLogits(p, features), labels).mean(),
  )(state.head.params);
  const wrong = np.notEqual(np.argmax(logits, 1), labels);

  return [
    {
      step: state.step.add(1),
      key: state.key,
      layers: nextLayers,
      head: update(settings.headOptimiser, state.head, headGradients, gain),
    },
    {
      positiveGoodness: np.stack(goodness.map((g) => g.positive)),
      negativeGoodness: np.stack(goodness.map((g) => g.negative)),
      layerLoss: np.stack(losses),
      headLoss,
      headError: wrong.astype('float32').mean(),
    },
  ];
}

/** The objective of one layer, given normalised inputs from below. Differentiated in `params` alone. */
function localObjective(
  { activation, goodness, layers, loss, peerNormalisation }: Settings,
  index: number,
  params: unknown,
  positiveInput: NDArray,
  negativeInput: NDArray,
  meanActivity: NDArray,
) {
  const layer = layers[index] as LocalLayer;
  const preActivation = layer.apply(params, positiveInput);
  const positive = activation(preActivation);
  const negative = activation(layer.apply(params, negativeInput));
  const threshold = goodness.threshold(meanActivity.size);
  const scored = { positive: goodness.of(positive), negative: goodness.of(negative) };
  let objective = loss(scored.positive, scored.negative, threshold);
  let nextMean = meanActivity;
  if (peerNormalisation > 0) {
    nextMean = meanActivity.mul(0.9).add(stopGradient(positive).mean(0).mul(0.1));
    // Linear in the pre-activation, so that the push also reaches units that ReLU has switched off.
    const push = nextMean.mean().sub(nextMean).mul(peerNormalisation);
    objective = objective.sub(preActivation.mul(push).mean(0).sum());
  }
  const relative = (g: NDArray) => g.mean().div(threshold);
  return [
    objective,
    {
      positive,
      negative,
      meanActivity: nextMean,
      goodness: { positive: relative(scored.positive), negative: relative(scored.negative) },
    },
  ] as [
    NDArray,
    { positive: NDArray; negative: NDArray; meanActivity: NDArray; goodness: { positive: NDArray; negative: NDArray } },
  ];
}

function update<S extends { params: unknown; optimiser: unknown }>(
  optimiser: Optimiser,
  own: S,
  gradients: unknown,
  gain: NDArray,
): S {
  const [updates, next] = optimiser.update(gradients, own.optimiser, own.params);
  const scaled = tree.map((u) => u.mul(gain), updates);
  return { ...own, params: optim.applyUpdates(own.params, scaled), optimiser: next };
}
