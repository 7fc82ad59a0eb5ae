import type { Layer } from '../layer';
import { avgPool as average, maxPool as maximum, type PoolOptions } from '../pooling';

/** `nn.functional.maxPool` as a layer without parameters. */
export function maxPool(options: PoolOptions): Layer<null> {
  return { init: () => null, apply: (_params, x) => maximum(x, options) };
}

/** `nn.functional.avgPool` as a layer without parameters. */
export function avgPool(options: PoolOptions): Layer<null> {
  return { init: () => null, apply: (_params, x) => average(x, options) };
}
