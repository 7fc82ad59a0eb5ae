import { ArgumentError, jit, type NDArray, nn, np } from '@forback/core';
import { checkBatch, checkInput, checkLayers } from './check';
import { headFeatures, learn } from './learn';
import type { Classifier, Learner } from './learner';
import { forward } from './network';
import { type ForwardForwardOptions, resolveOptions, type Settings } from './options';
import { headLogits } from './softmax-head';
import { type ForwardForwardState, initialState } from './state';

/**
 * - `goodnessScan`: the label with the highest summed goodness wins. K passes with a label in the input, else one.
 * - `layerVote`: the same, but each layer's goodness first goes through a softmax over the labels (Tosato et al. 2023).
 * - `onePass`: one pass with the neutral label; the softmax head on the scored layers decides.
 */
export type InferenceMode = 'goodnessScan' | 'layerVote' | 'onePass';

/** How to predict. */
export interface PredictOptions {
  /** Default: `onePass` where there is a head, else `goodnessScan`. */
  mode?: InferenceMode;
  /** Indices of the layers that count, for `goodnessScan` and `layerVote` only. Default: the scored layers. */
  layers?: readonly number[];
}

/** A Forward-Forward network as pure functions of its state. */
export interface ForwardForward extends Learner<ForwardForwardState>, Classifier<ForwardForwardState, PredictOptions> {
  /** Layers that inference looks at. */
  readonly scoredLayers: readonly number[];
  /** Goodness of each layer for every label [layers, n, K]. */
  layerGoodness(state: ForwardForwardState, input: NDArray): NDArray;
  /** Summed goodness of the scored or of the given layers for every label [n, K]. */
  goodnessOfLabels(state: ForwardForwardState, input: NDArray, layers?: readonly number[]): NDArray;
  /** Log probabilities of the one-pass softmax head [n, K]. */
  logProbabilities(state: ForwardForwardState, input: NDArray): NDArray;
  /** Activities of each layer [n, ...units], with labels (int32 [n]) in the input or with the neutral label. */
  activities(state: ForwardForwardState, input: NDArray, labels?: NDArray): NDArray[];
}

/**
 * The Forward-Forward algorithm and its family. Each layer learns to have high goodness for inputs with their true label and
 * low goodness for negatives (Hinton 2022, section 3.3, with the defaults); goodness, negatives, loss, schedule, collaboration
 * and inference can be exchanged. No gradient crosses a layer: a layer's objective is differentiated in its own parameters.
 *
 * @throws ArgumentError for settings that do not fit.
 */
export function forwardForward(options: ForwardForwardOptions): ForwardForward {
  const settings = resolveOptions(options);
  const { classes, layers, schedule, scoredLayers } = settings;
  const everyLayer = layers.map((_, i) => i);
  const step = jit(
    (state: ForwardForwardState, input: NDArray, labels: NDArray, gain: number | NDArray, active: string) =>
      learn(settings, state, input, labels, gain as NDArray, active.split(',').map(Number)),
    { donate: 0, staticArgnums: 4, name: 'forwardForward.step' },
  );
  const labelGoodness = jit(
    (state: Readable, input: NDArray, chosen: string) =>
      np.stack(scan(settings, state, input, chosen.split(',').map(Number))),
    { staticArgnums: 2, name: 'forwardForward.layerGoodness' },
  );
  const logProbabilities = jit((state: Readable, input: NDArray) => onePass(settings, state, input), {
    name: 'forwardForward.logProbabilities',
  });
  const activities = jit(
    (state: Readable, input: NDArray) =>
      forward(
        settings,
        state.layers.map((l) => l.params),
        input,
      ),
    { name: 'forwardForward.activities' },
  );
  const chosenGoodness = (state: ForwardForwardState, input: NDArray, chosen: readonly number[] = scoredLayers) => {
    checkLayers('forwardForward', 'layers', chosen, layers.length);
    checkInput('forwardForward', input);
    if (settings.overlay.unlabelled) {
      throw new ArgumentError(
        "forwardForward: the input carries no label, so goodness says nothing about labels; predict with mode 'onePass'",
      );
    }
    return labelGoodness(readable(state), input, chosen.join(','));
  };
  const headProbabilities = (state: ForwardForwardState, input: NDArray) => {
    checkInput('forwardForward', input);
    if (settings.head) return logProbabilities(readable(state), input);
    throw new ArgumentError(
      "forwardForward: there is no softmax head; set head: true, or predict with mode 'goodnessScan'",
    );
  };
  return {
    classes,
    schedule,
    scoredLayers,
    layerCount: layers.length,
    init: (key, example) => initialState(settings, key, example),
    step(state, input, labels, { gain = 1, active = everyLayer } = {}) {
      checkBatch('forwardForward.step', classes, input, labels);
      checkLayers('forwardForward.step', 'active', active, layers.length);
      return step(state, input, labels, gain, active.join(','));
    },
    layerGoodness: (state, input) => chosenGoodness(state, input, everyLayer),
    goodnessOfLabels: (state, input, chosen) => chosenGoodness(state, input, chosen).sum(0),
    logProbabilities: headProbabilities,
    activities(state, input, labels) {
      if (labels) checkBatch('forwardForward.activities', classes, input, labels);
      else checkInput('forwardForward.activities', input);
      return activities(
        readable(state),
        labels ? settings.overlay.write(input, labels) : settings.overlay.writeNeutral(input),
      );
    },
    predict(state, input, { mode = settings.head ? 'onePass' : 'goodnessScan', layers: chosen } = {}) {
      if (mode === 'onePass' && chosen !== undefined) {
        throw new ArgumentError(
          "predict: the softmax head of mode 'onePass' looks at the scored layers; leave out layers, or set mode: 'goodnessScan'",
        );
      }
      if (mode === 'onePass') return np.argmax(headProbabilities(state, input), 1);
      if (mode === 'goodnessScan') return np.argmax(chosenGoodness(state, input, chosen).sum(0), 1);
      if (mode === 'layerVote') return np.argmax(nn.softmax(chosenGoodness(state, input, chosen)).sum(0), 1);
      throw new ArgumentError(`predict: expected mode 'onePass', 'goodnessScan' or 'layerVote', got '${String(mode)}'`);
    },
  };
}

/** What inference reads of a state. */
interface Readable {
  layers: { params: unknown; goodness: unknown }[];
  head: ForwardForwardState['head'];
}

function readable(state: ForwardForwardState): Readable {
  return {
    layers: state.layers.map(({ params, goodness }) => ({ params, goodness })),
    head: state.head && { params: state.head.params, optimiser: null },
  };
}

function onePass(settings: Settings, { layers, head }: Readable, input: NDArray): NDArray {
  if (head === null) throw new ArgumentError('forwardForward: this state has no softmax head');
  const params = layers.map((l) => l.params);
  const activities = forward(settings, params, settings.overlay.writeNeutral(input));
  return nn.logSoftmax(headLogits(head.params, headFeatures(settings, activities)));
}

function scan(settings: Settings, { layers }: Readable, input: NDArray, chosen: readonly number[]): NDArray[] {
  const params = layers.map((l) => l.params);
  return settings.objective.labelGoodness(
    input,
    (labelled) => forward(settings, params, labelled),
    layers.map((l) => l.goodness),
    chosen,
  );
}
