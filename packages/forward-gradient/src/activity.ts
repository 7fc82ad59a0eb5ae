import { ArgumentError, jvp, type NDArray, np, random, stopGradient, vjp } from '@forback/core';
import { checkFunction } from './checks';
import { checkKind, type TangentKind, tangentLike } from './tangents';

/** A part of a network: its parameters and a batch [n, ...] to activities [n, ...]. */
export type Block<Params = unknown> = (params: Params, x: NDArray) => NDArray;

/** A list with the parameters of each block. */
export type BlockParams<Blocks extends readonly Block<never>[]> = {
  -readonly [I in keyof Blocks]: Blocks[I] extends Block<infer P> ? P : never;
};

/** Settings of activity perturbation. */
export interface ActivityOptions {
  /** Of the noise: uint32 [2]; another one for each step. */
  key: random.Key;
  /** How noise is drawn, for each example on its own. Default: 'normal' (Ren et al. 2023). */
  tangents?: TangentKind;
}

/** What `activityGrad` gives. */
export interface ActivityGradient<Params> {
  /** Losses of the examples: [n]. With local losses those of the last block. */
  readonly losses: NDArray;
  /** Estimates of the gradients of the mean loss, one entry for each block. */
  readonly gradient: Params;
}

/**
 * Forward gradients that perturb activities instead of weights (FG-A, Ren et al. 2023): with noise u of one example's
 * block output and d = ∇z · u, the error at the output is estimated by d u, and the block's parameters get its gradient
 * for that error. The variance grows with the number of units, not of weights.
 *
 * One forward pass with tangents perturbs all blocks at once. No error crosses a block; inside a block its derivative is
 * exact.
 *
 * @param blocks - the network, cut into parts; noise enters behind each.
 * @param loss - from the last block's output and further arguments to the losses of the examples [n].
 * @returns a function of the list of the blocks' parameters, the input batch [n, ...] and further arguments of the loss.
 */
export function activityGrad<const Blocks extends readonly Block<never>[], Targets extends unknown[]>(
  blocks: Blocks,
  loss: (output: NDArray, ...targets: Targets) => NDArray,
  options: ActivityOptions,
): (params: Readonly<BlockParams<Blocks>>, x: NDArray, ...targets: Targets) => ActivityGradient<BlockParams<Blocks>> {
  const tangents = kindOf('activityGrad', options);
  checkBlocks('activityGrad', blocks);
  checkFunction('activityGrad', 'the loss', loss);
  return (params, x, ...targets) => {
    checkParams('activityGrad', blocks, params);
    const passes = runBlocks(blocks, params, x);
    const noise = passes.map(({ output }, i) => tangentLike(random.foldIn(options.key, i), output, tangents));
    let moving: NDArray | null = null;
    passes.forEach(({ input, run }, i) => {
      const carried: NDArray | null = moving === null ? null : jvp(run, [input], [moving])[1];
      const own = noise[i] as NDArray;
      moving = carried === null ? own : carried.add(own);
    });
    const last = passes[passes.length - 1] as BlockPass;
    const [losses, derivative] = jvp(
      (z: NDArray) => loss(z, ...targets),
      [last.output],
      [moving as unknown as NDArray],
    );
    checkLosses('activityGrad', losses, x);
    const gradient = passes.map(({ pull }, i) => pull(errorFor(derivative, noise[i] as NDArray)));
    return { losses, gradient: gradient as BlockParams<Blocks> };
  };
}

/** The objective of a block by itself: its own parameters' activities and the targets to losses [n]. */
export type LocalLoss<Targets extends unknown[]> = (output: NDArray, ...targets: Targets) => NDArray;

/**
 * Activity perturbation with a loss for each block (LG-FG-A, Ren et al. 2023): nothing crosses a block in either
 * direction, so that the noise of one does not disturb the others.
 *
 * @param losses - one for each block: from its output and further arguments to the losses of the examples [n].
 */
export function localActivityGrad<const Blocks extends readonly Block<never>[], Targets extends unknown[]>(
  blocks: Blocks,
  losses: readonly LocalLoss<Targets>[],
  options: ActivityOptions,
): (params: Readonly<BlockParams<Blocks>>, x: NDArray, ...targets: Targets) => ActivityGradient<BlockParams<Blocks>> {
  const where = 'localActivityGrad';
  const tangents = kindOf(where, options);
  checkBlocks(where, blocks);
  if (losses.length !== blocks.length) {
    throw new ArgumentError(`${where}: expected a loss for each of ${blocks.length} blocks, got ${losses.length}`);
  }
  for (const local of losses) checkFunction(where, 'each loss', local);
  return (params, x, ...targets) => {
    checkParams(where, blocks, params);
    let values: NDArray = np.zeros([]);
    const gradient = runBlocks(blocks, params, x).map(({ output, pull }, i) => {
      const noise = tangentLike(random.foldIn(options.key, i), output, tangents);
      const local = losses[i] as LocalLoss<Targets>;
      const [own, derivative] = jvp((z: NDArray) => local(z, ...targets), [output], [noise]);
      checkLosses(where, own, x);
      values = own;
      return pull(errorFor(derivative, noise));
    });
    return { losses: values, gradient: gradient as BlockParams<Blocks> };
  };
}

/** A block in one pass. */
export interface BlockPass {
  readonly input: NDArray;
  readonly output: NDArray;
  run(x: NDArray): NDArray;
  /** The gradient of the block's parameters for an error at its output. */
  pull(error: NDArray): unknown;
}

/** The network, block by block, with a pullback to the parameters of each. */
export function runBlocks(blocks: readonly Block<never>[], params: readonly unknown[], x: NDArray): BlockPass[] {
  let input = x;
  return blocks.map((block, i) => {
    const own = params[i] as never;
    const from = stopGradient(input);
    const [output, pullback] = vjp((p: never) => block(p, from), [own]);
    input = output;
    return { input: from, output, run: (v) => block(own, v), pull: (error) => pullback(error)[0] };
  });
}

/** d u of each example, divided by their number as the error of a mean loss is. */
export function errorFor(derivative: NDArray, noise: NDArray): NDArray {
  const n = noise.shape[0] as number;
  return noise.mul(derivative.div(n).reshape([n, ...noise.shape.slice(1).map(() => 1)]));
}

function kindOf(where: string, { tangents = 'normal' }: ActivityOptions): TangentKind {
  checkKind(where, tangents);
  return tangents;
}

/** @throws ArgumentError for anything but a list of functions. */
export function checkBlocks(where: string, blocks: readonly unknown[]): void {
  if (blocks.length > 0 && blocks.every((block) => typeof block === 'function')) return;
  throw new ArgumentError(`${where}: expected at least one block, each a function (params, x) => activities`);
}

/** @throws ArgumentError unless there is an entry for each block. */
export function checkParams(where: string, blocks: readonly unknown[], params: readonly unknown[]): void {
  if (Array.isArray(params) && params.length === blocks.length) return;
  const got = Array.isArray(params) ? `a list of ${params.length}` : typeof params;
  throw new ArgumentError(
    `${where}: expected params to be a list with an entry for each of ${blocks.length} blocks, got ${got}`,
  );
}

/** @throws ArgumentError unless there is a loss for each example. */
export function checkLosses(where: string, losses: NDArray, x: NDArray): void {
  if (losses.ndim === 1 && losses.shape[0] === x.shape[0]) return;
  throw new ArgumentError(
    `${where}: expected the loss to give one number for each of ${x.shape[0]} examples, got shape ` +
      `[${losses.shape.join(', ')}]; leave out mean()`,
  );
}
