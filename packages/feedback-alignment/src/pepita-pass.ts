import { ArgumentError, NDArray, nn, random, ShapeError, vjp } from '@forback/core';

/** One layer: a map that is linear in its parameters, and what follows it. */
export interface PepitaLayer<Params> {
  /** Dense layer or convolution: [n, ...] to [n, units] or [n, channels, ...positions]. Leave biases out, as the paper does. */
  apply(params: Params, x: NDArray): NDArray;
  /** Keeps the shape. Default: `nn.relu` for hidden layers; the last layer has a softmax instead. */
  activation?(z: NDArray): NDArray;
  /** Between this layer and the next, such as pooling or flattening. */
  follow?(h: NDArray): NDArray;
}

/** Share of hidden units that are dropped, the same ones in both passes, and its key. */
export interface PepitaDropout {
  rate: number;
  key: random.Key;
}

/** A list with the parameters of each layer. */
export type PepitaParams<Layers extends readonly PepitaLayer<never>[]> = {
  -readonly [I in keyof Layers]: Layers[I] extends PepitaLayer<infer P> ? P : never;
};

/** A layer in one pass. */
export interface LayerPass {
  /** Activities. */
  readonly h: NDArray;
  /** Sum over examples of signal · inputᵀ, divided by examples and positions, in the shape of the parameters. */
  pull(signal: NDArray): unknown;
}

/** One pass through all layers. */
export function runLayers(
  layers: readonly PepitaLayer<never>[],
  params: readonly unknown[],
  x: NDArray,
  dropout: PepitaDropout | undefined,
): LayerPass[] {
  const last = layers.length - 1;
  let input = x;
  return layers.map((layer, i) => {
    const from = input;
    const [z, pullback] = vjp((p: never) => layer.apply(p, from), [params[i] as never]);
    const n = z.shape[0] as number;
    const positions = z.shape.slice(2).reduce((product, size) => product * size, 1);
    const h = i === last ? nn.softmax(z) : drop((layer.activation ?? nn.relu)(z), i, dropout);
    input = layer.follow?.(h) ?? h;
    return { h, pull: (signal) => pullback(signal.div(n * positions))[0] };
  });
}

/** ± F e, in the shape of the inputs. */
export function shiftOf(error: NDArray, feedback: NDArray, x: NDArray, modulation: 'add' | 'subtract'): NDArray {
  const shift = error.matmul(feedback).reshape(x.shape);
  return modulation === 'add' ? shift : shift.neg();
}

function drop(h: NDArray, layer: number, dropout: PepitaDropout | undefined): NDArray {
  if (dropout === undefined) return h;
  const kept = random.bernoulli(random.foldIn(dropout.key, layer), 1 - dropout.rate, { shape: h.shape });
  return h.mul(kept.astype(h.dtype)).div(1 - dropout.rate);
}

/** @throws ArgumentError for no layers. */
export function checkLayers(where: string, layers: readonly unknown[]): void {
  if (layers.length === 0) throw new ArgumentError(`${where}: expected at least one layer, got none`);
}

/** @throws ArgumentError for a rate that drops everything, or is none. */
export function checkDropout(where: string, dropout: PepitaDropout | undefined): void {
  if (dropout === undefined || (dropout.rate >= 0 && dropout.rate < 1)) return;
  throw new ArgumentError(`${where}: expected dropout.rate to be from 0 to below 1, got ${String(dropout.rate)}`);
}

/** @throws ArgumentError, ShapeError where feedback, inputs and targets do not fit. */
export function checkPass(where: string, feedback: NDArray, x: NDArray, targets: NDArray): void {
  if (!(feedback instanceof NDArray)) {
    throw new ArgumentError(`${where}: expected feedback to be an array from pepitaFeedback, got ${typeof feedback}`);
  }
  const [classes, features] = feedback.shape;
  const n = x.shape[0] as number;
  if (feedback.ndim === 2 && targets.shape.join() === `${n},${classes}` && x.size === n * (features ?? 0)) return;
  throw new ShapeError(
    `${where}: expected feedback [classes, features], x [n, features in all] and targets [n, classes], got ` +
      `[${feedback.shape.join(', ')}], [${x.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
  );
}
