import { type NDArray, ShapeError } from '@forback/core';

/** Functional entropy and its two parts, in units of goodness. */
export interface FunctionalEntropy {
  /** Ent(h) over layers and examples together: `withinLayers + acrossLayers`. */
  total: number;
  /** Mean over the layers of Ent over the examples. */
  withinLayers: number;
  /** Ent of the layers' mean goodness. */
  acrossLayers: number;
}

/**
 * Ent(h) = E[h log(h / E h)] of goodness, which layer collaboration raises (Lorberbom et al. 2024, section 4), with layers and
 * examples weighted equally. Zero if goodness is the same everywhere.
 *
 * @param goodness - 0 or more [layers, n].
 */
export function functionalEntropy(goodness: NDArray): FunctionalEntropy {
  const [layers, n] = goodness.shape;
  const values = Array.from(goodness.dataSync());
  if (goodness.ndim !== 2 || !layers || !n || values.some((h) => !(h >= 0))) {
    throw new ShapeError(
      `functionalEntropy: expected goodness of 0 or more [layers, n], got [${goodness.shape.join(', ')}]`,
    );
  }
  const rows = Array.from({ length: layers }, (_, i) => values.slice(i * n, (i + 1) * n));
  return {
    total: entropy(values),
    withinLayers: mean(rows.map(entropy)),
    acrossLayers: entropy(rows.map(mean)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function entropy(values: readonly number[]): number {
  const average = mean(values);
  return mean(values.map((h) => (h > 0 && average > 0 ? h * (Math.log(h) - Math.log(average)) : 0)));
}
