import { ArgumentError } from '../errors';

/** A tree of float arrays of the structure and shapes of the parameters. */
export type ParamsTree = unknown;

/**
 * A step on the way from gradients to updates, as a pair of pure functions (the interface of Optax). The state is a plain
 * tree of arrays: it can be saved, and it can go round a compiled training loop and be donated.
 *
 * Updates are added to the parameters by `applyUpdates`; the learning rate makes them point downhill.
 */
export interface GradientTransform<State = unknown> {
  /** The state before the first update of these parameters. */
  init(params: ParamsTree): State;
  /**
   * The updates for these gradients, and the state for the next call.
   *
   * @param params - the parameters, for transforms that look at them (weight decay).
   * @throws TreeError or ShapeError where the gradients do not fit the state.
   */
  update<Params>(gradients: Params, state: State, params?: Params): [updates: Params, state: State];
}

type StatesOf<Transforms extends readonly GradientTransform[]> = {
  -readonly [I in keyof Transforms]: Transforms[I] extends GradientTransform<infer State> ? State : never;
};

/** Hands the gradients through. */
export function identity(): GradientTransform<null> {
  return { init: () => null, update: (gradients) => [gradients, null] };
}

/**
 * Transforms one behind the other: each gets what the one before it gives. The state is a list with an entry for each.
 *
 * @throws ArgumentError for none.
 *
 * @example
 * const optimiser = optim.chain(optim.clipByGlobalNorm(1), optim.adam({ learningRate: 1e-3 }));
 */
export function chain<Transforms extends readonly GradientTransform[]>(
  ...transforms: Transforms
): GradientTransform<StatesOf<Transforms>> {
  if (transforms.length === 0) {
    throw new ArgumentError(
      'optim.chain: expected at least one transform, got none; identity() hands gradients through',
    );
  }
  transforms.forEach((transform, i) => {
    if (typeof transform?.update === 'function') return;
    const got = transform === null ? 'null' : typeof transform;
    throw new ArgumentError(
      `optim.chain: expected transform ${i} to have init and update, got ${got}; did you forget to call it?`,
    );
  });
  return {
    init: (params) => transforms.map((transform) => transform.init(params)) as StatesOf<Transforms>,
    update(gradients, state, params) {
      const states: readonly unknown[] = state;
      if (!Array.isArray(states) || states.length !== transforms.length) {
        const got = Array.isArray(states) ? `a list of ${states.length}` : typeof states;
        throw new ArgumentError(
          `optim.chain: expected the state of ${transforms.length} transforms, got ${got}; make it with init(params)`,
        );
      }
      let updates = gradients;
      const next = transforms.map((transform, i) => {
        const [changed, own] = transform.update(updates, states[i], params);
        updates = changed;
        return own;
      });
      return [updates, next as StatesOf<Transforms>];
    },
  };
}
