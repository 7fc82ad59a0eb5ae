import { ArgumentError, jit, type NDArray, nn, np, random, valueAndGrad } from '@forback/core';
import { checkAllLearn, checkBatch, checkClasses, checkInput, checkName, checkWhole } from './check';
import { denseStack, type LocalLayer } from './dense-stack';
import { emaSgd } from './ema-sgd';
import { type Goodness, sumOfSquares } from './goodness';
import { allLayers } from './layer-schedule';
import { type Classifier, descend, type Learner, type Optimiser, type StepMetrics } from './learner';
import { logisticThreshold, type PairLoss } from './loss';
import { sampleHardWrong, sampleUniformWrong } from './negatives';
import { meanSquareNormalisation, type Normalisation } from './normalisation';
import { type HeadParams, headGradient, headLogits, initHead, joinFeatures } from './softmax-head';

/** Layers with connections in both directions. */
export interface TwoWayLayers {
  /** From the layer below (first: the image) to each layer. */
  up: readonly LocalLayer[];
  /** From the layer above (last: the one-hot label) to each layer. */
  down: readonly LocalLayer[];
}

/** Settings of `topDownForwardForward`. */
export interface TopDownOptions extends TwoWayLayers {
  /** Number of classes, 2 or more. */
  classes: number;
  /** Share of the old state in the new one, 0 or more and below 1. Default: 0.3 (Hinton 2022, section 3.4). */
  damping?: number;
  /** Synchronous updates of a training step. Default: 8. */
  iterations?: number;
  /** First and last iteration (from 1) whose goodness is averaged to predict. Default: [3, 5]. */
  scoredIterations?: readonly [number, number];
  /** Wrong labels: 'hard', drawn from a softmax head on the bottom-up pass, or 'uniform'. Default: 'hard'. */
  negatives?: 'hard' | 'uniform';
  /** Default: `sumOfSquares()`. */
  goodness?: Goodness;
  /** Default: `logisticThreshold()`. */
  loss?: PairLoss;
  /** Default: `meanSquareNormalisation()`. */
  normalisation?: Normalisation;
  /** Default: ReLU. */
  activation?: (preActivation: NDArray) => NDArray;
  /** Of each layer. Default: `emaSgd()`. */
  optimiser?: Optimiser;
  /** Of the softmax head. Default: `emaSgd({ learningRate: 0.1, weightDecay: 0.003 })`. */
  headOptimiser?: Optimiser;
}

type TwoWayParams = { up: unknown; down: unknown };

/** All that training changes. */
export interface TopDownState {
  /** Batches seen, int32. */
  step: NDArray;
  key: random.Key;
  layers: { params: TwoWayParams; optimiser: unknown }[];
  /** On the bottom-up pass; it only serves to find hard negatives. */
  head: { params: HeadParams; optimiser: unknown };
}

/** A recurrent Forward-Forward network as pure functions of its state. */
export interface TopDownForwardForward extends Learner<TopDownState>, Classifier<TopDownState, Record<never, never>> {
  /** Goodness for every label, summed over layers and averaged over the scored iterations [n, K]. */
  goodnessOfLabels(state: TopDownState, input: NDArray): NDArray;
  /** States of all layers [n, ...units] after so many iterations with the given labels; 0 gives the bottom-up pass. */
  settle(state: TopDownState, input: NDArray, labels: NDArray, iterations: number): NDArray[];
}

/**
 * Dense layers in both directions: weights N(0, 1 / inputs), biases (zeros) on the way up only.
 *
 * @param sizes - inputs, then the units of each layer.
 */
export function twoWayStack(sizes: readonly number[], classes: number): TwoWayLayers {
  const above = [...sizes.slice(2), classes];
  const down = sizes.slice(1).map((out, i) => {
    const inputs = above[i] as number;
    const init: nn.Initializer = (key, shape) => nn.initializers.normal(key, shape, { std: 1 / Math.sqrt(inputs) });
    return nn.dense({ in: inputs, out, bias: false, init }) as LocalLayer;
  });
  return { up: denseStack(sizes), down };
}

/**
 * The recurrent network that sees an image as a constant video with its label on top (Hinton 2022, section 3.4):
 * s_l ← d s_l + (1 − d) ReLU(up(n_{l−1}) + down(n_{l+1})), all layers at once, n = s normalised. Each layer raises its goodness
 * at every iteration with the true label on top and lowers it with a wrong one; no gradient crosses a layer or an iteration.
 */
