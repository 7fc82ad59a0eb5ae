import type { Column } from './input/read-pair';
import type { EstimatorName, MethodName, NoiseName, RuleName } from './options';

/** The verdict on two variables. */
export type Direction = 'x->y' | 'y->x' | 'undecided';

/** Evidence for both directions: `forward` is the model x → y, `reverse` the model y → x. */
export interface BothWays<T> {
  readonly forward: T;
  readonly reverse: T;
}

/** What may be wrong with the data or with the verdict. */
export interface DiscoveryWarning {
  readonly code:
    | 'too-few-rows'
    | 'constant-column'
    | 'categorical-column'
    | 'ties'
    | 'fewer-knots'
    | 'subsampled'
    | 'not-converged'
    | 'rules-disagree'
    | 'both-rejected'
    | 'no-difference'
    | 'low-confidence';
  /** One sentence for people. */
  readonly message: string;
}

/** Mean and standard deviation of the effect at given causes, in the units of the data. */
export interface Prediction {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/** What a chart of one direction shows, in the units of the data. */
export interface PlotData {
  /** The fit on a grid of causes, with the mean ± 2 standard deviations. */
  readonly curve: {
    readonly cause: Float64Array;
    readonly mean: Float64Array;
    readonly lower: Float64Array;
    readonly upper: Float64Array;
  };
  /** The rows that were used. */
  readonly points: { readonly cause: Float64Array; readonly effect: Float64Array };
  /** The residual of each of these rows, in standard deviations of the noise. */
  readonly residuals: Float64Array;
}

/** The direction of one pair and the evidence for it. Numbers that a method does not have are NaN. */
export interface DirectionResult {
  /** The verdict. */
  readonly direction: Direction;
  /** score > 0 means x -> y. Its size has no unit that could be compared between methods or rules. */
  readonly score: number;
  /**
   * Probability, by a normal approximation over rows, that the sign of the score would be the same in a new sample of
   * the same size, minus the probability that it would not: 0 is a coin toss, 1 is certain. It holds the fitted curves
   * fixed and takes the model as given: it is not the probability that the direction is right. NaN for igci and
   * marginal, whose score is no mean over rows.
   */
  readonly confidence: number;
  /** Name of the column that is the cause; null where undecided. */
  readonly cause: string | null;
  /** Name of the column that is the effect; null where undecided. */
  readonly effect: string | null;
  /** Names of the columns, x first: those of the input, else x and y. No method ever sees them. */
  readonly names: readonly [string, string];
  /** Mean log-likelihood of a row of the effect given the cause, in nats, of the variables as they were fitted. */
  readonly logLikelihood: BothWays<number>;
  /** HSIC of cause and residual, the biased estimate tr(KHLH)/n²: smaller is more independent. */
  readonly hsic: BothWays<number>;
  /**
   * p-value of the independence of cause and residual. The residuals come from a fit to the same rows, so that it is
   * relative evidence, not an error rate.
   */
  readonly pValue: BothWays<number>;
  /** Both p-values are below alpha: neither model fits (a confounder, another kind of noise). */
  readonly bothRejected: boolean;
  /** Neither p-value is below alpha: the data do not tell the directions apart by independence. */
  readonly bothAccepted: boolean;
  /** Residuals of the rows that were used, in standard deviations of the noise; empty where nothing was fitted. */
  readonly residuals: BothWays<Float64Array>;
  /**
   * Effect given cause, in the units of the data. Outside the causes that were seen, the splines keep their last value.
   *
   * @param cause values of the cause: a list, a typed array or an array [n].
   * @param direction which model. Default: that of the verdict; x->y where undecided.
   * @throws ArgumentError where the method has fitted nothing (igci, marginal, or data that it could not use); ShapeError,
   *   DTypeError or ArgumentError for other than finite numbers.
   */
  predict(cause: Column, direction?: 'x->y' | 'y->x'): Prediction;
  /**
   * Points, fitted curve and residuals of one direction.
   *
   * @param direction which model. Default: that of the verdict; x->y where undecided.
   * @throws ArgumentError as `predict`.
   */
  plot(direction?: 'x->y' | 'y->x'): PlotData;
  /** What to know before believing the verdict. */
  readonly warnings: readonly DiscoveryWarning[];
  /** Rows that were used. */
  readonly rows: number;
  /** What was run. `estimator`, `noise` and `rule` are null for reci, igci and marginal. */
  readonly settings: {
    readonly method: MethodName;
    readonly estimator: EstimatorName | null;
    readonly noise: NoiseName | null;
    readonly rule: RuleName | null;
  };
  /** Milliseconds of the fits, of the independence tests and of the whole. */
  readonly timing: { readonly fit: number; readonly independence: number; readonly total: number };
}
