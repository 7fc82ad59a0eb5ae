import { meanLogLikelihood } from '../estimators/conditional-fit';
import { fitHomoscedastic } from '../estimators/homoscedastic';
import { applyScaling, unitScaling } from '../input/scale';
import { absent, differences, type Evidence } from './evidence';
import type { MethodContext } from './method-context';

/**
 * RECI (Blöbaum et al. 2018): both variables scaled to [0, 1], a polynomial each way, and the smaller mean squared error is
 * that of the causal direction.
 */
export async function reci(x: Float64Array, y: Float64Array, context: MethodContext): Promise<Evidence> {
  const scaleX = unitScaling(x);
  const scaleY = unitScaling(y);
  const a = applyScaling(x, scaleX);
  const b = applyScaling(y, scaleY);
  const options = { knots: 2, degree: context.settings.degree };
  const start = performance.now();
  const forward = fitHomoscedastic(a, b, options);
  await context.report('fit', 'x->y', 1);
  const reverse = fitHomoscedastic(b, a, options);
  await context.report('fit', 'y->x', 1);

  const squaredErrors = (effect: Float64Array, { mean }: { mean: Float64Array }) =>
    effect.map((value, i) => (value - (mean[i] as number)) ** 2);
  const errorsForward = squaredErrors(b, forward.predict(a));
  const errorsReverse = squaredErrors(a, reverse.predict(b));
  return {
    score: meanOf(errorsReverse) - meanOf(errorsForward),
    terms: differences(errorsReverse, errorsForward),
    logLikelihood: { forward: meanLogLikelihood(forward), reverse: meanLogLikelihood(reverse) },
    hsic: absent,
    pValue: absent,
    fits: { both: { forward, reverse }, x: scaleX, y: scaleY },
    warnings: [],
    milliseconds: { fit: performance.now() - start, independence: 0 },
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
