import { ArgumentError, jvp, type NDArray, np, vjp } from '@forback/core';
import {
  type ActivityGradient,
  type Block,
  type BlockParams,
  type BlockPass,
  checkBlocks,
  checkLosses,
  checkParams,
  errorFor,
  runBlocks,
} from './activity';
import { checkFunction } from './checks';

/** From a block's output [n, ...] and further arguments of the loss to a direction of the output's shape. */
export type ActivityGuess<Targets extends unknown[]> = (output: NDArray, ...targets: Targets) => NDArray;

/** Settings of guesses in the space of activities. */
export interface GuessedActivityOptions<Targets extends unknown[]> {
  /** One for each block but the last, such as the gradient of a local loss: `(h, y) => grad((z) => local(z, y).sum())(h)`. */
  guesses: readonly ActivityGuess<Targets>[];
  /** Added to the squared norms. Default: 1e-16 (released code of Fournier et al. 2023). */
  epsilon?: number;
}

/**
 * The error at each block's output projected on a guess, for each example on its own: (⟨t, g⟩ / (‖g‖² + ε)) g, where the
 * gradient t of the loss is never computed: ⟨t, g⟩ is a directional derivative through the blocks behind (Fournier et al.
 * 2023, activation space). The last block gets its exact error; inside a block the derivative is exact. Takes a forward
 * pass with tangents for each block but the last, through the blocks behind it.
 *
 * @param loss - from the last block's output and further arguments to the losses of the examples [n].
 * @returns a function of the list of the blocks' parameters, the input batch [n, ...] and further arguments of the loss.
 */
export function guessedActivityGrad<const Blocks extends readonly Block<never>[], Targets extends unknown[]>(
  blocks: Blocks,
  loss: (output: NDArray, ...targets: Targets) => NDArray,
  options: GuessedActivityOptions<Targets>,
): (params: Readonly<BlockParams<Blocks>>, x: NDArray, ...targets: Targets) => ActivityGradient<BlockParams<Blocks>> {
  const where = 'guessedActivityGrad';
  const { guesses, epsilon = 1e-16 } = options;
  checkBlocks(where, blocks);
  checkFunction(where, 'the loss', loss);
  if (guesses.length !== blocks.length - 1) {
    throw new ArgumentError(
      `${where}: expected a guess for each of ${blocks.length} blocks but the last, got ${guesses.length}`,
    );
  }
  for (const guess of guesses) checkFunction(where, 'each guess', guess);
  return (params, x, ...targets) => {
    checkParams(where, blocks, params);
    const passes = runBlocks(blocks, params, x);
    const last = passes.at(-1) as BlockPass;
    const [losses, pullback] = vjp((z: NDArray) => loss(z, ...targets), [last.output]);
    checkLosses(where, losses, x);
    const gradient = passes.map(({ output, pull }, i) => {
      if (i === passes.length - 1) return pull(pullback(np.onesLike(losses).div(losses.size))[0]);
      const guess = (guesses[i] as ActivityGuess<Targets>)(output, ...targets);
      if (guess.shape.join() !== output.shape.join()) {
        throw new ArgumentError(
          `${where}: expected guess ${i} to have the shape [${output.shape.join(', ')}] of its block's output, got ` +
            `[${guess.shape.join(', ')}]`,
        );
      }
      const behind = passes.slice(i + 1);
      const rest = (h: NDArray) =>
        loss(
          behind.reduce((z, { run }) => run(z), h),
          ...targets,
        );
      const [, derivative] = jvp(rest, [output], [guess]);
      const squared = np.square(guess).reshape([losses.size, -1]).sum(1);
      return pull(errorFor(derivative.div(squared.add(epsilon)), guess));
    });
    return { losses, gradient: gradient as BlockParams<Blocks> };
  };
}
