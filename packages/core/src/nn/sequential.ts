import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { foldIn, type Key, split } from '../random';
import type { ApplyOptions, Layer, ParamsOf, StatefulLayer, StateOf } from './layer';

/** What `sequential` puts one behind the other; a plain function is a layer without parameters. */
export type SequentialPart = Layer<unknown> | StatefulLayer<unknown, unknown> | ((x: NDArray) => NDArray);

type AllParams<Parts extends readonly SequentialPart[]> = { -readonly [I in keyof Parts]: ParamsOf<Parts[I]> };
type AllStates<Parts extends readonly SequentialPart[]> = { -readonly [I in keyof Parts]: StateOf<Parts[I]> };

/** Stateful as soon as one of its parts is. */
export type Sequential<Parts extends readonly SequentialPart[]> =
  Extract<Parts[number], { initState(): unknown }> extends never
    ? Layer<AllParams<Parts>>
    : StatefulLayer<AllParams<Parts>, AllStates<Parts>>;

/**
 * Layers one behind the other. Plain functions such as `nn.relu` can stand among them.
 *
 * The parameters are a list with an entry for each part, null for parts without any; so is the state, which there is only
 * if a part has one. A key given to `apply` is folded with each part's position.
 *
 * @example
 * const model = nn.sequential(nn.dense({ in: 784, out: 100 }), nn.relu, nn.dense({ in: 100, out: 10 }));
 * const params = model.init(random.key(0));
 * const logits = model.apply(params, images);
 */
export function sequential<Parts extends readonly SequentialPart[]>(...parts: Parts): Sequential<Parts> {
  checkParts(parts);
  const init = (key: Key) => {
    const keys = split(key, parts.length as number);
    return parts.map((part, i) => (typeof part === 'function' ? null : part.init(keys[i] as Key)));
  };
  const layer = parts.some(isStateful)
    ? {
        init,
        initState: () => parts.map((part) => (isStateful(part) ? part.initState() : null)),
        apply(params: unknown, states: unknown, x: NDArray, options: ApplyOptions = {}) {
          return run(
            parts,
            entries('params', params, parts.length),
            entries('state', states, parts.length),
            x,
            options,
          );
        },
      }
    : {
        init,
        apply(params: unknown, x: NDArray, options: ApplyOptions = {}) {
          return run(parts, entries('params', params, parts.length), [], x, options)[0];
        },
      };
  return layer as unknown as Sequential<Parts>;
}

function run(
  parts: readonly SequentialPart[],
  params: readonly unknown[],
  states: readonly unknown[],
  x: NDArray,
  options: ApplyOptions,
): [y: NDArray, states: unknown[]] {
  let y = x;
  const next = parts.map((part, i): unknown => {
    if (typeof part === 'function') {
      y = part(y);
      return null;
    }
    const own = options.key === undefined ? options : { ...options, key: foldIn(options.key, i) };
    if (isStateful(part)) {
      const [value, state] = part.apply(params[i], states[i], y, own);
      y = value;
      return state;
    }
    y = part.apply(params[i], y, own);
    return null;
  });
  return [y, next];
}

function isStateful(part: SequentialPart): part is StatefulLayer<unknown, unknown> {
  return typeof part !== 'function' && 'initState' in part;
}

function checkParts(parts: readonly unknown[]): void {
  if (parts.length === 0) throw new ArgumentError('nn.sequential: expected at least one layer, got none');
  parts.forEach((part, i) => {
    if (typeof part === 'function' || typeof (part as { apply?: unknown } | null)?.apply === 'function') return;
    const got = Array.isArray(part) ? 'a list; spread it with ...' : part === null ? 'null' : typeof part;
    throw new ArgumentError(`nn.sequential: expected part ${i} to be a layer or a function, got ${got}`);
  });
}

function entries(name: 'params' | 'state', value: unknown, count: number): readonly unknown[] {
  if (Array.isArray(value) && value.length === count) return value;
  const got = Array.isArray(value) ? `a list of ${value.length}` : typeof value;
  const maker = name === 'state' ? 'initState()' : 'init(key)';
  throw new ArgumentError(
    `nn.sequential: expected ${name} to be a list of ${count}, one entry for each part, got ${got}; make it with ${maker}`,
  );
}
