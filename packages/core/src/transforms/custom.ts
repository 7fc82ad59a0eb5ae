import { isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { range, type ShapedType, showType } from '../array/shape';
import { DifferentiationError } from '../errors';
import { broadcastUnbatched, fill } from '../primitives/broadcast';
import { alwaysInlined, definePrimitive, type Primitive } from '../primitives/primitive';
import { evaluateProgram } from '../program/evaluate';
import type { Program } from '../program/program';
import { bind } from '../trace/bind';
import { type ProgramTrace, traceProgram } from '../trace/program-trace';
import { type Flattened, flattenTree, type TreeDef, unflatten } from '../tree/tree';
import {
  type AnyFunction,
  callWith,
  checkFunction,
  flattenArguments,
  flattenMatching,
  rebuildArguments,
  unflattenParts,
  zerosOf,
} from './arguments';
import { vmapFlat } from './vmap-flat';

type FlatFunction = (inputs: NDArray[]) => NDArray[];

interface CustomParams {
  /** The function itself. */
  readonly f: FlatFunction;
  /** Its program, once it has been recorded in one. */
  readonly program?: Program;
}

/**
 * Records the function's program, so that the operation runs anywhere; its derivative stays a JavaScript function.
 * Constants that the function uses become operands; `accept` makes the derivative ignore that many operands in front.
 */
function stageCustom<P extends CustomParams>(
  primitive: Primitive<P>,
  trace: ProgramTrace,
  inputs: NDArray[],
  params: P,
  accept: (constants: readonly NDArray[]) => P,
): NDArray[] {
  const { program, constants } = traceProgram(trace.name, inputs, params.f);
  const traced = constants.filter((x) => x.trace !== null);
  if (traced.length > 0) {
    throw new DifferentiationError(
      `${primitive.name}: the function uses ${traced.map(showType).join(', ')} of ${trace.name} from outside, ` +
        'through its closure; pass it as an argument',
    );
  }
  const operands = [...constants.map((x) => trace.lift(x)), ...inputs];
  return trace.record(primitive as Primitive, operands, { ...accept(constants), program });
}

function typesOf({ program, f }: CustomParams, inputs: readonly ShapedType[]): ShapedType[] {
  const outputs = (program ?? traceProgram('custom', inputs, f).program).outputs;
  return outputs.map(({ shape, dtype }) => ({ shape, dtype }));
}

function run({ program, f }: CustomParams, inputs: NDArray[]): NDArray[] {
  return program ? evaluateProgram(program, inputs) : f(inputs);
}

function notReached(): never {
  throw new DifferentiationError('a function with its own derivative is not a linear operation');
}

interface CustomJvpParams extends CustomParams {
  readonly rule: (primals: NDArray[], tangents: NDArray[]) => { outputs: NDArray[]; tangents: NDArray[] };
}

const customJvpPrimitive: Primitive<CustomJvpParams> = /* @__PURE__ */ definePrimitive<CustomJvpParams>({
  name: 'customJvp',
  outputs: (inputs, params) => typesOf(params, inputs),
  evaluate: (inputs, params) => run(params, inputs),
  stage: (trace, inputs, params) =>
    stageCustom(customJvpPrimitive, trace, inputs, params, ({ length }) => ({
      f: (xs) => params.f(xs.slice(length)),
      rule: (xs, ts) => params.rule(xs.slice(length), ts.slice(length)),
    })),
  body: ({ program }) => program ?? null,
  ownDerivative: true,
  jvp(primals, tangents, params) {
    if (tangents.every((t) => t === null)) return { outputs: bind(customJvpPrimitive, primals, params), tangents: [] };
    const full = tangents.map((t, i) => t ?? zerosOf(primals[i] as NDArray));
    const { outputs, tangents: results } = params.rule(primals, full);
    return { outputs, tangents: results.map((t, i) => (isFloating((outputs[i] as NDArray).dtype) ? t : null)) };
  },
  transpose: notReached,
  batch(size, inputs, batched, params) {
    const spread = broadcastUnbatched(size, inputs, batched);
    const mapped: CustomJvpParams = {
      f: mapAll(size, (xs) => run(params, xs)),
      rule: (primals, tangents) => {
        const n = primals.length;
        let split = 0;
        const joint = mapAll(size, (xs) => {
          const result = params.rule(xs.slice(0, n), xs.slice(n));
          split = result.outputs.length;
          return [...result.outputs, ...result.tangents];
        })([...primals, ...tangents]);
        return { outputs: joint.slice(0, split), tangents: joint.slice(split) };
      },
    };
    const outputs = bind(customJvpPrimitive, spread, mapped);
    return { outputs, batched: outputs.map(() => true) };
  },
  lower: { reference: alwaysInlined },
});

interface CustomVjpParams extends CustomParams {
  readonly forward: (inputs: NDArray[]) => { outputs: NDArray[]; residuals: NDArray[] };
  readonly backward: (residuals: NDArray[], cotangents: NDArray[]) => NDArray[];
}

const customVjpPrimitive: Primitive<CustomVjpParams> = /* @__PURE__ */ definePrimitive<CustomVjpParams>({
  name: 'customVjp',
  outputs: (inputs, params) => typesOf(params, inputs),
  evaluate: (inputs, params) => run(params, inputs),
  stage: (trace, inputs, params) =>
    stageCustom(customVjpPrimitive, trace, inputs, params, (constants) => ({
      f: (xs) => params.f(xs.slice(constants.length)),
      forward: (xs) => params.forward(xs.slice(constants.length)),
      backward: (residuals, cotangents) => [...constants.map(zerosOf), ...params.backward(residuals, cotangents)],
    })),
  body: ({ program }) => program ?? null,
  ownDerivative: true,
  jvp(primals, tangents, params) {
    if (tangents.every((t) => t === null)) return { outputs: bind(customVjpPrimitive, primals, params), tangents: [] };
    throw new DifferentiationError(
      'jvp: a function made with customVjp has a reverse derivative only; use grad or vjp, or define it with customJvp',
    );
  },
  linearize(_trace, primals, tangents, params) {
    if (tangents.every((t) => t === null)) return { outputs: bind(customVjpPrimitive, primals, params), tangents: [] };
    const { outputs, residuals } = params.forward(primals);
    const floating = outputs.filter((y) => isFloating(y.dtype));
    const results = bind(
      pullbackPrimitive,
      [
        ...residuals,
        ...tangents
          .map((t, i) => t ?? zerosOf(primals[i] as NDArray))
          .filter((_, i) => isFloating((primals[i] as NDArray).dtype)),
      ],
      {
        residuals: residuals.length,
        inputs: primals.map(typeOf),
        outputs: outputs.map(typeOf),
        backward: params.backward,
      },
    );
    let next = 0;
    return {
      outputs,
      tangents: outputs.map((y) => (floating.includes(y) ? (results[next++] as NDArray) : null)),
    };
  },
  transpose: notReached,
  batch(size, inputs, batched, params) {
    const mapped: CustomVjpParams = {
      f: mapAll(size, (xs) => run(params, xs)),
      forward: (xs) => {
        let split = 0;
        const joint = mapAll(size, (one) => {
          const result = params.forward(one);
          split = result.outputs.length;
          return [...result.outputs, ...result.residuals];
        })(xs);
        return { outputs: joint.slice(0, split), residuals: joint.slice(split) };
      },
      backward: (residuals, cotangents) => {
        const n = residuals.length;
        return mapAll(size, (xs) => params.backward(xs.slice(0, n), xs.slice(n)))([...residuals, ...cotangents]);
      },
    };
    const outputs = bind(customVjpPrimitive, broadcastUnbatched(size, inputs, batched), mapped);
    return { outputs, batched: outputs.map(() => true) };
  },
  lower: { reference: alwaysInlined },
});

interface PullbackParams {
  /** How many operands are residuals; the others are tangents of the float inputs. */
  readonly residuals: number;
  readonly inputs: readonly ShapedType[];
  readonly outputs: readonly ShapedType[];
  readonly backward: CustomVjpParams['backward'];
}

/** The unknown linear map whose transpose the user has written. It is never run forward. */
const pullbackPrimitive: Primitive<PullbackParams> = /* @__PURE__ */ definePrimitive<PullbackParams>({
  name: 'customPullback',
  outputs: (_inputs, { outputs }) => outputs.filter((y) => isFloating(y.dtype)),
  evaluate: refuseForward,
  jvp: refuseForward,
  transpose(cotangents, operands, params) {
    let next = 0;
    const full = params.outputs.map(({ shape, dtype }) => {
      const given = isFloating(dtype) ? cotangents[next++] : null;
      return given ?? fill(dtype === 'bool' ? false : 0, shape, dtype);
    });
    const residuals = operands.slice(0, params.residuals) as NDArray[];
    const gradients = params.backward(residuals, full);
    return [
      ...residuals.map(() => null),
      ...gradients.filter((_, i) => isFloating((params.inputs[i] as ShapedType).dtype)),
    ];
  },
  batch: refuseForward,
  lower: { reference: refuseForward },
});

function refuseForward(): never {
  throw new DifferentiationError(
    'a function made with customVjp has a reverse derivative only: its linearisation can be transposed, not applied ' +
      'or differentiated; define it with customJvp for forward mode',
  );
}

function typeOf({ shape, dtype }: ShapedType): ShapedType {
  return { shape, dtype };
}

/** Maps a flat function over axis 0 of all inputs and outputs. */
function mapAll(size: number, f: FlatFunction): FlatFunction {
  return (inputs) => {
    const { outputs, batched } = vmapFlat(
      f,
      size,
      inputs,
      inputs.map(() => true),
    );
    return broadcastUnbatched(size, outputs, batched);
  };
}

/**
 * A function with a forward derivative of your own; the reverse derivative is its transpose.
 *
 * @param f - the function.
 * @param rule - gets the arguments and a tangent for each, returns `[f(...args), tangent of the result]`. It must be
 * linear in the tangents and written with differentiable operations.
 */
export function customJvp<Args extends unknown[], R>(
  f: (...args: Args) => R,
  rule: (primals: Args, tangents: Args) => [R, R],
): (...args: Args) => R {
  checkFunction('customJvp', f);
  checkFunction('customJvp', rule);
  return (...args) => {
    const flat = flattenArguments('customJvp', args, range(args.length));
    let output: TreeDef | undefined;
    const flatten = (value: unknown): Flattened => {
      const result = flattenTree('customJvp', value, 'the result');
      output = result.treedef;
      return result;
    };
    const outputs = bind(customJvpPrimitive, flat.leaves, {
      f: (xs) => flatten(callWith(f as AnyFunction, rebuildArguments(args, flat, xs))).leaves,
      rule: (xs, ts) => {
        const [value, tangent] = rule(unflattenParts(flat.parts, xs) as Args, unflattenParts(flat.parts, ts) as Args);
        const result = flatten(value);
        return { outputs: result.leaves, tangents: flattenMatching('customJvp', 'the tangent', tangent, result) };
      },
    });
    return unflatten<R>(output as unknown as TreeDef, outputs);
  };
}

/**
 * A function with a reverse derivative of your own: straight-through estimators, clipped or replaced gradients.
 *
 * @param f - the function.
 * @param rules - `forward(...args)` returns `[f(...args), residuals]` and runs instead of `f` when gradients are wanted;
 * `backward(residuals, cotangent)` returns a list with one cotangent for each argument, of the argument's type.
 * @throws DifferentiationError in forward mode (`jvp`), which a reverse rule cannot serve.
 */
export function customVjp<Args extends unknown[], R, Residuals>(
  f: (...args: Args) => R,
  rules: { forward: (...args: Args) => [R, Residuals]; backward: (residuals: Residuals, cotangent: R) => [...Args] },
): (...args: Args) => R {
  checkFunction('customVjp', f);
  checkFunction('customVjp', rules?.forward);
  checkFunction('customVjp', rules?.backward);
  return (...args) => {
    const flat = flattenArguments('customVjp', args, range(args.length));
    let output: TreeDef | undefined;
    let residualTree: TreeDef | undefined;
    const flattenOutput = (value: unknown): Flattened => {
      const result = flattenTree('customVjp', value, 'the result');
      output = result.treedef;
      return result;
    };
    const outputs = bind(customVjpPrimitive, flat.leaves, {
      f: (xs) => flattenOutput(callWith(f as AnyFunction, rebuildArguments(args, flat, xs))).leaves,
      forward: (xs) => {
        const [value, residuals] = callWith(rules.forward as AnyFunction, rebuildArguments(args, flat, xs)) as [
          R,
          Residuals,
        ];
        const kept = flattenTree('customVjp', residuals, 'the residuals');
        residualTree = kept.treedef;
        return { outputs: flattenOutput(value).leaves, residuals: kept.leaves };
      },
      backward: (residuals, cotangents) => {
        const gradients = rules.backward(
          unflatten<Residuals>(residualTree as TreeDef, residuals),
          unflatten<R>(output as TreeDef, cotangents),
        );
        return matchGradients(args, flat, gradients);
      },
    });
    return unflatten<R>(output as unknown as TreeDef, outputs);
  };
}

function matchGradients(
  args: readonly unknown[],
  flat: ReturnType<typeof flattenArguments>,
  gradients: unknown,
): NDArray[] {
  if (!Array.isArray(gradients) || gradients.length !== args.length) {
    throw new DifferentiationError(
      `customVjp: expected backward to return a list of ${args.length} cotangents, one for each argument`,
    );
  }
  return flat.parts.flatMap((p) =>
    flattenMatching('customVjp', `the gradient of argument ${p.index}`, gradients[p.index], p.flat),
  );
}