export function topDownForwardForward(options: TopDownOptions): TopDownForwardForward {
  const settings = resolve(options);
  const { classes, up } = settings;
  const step = jit(
    (state: TopDownState, input: NDArray, labels: NDArray, gain: NDArray | number) =>
      learn(settings, state, input, labels, gain as NDArray),
    { donate: 0, name: 'topDownForwardForward.step' },
  );
  const goodnessOfLabels = jit((layers: Readable, input: NDArray) => scan(settings, layers, input), {
    name: 'topDownForwardForward.goodnessOfLabels',
  });
  const readable = ({ layers }: TopDownState) => layers.map(({ params }) => ({ params }));
  const labelGoodness = (state: TopDownState, input: NDArray) => {
    checkInput('topDownForwardForward', input);
    return goodnessOfLabels(readable(state), input);
  };
  return {
    classes,
    schedule: allLayers(),
    layerCount: up.length,
    init: (key, example) => initialState(settings, key, example),
    step(state, input, labels, { gain = 1, active } = {}) {
      checkBatch('topDownForwardForward.step', classes, input, labels);
      checkAllLearn('topDownForwardForward.step', active, up.length);
      return step(state, input, labels, gain);
    },
    goodnessOfLabels: labelGoodness,
    predict: (state, input) => np.argmax(labelGoodness(state, input), 1),
    settle(state, input, labels, iterations) {
      checkBatch('topDownForwardForward.settle', classes, input, labels);
      checkWhole('topDownForwardForward.settle', 'iterations', iterations, 0);
      const run = settle(settings, readable(state), input, labels, iterations);
      return run[iterations] as NDArray[];
    },
  };
}

type Settings = Required<TopDownOptions>;
type Readable = readonly { params: TwoWayParams }[];

function resolve(options: TopDownOptions): Settings {
  const where = 'topDownForwardForward';
  const { up, down, classes, damping = 0.3, iterations = 8, scoredIterations = [3, 5] } = options;
  checkClasses(where, classes);
  if (up.length === 0 || up.length !== down.length) {
    throw new ArgumentError(
      `${where}: expected as many layers down as up, at least one, got ${down.length} and ${up.length}`,
    );
  }
  if (!(damping >= 0 && damping < 1)) throw new ArgumentError(`${where}: expected damping in [0, 1), got ${damping}`);
  const [first, last] = scoredIterations;
  if (!([iterations, first, last].every(Number.isInteger) && first >= 1 && first <= last && last <= iterations)) {
    throw new ArgumentError(
      `${where}: expected scoredIterations from 1 to the ${iterations} iterations, got [${first}, ${last}]`,
    );
  }
  return {
    up,
    down,
    classes,
    damping,
    iterations,
    scoredIterations,
    negatives: checkName(where, 'negatives', options.negatives ?? 'hard', ['hard', 'uniform']),
    goodness: options.goodness ?? sumOfSquares(),
    loss: options.loss ?? logisticThreshold(),
    normalisation: options.normalisation ?? meanSquareNormalisation(),
    activation: options.activation ?? nn.relu,
    optimiser: options.optimiser ?? emaSgd(),
    headOptimiser: options.headOptimiser ?? emaSgd({ learningRate: 0.1, weightDecay: 0.003 }),
  };
}

function initialState(settings: Settings, key: random.Key, example: NDArray): TopDownState {
  const { up, down, classes, optimiser, headOptimiser } = settings;
  const [own, ...keys] = random.split(key, up.length + 1) as [random.Key, ...random.Key[]];
  const layers = up.map((layer, i) => {
    const [upKey, downKey] = random.split(keys[i] as random.Key);
    const params = { up: layer.init(upKey), down: (down[i] as LocalLayer).init(downKey) };
    return { params, optimiser: optimiser.init(params) };
  });
  const states = bottomUp(settings, layers, example.slice([0, 1]));
  const head = initHead(
    states.reduce((n, s) => n + s.size, 0),
    classes,
  );
  return {
    step: np.zeros([], { dtype: 'int32' }),
    key: own,
    layers,
    head: { params: head, optimiser: headOptimiser.init(head) },
  };
}

function bottomUp({ up, activation, normalisation }: Settings, layers: Readable, input: NDArray): NDArray[] {
  const states: NDArray[] = [];
  up.forEach((layer, i) => {
    const below = normalisation(states[i - 1] ?? input);
    states.push(activation(layer.apply(layers[i]?.params.up, below)));
  });
  return states;
}

/** What a layer sees of its neighbours, normalised, and its own old state. */
interface Surroundings {
  below: NDArray;
  above: NDArray;
  own: NDArray;
}

/** What all layers see when the states are these. */
function look({ normalisation }: Settings, states: readonly NDArray[], input: NDArray, label: NDArray): Surroundings[] {
  return states.map((own, i) => ({
    below: normalisation(states[i - 1] ?? input),
    above: normalisation(states[i + 1] ?? label),
    own,
  }));
}

