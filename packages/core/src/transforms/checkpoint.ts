import { range } from '../array/shape';
import { callPrimitive } from '../primitives/call';
import { bind } from '../trace/bind';
import { traceProgram } from '../trace/program-trace';
import { unflatten } from '../tree/tree';
import { type AnyFunction, checkFunction, flatFunction, flattenArguments } from './arguments';

/**
 * The same function, but on the way back its intermediate values are computed again instead of being kept: less memory
 * for one more forward pass (Griewank and Walther 2000).
 */
export function checkpoint<Args extends unknown[], R>(f: (...args: Args) => R): (...args: Args) => R {
  checkFunction('checkpoint', f);
  const name = f.name || 'checkpoint';
  return (...args) => {
    const flat = flattenArguments('checkpoint', args, range(args.length));
    const flatF = flatFunction('checkpoint', f as AnyFunction, args, flat);
    const { program, constants } = traceProgram(name, flat.leaves, flatF.call);
    const results = bind(callPrimitive, [...constants, ...flat.leaves], { program, name, recompute: true });
    return unflatten<R>(flatF.result().treedef, results);
  };
}
