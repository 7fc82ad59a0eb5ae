import { random } from '@forback/core';
import { type ConditionalFit, meanLogLikelihood } from '../estimators/conditional-fit';
import { defaultKnots, fitConditional, knotsFor } from '../estimators/fit-conditional';
import { type HsicStatistic, hsicStatistic } from '../independence/hsic';
import { gammaPValue } from '../independence/p-value';
import { permutationPValue } from '../independence/permutation';
import { applyScaling, noScaling, standardScaling } from '../input/scale';
import type { DiscoveryWarning } from '../result';
import type { Settings } from '../settings';
import { absent, differences, type Evidence } from './evidence';
import type { MethodContext } from './method-context';

/** LOCI, ANM and ROCHE: fit the effect given the cause both ways, then compare likelihoods or residuals. */
export async function compareFits(x: Float64Array, y: Float64Array, context: MethodContext): Promise<Evidence> {
  const { settings } = context;
  const scaleX = settings.standardise ? standardScaling(x) : noScaling;
  const scaleY = settings.standardise ? standardScaling(y) : noScaling;
  const a = applyScaling(x, scaleX);
  const b = applyScaling(y, scaleY);

  const start = performance.now();
  const forward = await fitConditional(a, b, 'x->y', context);
  const reverse = await fitConditional(b, a, 'y->x', context);
  const fitted = performance.now();
  const warnings = [
    ...knotWarnings(x.length, settings),
    ...convergenceWarnings(forward, 'x->y'),
    ...convergenceWarnings(reverse, 'y->x'),
  ];

  const logLikelihood = { forward: meanLogLikelihood(forward), reverse: meanLogLikelihood(reverse) };
  const likelihoodScore = logLikelihood.forward - logLikelihood.reverse;
  const common = { logLikelihood, fits: { both: { forward, reverse }, x: scaleX, y: scaleY } };
  if (!Number.isFinite(likelihoodScore)) {
    const message = 'A fit has no finite likelihood: the numbers are too large or too small. Leave standardise on.';
    warnings.push({ code: 'not-converged', message });
    const milliseconds = { fit: fitted - start, independence: 0 };
    return { ...common, score: Number.NaN, terms: null, hsic: absent, pValue: absent, warnings, milliseconds };
  }
  const byLikelihood = () => ({
    score: likelihoodScore,
    terms: differences(forward.logLikelihoods, reverse.logLikelihoods),
  });
  if (settings.independenceTest === 'none') {
    const milliseconds = { fit: fitted - start, independence: 0 };
    return { ...common, ...byLikelihood(), hsic: absent, pValue: absent, warnings, milliseconds };
  }

  const there = await dependence(a, forward.residuals, 'x->y', context);
  const back = await dependence(b, reverse.residuals, 'y->x', context);
  const hsicScore = back.hsic - there.hsic;
  if (likelihoodScore * hsicScore < 0) {
    const message =
      'Likelihood and HSIC disagree about the direction: the noise may be of another kind than the model.';
    warnings.push({ code: 'rules-disagree', message });
  }
  return {
    ...common,
    ...(settings.rule === 'hsic'
      ? { score: hsicScore, terms: differences(back.influences, there.influences) }
      : byLikelihood()),
    hsic: { forward: there.hsic, reverse: back.hsic },
    pValue: { forward: there.pValue, reverse: back.pValue },
    warnings,
    milliseconds: { fit: fitted - start, independence: performance.now() - fitted },
  };
}

async function dependence(
  cause: Float64Array,
  residuals: Float64Array,
  direction: 'x->y' | 'y->x',
  context: MethodContext,
): Promise<HsicStatistic & { pValue: number }> {
  const pause = (done: number) => context.report('independence', direction, done);
  const { independenceTest, permutations, key } = context.settings;
  const isGamma = independenceTest === 'gamma';
  const statistic = await hsicStatistic(cause, residuals, isGamma ? pause : undefined);
  const pValue = isGamma
    ? gammaPValue(statistic, cause.length)
    : await permutationPValue(cause, residuals, { key: random.foldIn(key, 2), permutations, pause });
  await pause(1);
  return { ...statistic, pValue };
}

function convergenceWarnings(fit: ConditionalFit, direction: string): DiscoveryWarning[] {
  if (fit.converged) return [];
  const message = `The fit ${direction} stopped after ${fit.iterations} iterations before it met its tolerance.`;
  return [{ code: 'not-converged', message }];
}

function knotWarnings(rows: number, settings: Settings): DiscoveryWarning[] {
  const knots = knotsFor(rows, settings);
  const isSpline = settings.estimator === 'spline' || settings.estimator === 'ifgls';
  if (!isSpline || settings.knots !== undefined || knots === defaultKnots) return [];
  const message = `${knots} knots instead of ${defaultKnots}, so that each function of the fit has three of the ${rows} rows.`;
  return [{ code: 'fewer-knots', message }];
}
