import { functionsFor } from '../estimators/fit-conditional';
import type { DiscoveryWarning } from '../result';
import type { Settings } from '../settings';
import type { Pair } from './read-pair';
import { standardScaling } from './scale';

/** Fewer rows than this decide nothing. */
const fewestRows = 20;

/** Fewer different values than this are categories. The discrete pairs of the Tübingen benchmark have 3, the others 14. */
const fewestValues = 10;

/** What is wrong with the columns; `usable` is false where no direction can be told. */
export function inspect({ x, y, names }: Pair, settings: Settings): { usable: boolean; warnings: DiscoveryWarning[] } {
  const warnings: DiscoveryWarning[] = [];
  let usable = true;
  const refuse = (code: DiscoveryWarning['code'], message: string) => {
    usable = false;
    warnings.push({ code, message });
  };
  if (x.length < fewestRows) {
    refuse(
      'too-few-rows',
      `${x.length} rows are too few to tell cause from effect: at least ${fewestRows} are needed.`,
    );
  } else if (x.length < functionsFor(x.length, settings)) {
    const functions = functionsFor(x.length, settings);
    const message = `${x.length} rows are too few for a fit of ${functions} functions: lower features.knots or features.degree.`;
    refuse('too-few-rows', message);
  }
  for (const [name, column] of [
    [names[0], x],
    [names[1], y],
  ] as const) {
    const values = new Set(column).size;
    if (values === 1 || isRounding(column))
      refuse('constant-column', `${name} is constant: it has no cause and no effect in these data.`);
    else if (x.length >= fewestRows && values < fewestValues) {
      refuse(
        'categorical-column',
        `${name} has only ${values} different values: the models are for continuous variables.`,
      );
    } else if (values < x.length / 2) {
      const message = `${name} has only ${values} different values in ${x.length} rows: ties can mislead the models.`;
      warnings.push({ code: 'ties', message });
    }
  }
  return { usable, warnings };
}

/** Values that differ by no more than the rounding of their sums. */
function isRounding(column: Float64Array): boolean {
  const { shift, scale } = standardScaling(column);
  return !(scale > 1e-12 * Math.abs(shift));
}
