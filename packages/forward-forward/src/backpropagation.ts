import { ArgumentError, jit, type NDArray, nn, np, optim, random, valueAndGrad } from '@forback/core';
import { checkAllLearn, checkBatch, checkClasses, checkInput } from './check';
import type { LocalLayer } from './dense-stack';
import { allLayers } from './layer-schedule';
import { type Classifier, descend, type Learner, type Optimiser } from './learner';
import { forward, type Network } from './network';
import type { Normalisation } from './normalisation';
import { type HeadParams, headLogits, initHead, joinFeatures } from './softmax-head';

/** Settings of `backpropagation`. */
export interface BackpropagationOptions {
  /** The hidden layers: the same as for `forwardForward`. */
  layers: readonly LocalLayer[];
  /** Number of classes, 2 or more. */
  classes: number;
  /** Default: ReLU. */
  activation?: (preActivation: NDArray) => NDArray;
  /** Of the input and of every layer's output. Default: none. */
  normalisation?: Normalisation;
  /** Factor on the mean absolute activity of a unit, summed over layers, in the loss. Default: 0. */
  activityPenalty?: number;
  /** Default: Adam with learning rate 0.001. */
  optimiser?: Optimiser;
}

/** All that training changes. */
export interface BackpropagationState {
  /** Batches seen, int32. */
  step: NDArray;
  params: { layers: unknown[]; head: HeadParams };
  optimiser: unknown;
}

/** A network of the same layers with a softmax on top, as pure functions of its state. */
export interface Backpropagation
  extends Learner<BackpropagationState>,
    Classifier<BackpropagationState, Record<never, never>> {
  /** Activities of each hidden layer [n, ...units]. */
  activities(state: BackpropagationState, input: NDArray): NDArray[];
}

/**
 * The baseline of every comparison: the same layers, a linear softmax on the last one, cross-entropy, trained end to end.
 * `train` and `errorRate` take it like a Forward-Forward network; the gain of `train` multiplies its learning rate, so give
 * `gain: () => 1` for a constant one.
 */
export function backpropagation(options: BackpropagationOptions): Backpropagation {
  const { layers, classes, activityPenalty = 0, optimiser = optim.adam() } = options;
  if (layers.length === 0) throw new ArgumentError('backpropagation: expected at least one layer, got none');
  checkClasses('backpropagation', classes);
  const network: Network = {
    layers,
    activation: options.activation ?? nn.relu,
    normalisation: options.normalisation ?? ((x) => x),
  };
  type Params = BackpropagationState['params'];
  const look = (params: Params, input: NDArray) => {
    const activities = forward(network, params.layers, input);
    return { activities, logits: headLogits(params.head, joinFeatures(activities.slice(-1))) };
  };
  const loss = (
    params: Params,
    input: NDArray,
    labels: NDArray,
  ): [NDArray, { error: NDArray; crossEntropy: NDArray }] => {
    const { activities, logits } = look(params, input);
    const crossEntropy = nn.losses.softmaxCrossEntropy(logits, labels).mean();
    const error = np.notEqual(np.argmax(logits, 1), labels).astype('float32').mean();
    const size = activities.map((a) => np.abs(a).mean()).reduce((a, b) => a.add(b));
    return [
      activityPenalty === 0 ? crossEntropy : crossEntropy.add(size.mul(activityPenalty)),
      { error, crossEntropy },
    ];
  };
  const step = jit(
    (state: BackpropagationState, input: NDArray, labels: NDArray, gain: number | NDArray) => {
      const [[, seen], gradients] = valueAndGrad(loss, { hasAux: true })(state.params, input, labels);
      const next = descend(optimiser, state.params, state.optimiser, gradients, gain);
      return [{ step: state.step.add(1), ...next }, seen] as const;
    },
    { donate: 0, name: 'backpropagation.step' },
  );
  const predict = jit((params: Params, input: NDArray) => np.argmax(look(params, input).logits, 1), {
    name: 'backpropagation.predict',
  });
  const activities = jit((params: Params, input: NDArray) => look(params, input).activities, {
    name: 'backpropagation.activities',
  });
  const none = np.full([layers.length], Number.NaN);
  return {
    classes,
    schedule: allLayers(),
    layerCount: layers.length,
    init(key, example) {
      const keys = random.split(key, layers.length as number);
      const own = layers.map((layer, i) => layer.init(keys[i] as random.Key));
      const top = forward(network, own, example.slice([0, 1])).at(-1) as NDArray;
      const params = { layers: own, head: initHead(top.size, classes) };
      return { step: np.zeros([], { dtype: 'int32' }), params, optimiser: optimiser.init(params) };
    },
    step(state, input, labels, { gain = 1, active } = {}) {
      checkBatch('backpropagation.step', classes, input, labels);
      checkAllLearn('backpropagation.step', active, layers.length);
      const [next, { error, crossEntropy }] = step(state, input, labels, gain);
      return [
        next,
        { positiveGoodness: none, negativeGoodness: none, layerLoss: none, headLoss: crossEntropy, headError: error },
      ];
    },
    predict(state, input) {
      checkInput('backpropagation.predict', input);
      return predict(state.params, input);
    },
    activities: (state, input) => activities(state.params, input),
  };
}
