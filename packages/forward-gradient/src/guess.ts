import { ArgumentError, type NDArray, tree } from '@forback/core';
import { checkFunction, checkGuess, checkParameters, checkScalar } from './checks';
import { directionalDerivatives } from './forward-grad';
import { innerProduct } from './tangents';

/** Settings of a projection on a guess. */
export interface GuessOptions<Args extends unknown[]> {
  /** A direction for the parameters (the first argument), such as the gradient of a local loss: same structure and shapes. */
  guess: (...args: Args) => Args[0];
  /**
   * What is projected: the gradient of each array on the guess for that array (one forward pass with tangents each), or
   * of all arrays together (one pass). Default: 'leaf' (Fournier et al. 2023).
   */
  space?: 'leaf' | 'tree';
  /** Added to the squared norm. Default: 1e-16 (released code of Fournier et al. 2023). */
  epsilon?: number;
}

/**
 * The gradient projected on a guess, without a backward pass through the loss: (⟨∇f, g⟩ / (‖g‖² + ε)) g, where ⟨∇f, g⟩ is
 * a directional derivative (Fournier et al. 2023).
 *
 * @param loss - returns a float scalar; parameters are its first argument.
 */
export function guessedGrad<Args extends unknown[]>(
  loss: (...args: Args) => NDArray,
  options: GuessOptions<Args>,
): (...args: Args) => Args[0] {
  const { guess, space = 'leaf', epsilon = 1e-16 } = options;
  checkFunction('guessedGrad', 'the loss', loss);
  checkFunction('guessedGrad', 'guess', guess);
  if (space !== 'leaf' && space !== 'tree') {
    throw new ArgumentError(`guessedGrad: expected space to be 'leaf' or 'tree', got ${String(space)}`);
  }
  return (...args) => {
    const [params, ...rest] = args as unknown as [Args[0], ...unknown[]];
    const f = (p: Args[0]) => loss(...([p, ...rest] as unknown as Args));
    checkParameters('guessedGrad', 0, params);
    const whole = guess(...args);
    checkGuess('guessedGrad', whole, params);
    const { leaves, treedef } = tree.flatten(whole);
    const parts: Args[0][] =
      space === 'tree'
        ? [whole]
        : leaves.map((_, at) =>
            tree.unflatten(
              treedef,
              leaves.map((x, i) => (i === at ? x : x.mul(0))),
            ),
          );
    const [value, derivatives] = directionalDerivatives(f, params, parts);
    checkScalar('guessedGrad', value);
    const projected = leaves.map((leaf, i) => {
      const part = space === 'tree' ? 0 : i;
      const squared = space === 'tree' ? innerProduct(whole, whole) : leaf.mul(leaf).sum();
      return leaf.mul((derivatives[part] as NDArray).div(squared.add(epsilon)));
    });
    return tree.unflatten(treedef, projected);
  };
}

/**
 * A target projected on a guess, both known: (⟨t, g⟩ / (‖g‖² + ε)) g over whole trees.
 *
 * @param epsilon - Default: 1e-16.
 */
export function projectOnGuess<T>(target: T, guess: T, epsilon = 1e-16): T {
  const factor = innerProduct(target, guess).div(innerProduct(guess, guess).add(epsilon));
  return tree.map((g) => g.mul(factor), guess);
}
