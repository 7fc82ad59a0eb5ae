import { mapLeaves } from './map-leaves';

/**
 * params + updates, leaf by leaf, in the dtypes of the parameters.
 *
 * @throws TreeError, ShapeError or DTypeError where the trees do not fit or hold integers.
 */
export function applyUpdates<Params>(params: Params, updates: Params): Params {
  return mapLeaves('optim.applyUpdates', { params, updates }, (p, u) => p.add(u.astype(p.dtype)));
}
