import { random } from '@forback/core';
import type { ProductLayer } from '../product-layer';

/** A key for one weight, the same wherever it is used. */
export function parameterKey(key: random.Key, layer: ProductLayer): random.Key {
  return random.foldIn(key, layer.leaf);
}

/** A key for one use of a weight. */
export function useKey(key: random.Key, layer: ProductLayer): random.Key {
  return random.foldIn(parameterKey(key, layer), layer.use);
}