function nextState(
  { up, down, activation, damping }: Settings,
  index: number,
  params: TwoWayParams,
  { below, above, own }: Surroundings,
): NDArray {
  const fromBelow = (up[index] as LocalLayer).apply(params.up, below);
  const fromAbove = (down[index] as LocalLayer).apply(params.down, above);
  return own.mul(damping).add(activation(fromBelow.add(fromAbove)).mul(1 - damping));
}

/** States of all layers at every iteration, the bottom-up pass first. */
function settle(
  settings: Settings,
  layers: Readable,
  input: NDArray,
  labels: NDArray,
  iterations: number,
): NDArray[][] {
  const label = nn.oneHot(labels, settings.classes, input.dtype);
  const states = [bottomUp(settings, layers, input)];
  for (let t = 0; t < iterations; t++) {
    const seen = look(settings, states[t] as NDArray[], input, label);
    states.push(seen.map((s, i) => nextState(settings, i, (layers[i] as Readable[number]).params, s)));
  }
  return states;
}

function scan(settings: Settings, layers: Readable, input: NDArray): NDArray {
  const { classes, goodness, scoredIterations } = settings;
  const [first, last] = scoredIterations;
  const n = input.shape[0] as number;
  const scores = Array.from({ length: classes }, (_, label) => {
    const states = settle(settings, layers, input, np.full([n], label, { dtype: 'int32' }), last);
    const scored = states.slice(first).flat().map(goodness.of);
    return scored.reduce((a, b) => a.add(b)).div(last - first + 1);
  });
  return np.stack(scores, 1);
}

function learn(
  settings: Settings,
  state: TopDownState,
  input: NDArray,
  labels: NDArray,
  gain: NDArray,
): [TopDownState, StepMetrics] {
  const { classes, goodness, headOptimiser, iterations, loss, negatives, normalisation, optimiser } = settings;
  const key = random.foldIn(state.key, state.step);
  const features = joinFeatures(bottomUp(settings, state.layers, input).map(normalisation));
  const logits = headLogits(state.head.params, features);
  const wrong =
    negatives === 'hard'
      ? sampleHardWrong(key, labels, nn.logSoftmax(logits))
      : sampleUniformWrong({ key, labels, classes });

  /** What each layer sees at every iteration, one iteration below the other. */
  const surroundings = (given: NDArray): Surroundings[] => {
    const states = settle(settings, state.layers, input, given, iterations - 1);
    const label = nn.oneHot(given, classes, input.dtype);
    const seen = states.map((s) => look(settings, s, input, label));
    const joined = (layer: number, part: keyof Surroundings) =>
      np.concatenate(seen.map((at) => (at[layer] as Surroundings)[part]));
    return state.layers.map((_, i) => ({
      below: joined(i, 'below'),
      above: joined(i, 'above'),
      own: joined(i, 'own'),
    }));
  };
  const [positive, negative] = [surroundings(labels), surroundings(wrong)];
  const metrics = { positiveGoodness: [] as NDArray[], negativeGoodness: [] as NDArray[], layerLoss: [] as NDArray[] };
  const layers = state.layers.map((own, i) => {
    const units = (positive[i] as Surroundings).own;
    const threshold = goodness.threshold(units.size / (units.shape[0] as number));
    const objective = (params: TwoWayParams) => {
      const high = goodness.of(nextState(settings, i, params, positive[i] as Surroundings));
      const low = goodness.of(nextState(settings, i, params, negative[i] as Surroundings));
      return [loss(high, low, threshold), { high: high.mean(), low: low.mean() }] as [
        NDArray,
        { high: NDArray; low: NDArray },
      ];
    };
    const [[value, { high, low }], gradients] = valueAndGrad(objective, { hasAux: true })(own.params);
    metrics.positiveGoodness.push(high.div(threshold));
    metrics.negativeGoodness.push(low.div(threshold));
    metrics.layerLoss.push(value);
    return descend(optimiser, own.params, own.optimiser, gradients, gain);
  });
  const [headLoss, headGradients] = headGradient(state.head.params, features, labels);
  return [
    {
      step: state.step.add(1),
      key: state.key,
      layers,
      head: descend(headOptimiser, state.head.params, state.head.optimiser, headGradients, gain),
    },
    {
      positiveGoodness: np.stack(metrics.positiveGoodness),
      negativeGoodness: np.stack(metrics.negativeGoodness),
      layerLoss: np.stack(metrics.layerLoss),
      headLoss,
      headError: np.notEqual(np.argmax(logits, 1), labels).astype('float32').mean(),
    },
  ];
}
