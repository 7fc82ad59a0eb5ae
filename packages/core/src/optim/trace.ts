import { checkDecay } from './arguments';
import { mapLeaves } from './map-leaves';
import { zerosFor } from './moments';
import type { GradientTransform, ParamsTree } from './transform';

export interface TraceOptions {
  /** What the trace keeps of itself, 0 ≤ decay < 1. */
  decay: number;
  /** Look one step ahead. Default: false. */
  nesterov?: boolean;
}

export interface TraceState {
  /** The decayed sum of gradients. */
  trace: ParamsTree;
}

/**
 * Momentum: m ← g + decay · m, and the update is m (Polyak 1964), or g + decay · m with Nesterov's look ahead (Sutskever et
 * al. 2013, in the form where the parameters are those at which the gradient is taken).
 */
export function trace(options: TraceOptions): GradientTransform<TraceState> {
  const { decay, nesterov = false } = options;
  checkDecay('optim.trace', 'decay', decay);
  const accumulate = <Params>(gradients: Params, sum: ParamsTree): Params =>
    mapLeaves('optim.trace', { gradients, 'the state': sum }, (g, m) => g.add(m.mul(decay)));
  return {
    init: (params) => ({ trace: zerosFor(params) }),
    update(gradients, state) {
      const sum = accumulate(gradients, state.trace);
      return [nesterov ? accumulate(gradients, sum) : sum, { trace: sum }];
    },
  };
}
