import { isFloating } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { sameShape, showType } from '../array/shape';
import { DTypeError, ShapeError, TreeError } from '../errors';
import { flattenTree, paths, showTreeDef, unflatten } from '../tree/tree';

/**
 * Applies a function to corresponding leaves of named trees, which must agree in structure and shapes: a moment of another
 * shape would broadcast and go unnoticed.
 *
 * @returns a tree like the first.
 */
export function mapLeaves<T>(
  where: string,
  trees: Readonly<Record<string, unknown>>,
  f: (...leaves: NDArray[]) => NDArray,
): T {
  const names = Object.keys(trees);
  const flat = names.map((name) => flattenTree(where, trees[name], name));
  const [first, ...others] = flat as [(typeof flat)[number], ...typeof flat];
  const name = names[0] as string;
  others.forEach((other, i) => {
    if (showTreeDef(other.treedef) === showTreeDef(first.treedef)) return;
    throw new TreeError(
      `${where}: expected ${names[i + 1]} to have the structure of ${name}, got ${showTreeDef(other.treedef)} and ` +
        `${showTreeDef(first.treedef)}; a state belongs to the parameters that init was called with`,
    );
  });
  const pathOf = (index: number) => paths(trees[name])[index]?.path || 'value';
  return unflatten<T>(
    first.treedef,
    first.leaves.map((leaf, index) => {
      if (!isFloating(leaf.dtype)) {
        throw new DTypeError(`${where}: expected float arrays in ${name}, got ${showType(leaf)} at ${pathOf(index)}`);
      }
      const rest = others.map((other, i) => {
        const partner = other.leaves[index] as NDArray;
        if (sameShape(partner.shape, leaf.shape)) return partner;
        throw new ShapeError(
          `${where}: expected ${names[i + 1]} to have the shapes of ${name}, got ${showType(partner)} and ${showType(leaf)} ` +
            `at ${pathOf(index)}`,
        );
      });
      return f(leaf, ...rest);
    }),
  );
}
