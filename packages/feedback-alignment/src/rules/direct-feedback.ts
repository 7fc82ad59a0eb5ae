import { ArgumentError, NDArray, nn, np, random, type Shape } from '@forback/core';
import { type ProductLayer, type Rows, size } from '../product-layer';
import type { FeedbackPass, FeedbackRule } from '../rule';
import { checkInit } from './check-init';
import { useKey } from './layer-key';

/** Settings of direct feedback. */
export interface DirectOptions {
  /**
   * Draws the matrices from the errors' features to the layers' inputs.
   * Default: `nn.initializers.glorotUniform` (BioTorch). Nøkland 2016 used ±1/√(width of the layer).
   */
  init?: nn.Initializer;
  /**
   * What a convolution's input gets. 'full': a matrix from the error to the whole feature map (Nøkland 2016; Frenkel,
   * Lefebvre and Bol 2021). 'channel': the error at every position, through a transposed convolution with a kernel
   * [features of the error, channels, ...kernel] (BioTorch); almost constant in space. Default: 'full'.
   */
  convolution?: 'full' | 'channel';
}

/**
 * Direct feedback alignment: every hidden layer gets e B_l, the error of the output layer through a fixed random matrix
 * of its own (Nøkland 2016). With several output layers a hidden layer gets the sum over those that it feeds. A weight
 * that is used several times has a matrix for each use.
 *
 * @param key - uint32 [2].
 */
export function dfa(key: random.Key, options: DirectOptions = {}): FeedbackRule {
  return direct('dfa', key, options, (error) => error.array);
}

/**
 * Direct feedback of the sign of the error alone, divided by the number of examples as the error of a mean loss is
 * (Frenkel, Lefebvre and Bol 2021).
 *
 * @param key - uint32 [2].
 */
export function sdfa(key: random.Key, options: DirectOptions = {}): FeedbackRule {
  return direct('sdfa', key, options, ({ array }) => np.sign(array).div(array.shape[0] as number));
}

/** Settings of direct random target projection. */
export interface DrtpOptions<Args extends unknown[]> extends DirectOptions {
  /** The targets of a batch [n, classes], such as one-hot labels, from the arguments of the loss. */
  targets(...args: Args): NDArray;
}

/**
 * Direct random target projection: hidden layers get y B_l with the targets y instead of an error, divided by the number
 * of examples, so that they need not wait for the output (Frenkel, Lefebvre and Bol 2021).
 *
 * @param key - uint32 [2].
 */
export function drtp<Args extends unknown[]>(key: random.Key, options: DrtpOptions<Args>): FeedbackRule {
  if (typeof options?.targets !== 'function') {
    throw new ArgumentError(
      `drtp: expected options.targets to be a function from the arguments of the loss to targets [n, classes], ` +
        `got ${typeof options?.targets}`,
    );
  }
  checkOptions('drtp', options);
  return {
    name: 'drtp',
    sendBack(layer, pass) {
      const targets = options.targets(...(pass.args as Args));
      if (!(targets instanceof NDArray) || targets.ndim < 2) {
        const got = targets instanceof NDArray ? `[${targets.shape.join(', ')}]` : typeof targets;
        throw new ArgumentError(`drtp: expected targets [n, classes], such as nn.oneHot(labels, classes), got ${got}`);
      }
      const examples = targets.shape.slice(0, -1);
      const n = size(examples);
      const array = targets.astype(layer.error.dtype).reshape([n, -1]).div(n);
      return project(layer, pass, { array, examples }, layer.name, useKey(key, layer), options, 'the targets');
    },
  };
}

function direct(name: string, key: random.Key, options: DirectOptions, signal: (error: Rows) => NDArray): FeedbackRule {
  checkOptions(name, options);
  return {
    name,
    sendBack(layer, pass) {
      const errors = pass.outputErrors(layer);
      return errors
        .map((error, i) => {
          const own = useKey(key, layer);
          const entry = errors.length === 1 ? layer.name : `${layer.name} from ${error.name}`;
          return project(
            layer,
            pass,
            { array: signal(error), examples: error.examples },
            entry,
            i === 0 ? own : random.foldIn(own, i),
            options,
          );
        })
        .reduce((sum, next) => sum.add(next));
    },
  };
}

function project(
  layer: ProductLayer,
  pass: FeedbackPass,
  error: Rows,
  entry: string,
  key: random.Key,
  { init = nn.initializers.glorotUniform, convolution = 'full' }: DirectOptions,
  what?: string,
): NDArray {
  const { dtype } = layer.weight;
  const draw = (shape: Shape) => pass.fixed(layer, entry, shape, () => init(key, shape, { dtype }));
  const n = commonExamples(layer, error, what);
  const rows = error.array.reshape([n, -1]);
  const features = rows.shape[1] as number;
  if (layer.kind === 'conv' && convolution === 'channel') {
    const channels = layer.input.shape[1] as number;
    return layer.throughTiled(rows, draw([features, channels, ...layer.weightShape.kernel]));
  }
  return layer.inputFromRows(rows.matmul(draw([features, size(layer.input.shape) / n])));
}

/** How many examples error and layer share: all of them, or the axes in front that agree (the rest are features). */
export function commonExamples(layer: ProductLayer, { examples }: Rows, what = "the output's error"): number {
  const own = layer.inputExamples;
  const [axes, others] = [own.filter((n) => n !== 1), examples.filter((n) => n !== 1)];
  // As many examples in as many other axes, [time, batch] and [batch, time], would be taken for each other.
  const reshaped = axes.length !== others.length && size(own) === size(examples);
  if (reshaped || axes.join() === others.join()) return size(own);
  const differ = own.findIndex((n, axis) => n !== examples[axis]);
  const shared = own.slice(0, differ < 0 ? own.length : differ);
  if (shared.length > 0) return size(shared);
  throw new ArgumentError(
    `feedback of ${what} to ${layer.name}: the layer's examples [${own.join(', ')}] and those of ${what} ` +
      `[${examples.join(', ')}] have no axis in front in common; leave the parameter out with \`select\`, or use another rule`,
  );
}

function checkOptions(where: string, { convolution = 'full', init }: DirectOptions): void {
  checkInit(where, init);
  if (convolution === 'full' || convolution === 'channel') return;
  throw new ArgumentError(`${where}: expected convolution to be 'full' or 'channel', got ${String(convolution)}`);
}
