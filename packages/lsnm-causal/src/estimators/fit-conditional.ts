import { ArgumentError } from '@forback/core';
import type { MethodContext } from '../methods/method-context';
import type { ConditionalFit } from './conditional-fit';
import { fitSpline } from './spline';

/** Fits the effect given the cause with the estimator and the noise of the settings. */
export async function fitConditional(
  cause: Float64Array,
  effect: Float64Array,
  direction: 'x->y' | 'y->x',
  context: MethodContext,
): Promise<ConditionalFit> {
  const { estimator, noise, degree } = context.settings;
  const knots = knotsFor(cause.length, context.settings);
  if (estimator !== 'spline' || noise !== 'location-scale') throw new ArgumentError(`${estimator} ${noise}: to come`);
  const fit = fitSpline(cause, effect, { knots, degree });
  await context.report('fit', direction, 1);
  return fit;
}

/** The knots of the options, else LOCI's 25, or fewer so that each function has three rows. */
export function knotsFor(rows: number, { knots, degree }: { knots: number | undefined; degree: number }): number {
  return knots ?? Math.max(2, Math.min(25, Math.floor(rows / 3) - degree + 1));
}
