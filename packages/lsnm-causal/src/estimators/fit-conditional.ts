import { random } from '@forback/core';
import type { MethodContext } from '../methods/method-context';
import { hasRule, type Settings } from '../settings';
import type { ConditionalFit } from './conditional-fit';
import { fitHomoscedastic } from './homoscedastic';
import { fitIfgls } from './ifgls';
import { fitNeural } from './neural/fit-neural';
import { fitSpline } from './spline';
import { fitStudent } from './student-t';

/** Fits the effect given the cause with the estimator and the noise of the settings. */
export async function fitConditional(
  cause: Float64Array,
  effect: Float64Array,
  direction: 'x->y' | 'y->x',
  context: MethodContext,
): Promise<ConditionalFit> {
  const { estimator, noise, degree, key, hidden, optimiser, steps } = context.settings;
  if (estimator === 'nn') {
    // The same start both ways, so that swapping the variables changes nothing but the sign.
    const pause = (done: number) => context.report('fit', direction, done);
    return fitNeural(cause, effect, { noise, hidden, optimiser, steps, key: random.foldIn(key, 3), pause });
  }
  // With two knots there is one piece, a polynomial.
  const options = { knots: estimator === 'polynomial' ? 2 : knotsFor(cause.length, context.settings), degree };
  const fits = { 'location-scale': fitSpline, homoscedastic: fitHomoscedastic, 'student-t': fitStudent };
  const fit = estimator === 'ifgls' ? fitIfgls(cause, effect, options) : fits[noise](cause, effect, options);
  await context.report('fit', direction, 1);
  return fit;
}

/** LOCI's released configurations. */
export const defaultKnots = 25;

/** Splines or monomials that a fit adds up; 0 for a network, and where nothing is fitted. */
export function functionsFor(rows: number, settings: Settings): number {
  const { method, estimator, degree } = settings;
  if (method === 'reci' || (hasRule(method) && estimator === 'polynomial')) return degree + 1;
  return hasRule(method) && estimator !== 'nn' ? knotsFor(rows, settings) + degree - 1 : 0;
}

/** The knots of the options, else LOCI's, or fewer so that each function has three rows. */
export function knotsFor(rows: number, { knots, degree }: { knots: number | undefined; degree: number }): number {
  return knots ?? Math.max(2, Math.min(defaultKnots, Math.floor(rows / 3) - degree + 1));
}
