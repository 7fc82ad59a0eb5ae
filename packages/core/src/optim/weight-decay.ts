import type { NDArray } from '../array/ndarray';
import { ArgumentError } from '../errors';
import { paths } from '../tree/tree';
import { checkAtLeast } from './arguments';
import { mapLeaves } from './map-leaves';
import type { GradientTransform } from './transform';

export interface WeightDecayOptions {
  /** The rate λ, 0 or more. */
  weightDecay: number;
  /**
   * Which parameters decay, by their path in the tree (such as `[0].weight`) and by the array.
   * Default: all. `(path) => !path.endsWith('bias')` leaves the biases alone.
   */
  mask?: (path: string, leaf: NDArray) => boolean;
}

export function checkWeightDecay(where: string, options: WeightDecayOptions): void {
  checkAtLeast(where, 'weightDecay', options.weightDecay, 0);
  if (options.mask === undefined || typeof options.mask === 'function') return;
  throw new ArgumentError(
    `${where}: expected mask to be a function of a parameter's path and array, got ${typeof options.mask}`,
  );
}

/**
 * g + λ · parameter. In front of Adam this is an L2 penalty; behind it, and in front of the learning rate, the decoupled
 * weight decay of AdamW (Loshchilov and Hutter 2019).
 *
 * @throws ArgumentError if `update` is called without the parameters.
 */
export function addDecayedWeights(options: WeightDecayOptions): GradientTransform<null> {
  const where = 'optim.addDecayedWeights';
  checkWeightDecay(where, options);
  const { weightDecay, mask = () => true } = options;
  return {
    init: () => null,
    update(gradients, _state, params) {
      if (params === undefined) {
        throw new ArgumentError(`${where}: weight decay needs the parameters: call update(gradients, state, params)`);
      }
      const decays = paths(params).map(({ path, leaf }) => mask(path, leaf));
      let index = 0;
      return [
        mapLeaves(where, { gradients, params }, (g, p) => (decays[index++] ? g.add(p.mul(weightDecay)) : g)),
        null,
      ];
    },
  };
}
