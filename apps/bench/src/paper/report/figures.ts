import { short } from '../../report/format';
import type { Published } from '../row';
import type { Summary } from '../summary';

/** Mean and standard deviation, with two significant digits of the deviation. */
export function meanAndSd({ mean, sd }: Summary): string {
  if (sd === null || sd === 0) return short(mean);
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(sd))));
  return `${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
}

/** The published figure as it was read, and where from. */
export function publishedFigure(published: Published | null): string {
  if (published === null) return '';
  const { value, sd, tag } = published;
  return `${value}${sd === undefined ? '' : ` ± ${sd}`} [${tag}]`;
}
