import { ArgumentError, type NDArray, nn } from '@forback/core';
import { checkClasses, checkLayers, checkName } from './check';
import type { LocalLayer } from './dense-stack';
import { emaSgd } from './ema-sgd';
import { type ClassGoodness, type Goodness, sumOfSquares } from './goodness';
import { type LabelOverlay, labelInPixels } from './label-overlay';
import { allLayers, type LayerSchedule } from './layer-schedule';
import type { Optimiser } from './learner';
import { type ClassLoss, classCrossEntropy, logisticThreshold, type PairLoss } from './loss';
import { hardWrongLabels, type Negatives, uniformWrongLabels } from './negatives';
import type { Network } from './network';
import { meanSquareNormalisation, type Normalisation } from './normalisation';
import { classObjective, type Objective, pairObjective } from './objective';

/** Settings that every method has. */
export interface CommonOptions {
  /** The hidden layers, from the input up: `denseStack([784, 500, 500])`, or your own. */
  layers: readonly LocalLayer[];
  /** Number of classes K, 2 or more. Labels are whole numbers from 0 to K − 1. */
  classes: number;
  /** Of the input and of every layer's output. Default: `meanSquareNormalisation()`. */
  normalisation?: Normalisation;
  /** Default: ReLU. */
  activation?: (preActivation: NDArray) => NDArray;
  /** Which layers learn when. Default: `allLayers()`. */
  schedule?: LayerSchedule;
  /**
   * What a layer's loss adds to its goodness: the goodness of the layers below it or of all others, without a gradient
   * (Lorberbom et al. 2024, γ_{<t} and γ). The threshold has to be chosen anew. Default: 'none'.
   */
  collaboration?: 'none' | 'below' | 'all';
  /**
   * 'local': each layer by its own loss. 'endToEnd': one loss of the summed goodness against the summed thresholds, and its
   * gradient through all layers (BP/FF of Tosato et al. 2023), for comparison. Default: 'local'.
   */
  gradients?: 'local' | 'endToEnd';
  /** Of each layer. Default: `emaSgd()`. */
  optimiser?: Optimiser;
  /** Trains a softmax head on the scored layers, for `onePass` and hard negatives. Default: true with negatives, else false. */
  head?: boolean;
  /** Of the softmax head. Default: `emaSgd({ learningRate: 0.1, weightDecay: 0.003 })`. */
  headOptimiser?: Optimiser;
  /**
   * Indices of the layers that inference looks at. Default: all but the first with negatives (which is all there is in a net
   * of one), else all.
   */
  scoredLayers?: readonly number[];
  /**
   * λ of peer normalisation, which keeps units from being always on or always off; 0 turns it off. Default: 0.03 with
   * negatives (released script), else 0.
   */
  peerNormalisation?: number;
}

/** Methods with negatives: Forward-Forward and its kin. */
export interface PairOptions extends CommonOptions {
  /** Default: `sumOfSquares()`, threshold at one per unit. */
  goodness?: Goodness;
  /** Default: `logisticThreshold()`, temperature 1. */
  loss?: PairLoss;
  /** How a label gets into the input. Default: `labelInPixels(classes)`. */
  overlay?: LabelOverlay;
  /** Default: `hardWrongLabels()`, or `uniformWrongLabels()` without a head. */
  negatives?: Negatives;
}

/** Methods that judge all classes in one pass, without negatives: CwC, Mono-Forward. */
export interface ClassOptions extends CommonOptions {
  goodness: ClassGoodness;
  /** Default: `classCrossEntropy()`. */
  loss?: ClassLoss;
}

/** Settings of `forwardForward`. */
export type ForwardForwardOptions = PairOptions | ClassOptions;

/** The settings with nothing left open. */
export interface Settings extends Network {
  readonly classes: number;
  readonly objective: Objective;
  readonly overlay: LabelOverlay;
  readonly schedule: LayerSchedule;
  readonly collaboration: 'none' | 'below' | 'all';
  readonly endToEnd: boolean;
  readonly optimiser: Optimiser;
  readonly head: boolean;
  readonly headOptimiser: Optimiser;
  readonly scoredLayers: readonly number[];
  readonly peerNormalisation: number;
}

export function resolveOptions(options: ForwardForwardOptions): Settings {
  const { layers, classes } = options;
  const where = 'forwardForward';
  if (layers.length === 0) throw new ArgumentError(`${where}: expected at least one layer, got none`);
  checkClasses(where, classes);
  const judgesClasses = hasClassGoodness(options);
  const { head = !judgesClasses, peerNormalisation = judgesClasses ? 0 : 0.03 } = options;
  if (!(peerNormalisation >= 0)) {
    throw new ArgumentError(`${where}: expected peerNormalisation of 0 or more, got ${peerNormalisation}`);
  }
  const firstScored = judgesClasses || layers.length === 1 ? 0 : 1;
  const scoredLayers = options.scoredLayers ?? layers.map((_, i) => i).slice(firstScored);
  checkLayers(where, 'scoredLayers', scoredLayers, layers.length);
  const collaboration = checkName(where, 'collaboration', options.collaboration ?? 'none', ['none', 'below', 'all']);
  const gradients = checkName(where, 'gradients', options.gradients ?? 'local', ['local', 'endToEnd']);
  if (gradients === 'endToEnd' && collaboration !== 'none') {
    throw new ArgumentError(
      `${where}: collaboration '${collaboration}' is for local gradients; end to end, layers share one loss`,
    );
  }
  return {
    ...objectiveOf(options, head),
    layers,
    classes,
    collaboration,
    head,
    peerNormalisation,
    scoredLayers,
    endToEnd: gradients === 'endToEnd',
    normalisation: options.normalisation ?? meanSquareNormalisation(),
    activation: options.activation ?? nn.relu,
    schedule: options.schedule ?? allLayers(),
    optimiser: options.optimiser ?? emaSgd(),
    headOptimiser: options.headOptimiser ?? emaSgd({ learningRate: 0.1, weightDecay: 0.003 }),
  };
}

function hasClassGoodness(options: ForwardForwardOptions): options is ClassOptions {
  return options.goodness !== undefined && 'ofClasses' in options.goodness;
}

function objectiveOf(options: ForwardForwardOptions, head: boolean): Pick<Settings, 'objective' | 'overlay'> {
  const { classes } = options;
  if (hasClassGoodness(options)) {
    const { goodness, loss = classCrossEntropy() } = options;
    const stray = ['overlay', 'negatives'].find((name) => name in options);
    if (stray !== undefined) {
      throw new ArgumentError(
        `forwardForward: ${goodness.name} judges all classes of an input without a label; leave out ${stray}`,
      );
    }
    return {
      objective: classObjective(classes, goodness, loss),
      overlay: { write: (x) => x, writeNeutral: (x) => x },
    };
  }
  const {
    goodness = sumOfSquares(),
    loss = logisticThreshold(),
    overlay = labelInPixels(classes),
    negatives = head ? hardWrongLabels() : uniformWrongLabels(),
  } = options;
  if (overlay.classes !== undefined && overlay.classes !== classes) {
    throw new ArgumentError(
      `forwardForward: the overlay has labels for ${overlay.classes} classes, not for ${classes}`,
    );
  }
  if (overlay.unlabelled && negatives.relabels) {
    throw new ArgumentError(
      `forwardForward: without a label in the input, ${negatives.name} gives negatives that equal the real inputs; ` +
        'use maskedHybrids() or customNegatives(...)',
    );
  }
  return { objective: pairObjective(classes, goodness, loss, overlay, negatives), overlay };
}
