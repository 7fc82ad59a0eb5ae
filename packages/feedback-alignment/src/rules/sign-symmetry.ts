import { ArgumentError, type NDArray, nn, np, type random } from '@forback/core';
import { checkMade } from '../feedback';
import type { ProductLayer } from '../product-layer';
import type { FeedbackRule } from '../rule';
import { checkInit } from './check-init';
import { parameterKey } from './layer-key';

/**
 * Uniform sign-concordant feedback: s · sign(W), with one magnitude for a layer (Liao, Leibo and Poggio 2016; Moskovitz,
 * Litwin-Kumar and Abbott 2018).
 *
 * @param options.scale - s. Default: √(2 / (fan in + fan out)), the deviation of Glorot's initial weights (BioTorch).
 */
export function uSF(options: { scale?: number } = {}): FeedbackRule {
  const { scale } = options;
  if (scale !== undefined && !(scale > 0 && Number.isFinite(scale))) {
    throw new ArgumentError(`uSF: expected scale to be a finite number above 0, got ${String(scale)}`);
  }
  return signSymmetric('uSF', (layer) => scale ?? glorotDeviation(layer));
}

/**
 * Fixed random magnitudes with the signs of the weights: |M| ∘ sign(W).
 *
 * @param key - uint32 [2].
 * @param options.init - draws M. Default: `nn.initializers.glorotUniform` (BioTorch).
 */
export function frSF(key: random.Key, options: { init?: nn.Initializer } = {}): FeedbackRule {
  checkInit('frSF', options.init);
  return signSymmetric('frSF', (layer, pass) =>
    np.abs(pass.fixed(layer, layer.path, layer.weight.shape, () => draw(key, layer, options.init))),
  );
}

/**
 * Random magnitudes of each batch with the signs of the weights. Make the rule with a key of the batch, such as
 * `brSF(random.foldIn(key, step))`, also inside `jit`; one key gives one draw.
 *
 * @param key - uint32 [2].
 * @param options.init - draws M. Default: `nn.initializers.glorotUniform` (BioTorch).
 */
export function brSF(key: random.Key, options: { init?: nn.Initializer } = {}): FeedbackRule {
  checkInit('brSF', options.init);
  return signSymmetric('brSF', (layer) =>
    np.abs(checkMade('brSF', layer.path, layer.weight, draw(key, layer, options.init))),
  );
}

type Magnitude = (layer: ProductLayer, pass: Parameters<FeedbackRule['sendBack']>[1]) => NDArray | number;

function signSymmetric(name: string, magnitude: Magnitude): FeedbackRule {
  const compare: NonNullable<FeedbackRule['compare']> = (layer, pass) => [
    withSigns(layer.weight, magnitude(layer, pass)),
    layer.weight,
  ];
  return { name, sendBack: (layer, pass) => layer.through(compare(layer, pass)[0]), compare };
}

/** magnitude · sign(weight). Selections join the fused loops of the compiled program, `np.sign` does not. */
function withSigns(weight: NDArray, magnitude: NDArray | number): NDArray {
  const signs = np.where(weight.greater(0), 1, np.where(weight.less(0), -1, 0));
  return signs.astype(weight.dtype).mul(magnitude);
}

function draw(key: random.Key, layer: ProductLayer, init: nn.Initializer = nn.initializers.glorotUniform): NDArray {
  const { shape, dtype } = layer.weight;
  return init(parameterKey(key, layer), shape, { dtype, ...layer.fans });
}

function glorotDeviation({ fans: { fanIn, fanOut } }: ProductLayer): number {
  return Math.sqrt(2 / (fanIn + fanOut));
}
