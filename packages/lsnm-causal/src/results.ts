import { ArgumentError } from '@forback/core';
import { type Column, type Pair, toNumbers } from './input/read-pair';
import { applyScaling } from './input/scale';
import { confidenceOf } from './methods/confidence';
import { absent, type Evidence } from './methods/evidence';
import type { Direction, DirectionResult, DiscoveryWarning, PlotData, Prediction } from './result';
import { hasRule, type Settings } from './settings';

/** The result for data that cannot decide. */
export function undecidedResult(
  pair: Pair,
  settings: Settings,
  warnings: readonly DiscoveryWarning[],
  total: number,
): DirectionResult {
  const nothing: Evidence = {
    score: 0,
    terms: null,
    logLikelihood: absent,
    hsic: absent,
    pValue: absent,
    fits: null,
    warnings: [],
    milliseconds: { fit: 0, independence: 0 },
  };
  return decidedResult(pair, settings, nothing, warnings, total);
}

/** The result of a method's evidence. */
export function decidedResult(
  pair: Pair,
  settings: Settings,
  evidence: Evidence,
  before: readonly DiscoveryWarning[],
  total: number,
): DirectionResult {
  const { fits, pValue, terms } = evidence;
  const score = evidence.score === 0 ? 0 : evidence.score;
  const confidence = terms === null ? Number.NaN : confidenceOf(score, terms);
  const { direction, warnings: verdictWarnings } = verdict(score, confidence, settings);
  const { alpha } = settings;
  const bothRejected = pValue.forward < alpha && pValue.reverse < alpha;
  const bothAccepted = pValue.forward >= alpha && pValue.reverse >= alpha;
  const warnings = [...before, ...evidence.warnings, ...verdictWarnings];
  if (bothRejected) {
    const message = `Residuals depend on the cause both ways (both p-values are below ${alpha}): neither model fits.`;
    warnings.push({ code: 'both-rejected', message });
  }
  const [x, y] = pair.names;
  const chosen = direction === 'y->x' ? 'y->x' : 'x->y';
  const empty = new Float64Array(0);
  return {
    direction,
    score,
    confidence,
    cause: direction === 'undecided' ? null : direction === 'x->y' ? x : y,
    effect: direction === 'undecided' ? null : direction === 'x->y' ? y : x,
    names: pair.names,
    logLikelihood: evidence.logLikelihood,
    hsic: evidence.hsic,
    pValue,
    bothRejected,
    bothAccepted,
    residuals: {
      forward: fits?.both.forward.residuals ?? empty,
      reverse: fits?.both.reverse.residuals ?? empty,
    },
    predict: (cause, way = chosen) => predictor('predict', fits, way)(cause),
    plot: (way = chosen) => plotData(pair, fits, way),
    warnings,
    rows: pair.x.length,
    settings: {
      method: settings.method,
      estimator: hasRule(settings.method) ? settings.estimator : null,
      noise: hasRule(settings.method) ? settings.noise : null,
      rule: hasRule(settings.method) ? settings.rule : null,
    },
    timing: { ...evidence.milliseconds, total },
  };
}

function verdict(
  score: number,
  confidence: number,
  { minConfidence }: Settings,
): { direction: Direction; warnings: DiscoveryWarning[] } {
  // No score at all counts as none.
  if (!(Math.abs(score) > 0)) return { direction: 'undecided', warnings: [] };
  if (confidence < minConfidence) {
    const message = `The confidence ${confidence.toFixed(3)} is below minConfidence ${minConfidence}.`;
    return { direction: 'undecided', warnings: [{ code: 'low-confidence', message }] };
  }
  return { direction: score > 0 ? 'x->y' : 'y->x', warnings: [] };
}

type Way = 'x->y' | 'y->x';

/** The model of one direction in the units of the data. */
function predictor(name: string, fits: Evidence['fits'], way: Way): (cause: Column) => Prediction {
  if (way !== 'x->y' && way !== 'y->x') {
    throw new ArgumentError(`${name}: expected direction to be x->y or y->x, got ${String(way)}`);
  }
  if (fits === null) {
    throw new ArgumentError(`${name}: expected a result with fitted models, got one without; its warnings say why`);
  }
  const [fit, from, to] = way === 'x->y' ? [fits.both.forward, fits.x, fits.y] : [fits.both.reverse, fits.y, fits.x];
  return (cause) => {
    const scaled = fit.predict(applyScaling(toNumbers(name, 'cause', cause), from));
    return { mean: scaled.mean.map((value) => value * to.scale + to.shift), std: scaled.std.map((v) => v * to.scale) };
  };
}

/** Grid points of a fitted curve. */
const gridPoints = 201;

function plotData(pair: Pair, fits: Evidence['fits'], way: Way): PlotData {
  const predict = predictor('plot', fits, way);
  const [cause, effect] = way === 'x->y' ? [pair.x, pair.y] : [pair.y, pair.x];
  const residuals = way === 'x->y' ? fits?.both.forward.residuals : fits?.both.reverse.residuals;
  const grid = gridOver(cause);
  const { mean, std } = predict(grid);
  return {
    curve: {
      cause: grid,
      mean,
      lower: mean.map((value, i) => value - 2 * (std[i] as number)),
      upper: mean.map((value, i) => value + 2 * (std[i] as number)),
    },
    points: { cause, effect },
    residuals: residuals ?? new Float64Array(0),
  };
}

function gridOver(cause: Float64Array): Float64Array {
  const sorted = cause.slice().sort();
  const min = sorted[0] as number;
  const step = ((sorted.at(-1) as number) - min) / (gridPoints - 1);
  return Float64Array.from({ length: gridPoints }, (_, i) => min + i * step);
}
