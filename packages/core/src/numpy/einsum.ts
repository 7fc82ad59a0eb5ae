import type { ArrayLike, NDArray } from '../array/ndarray';
import { range, showShape } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { cast } from '../primitives/cast';
import { dot } from '../primitives/dot';
import { gather } from '../primitives/gather';
import { iota } from '../primitives/iota';
import { sum } from '../primitives/reduce';
import { transpose } from '../primitives/transpose';
import { asArray, resultDType } from './operands';

interface Labelled {
  readonly array: NDArray;
  /** One letter for each axis. */
  readonly labels: string;
}

/**
 * Einstein summation: `einsum('bij,bjk->bik', x, y)`. Letters that are missing in the result are summed over; without
 * `->` the result has the letters that occur once, in alphabetical order. Repeated letters in one operand take its
 * diagonal.
 *
 * Operands are combined from left to right, each pair by one general dot product.
 */
export function einsum(equation: string, ...arrays: ArrayLike[]): NDArray {
  const { inputs, output } = parse(equation, arrays.length);
  const dtype = resultDType('einsum', arrays);
  const operands = arrays.map((x, i) =>
    label(cast(asArray('einsum', x), dtype === 'bool' ? 'int32' : dtype), inputs[i] as string),
  );
  checkSizes(equation, operands);
  let result = operands[0] as Labelled;
  operands.slice(1).forEach((next, i) => {
    const later =
      operands
        .slice(i + 2)
        .map((o) => o.labels)
        .join('') + output;
    result = combine(result, next, later);
  });
  result = sumAway(result, output);
  return transpose(
    result.array,
    [...output].map((letter) => result.labels.indexOf(letter)),
  );
}

function parse(equation: string, count: number): { inputs: string[]; output: string } {
  const compact = equation.replaceAll(' ', '');
  const [left = '', right, ...more] = compact.split('->');
  const inputs = left.split(',');
  const fine =
    /^[A-Za-z]*(,[A-Za-z]*)*$/.test(left) && (right === undefined || /^[A-Za-z]*$/.test(right)) && more.length === 0;
  if (!fine) {
    throw new ArgumentError(
      `einsum: cannot read '${equation}'; expected letters, commas and at most one '->', such as 'ij,jk->ik'`,
    );
  }
  if (inputs.length !== count) {
    throw new ArgumentError(`einsum: '${equation}' has ${inputs.length} operands, got ${count} arrays`);
  }
  const letters = [...new Set(inputs.join(''))].sort();
  const once = letters.filter((l) => inputs.join('').split(l).length === 2).join('');
  const output = right ?? once;
  const unknown = [...output].find((l) => !letters.includes(l));
  if (unknown !== undefined)
    throw new ArgumentError(`einsum: '${unknown}' in the result of '${equation}' is in no operand`);
  if (new Set(output).size !== output.length)
    throw new ArgumentError(`einsum: a letter occurs twice in the result of '${equation}'`);
  return { inputs, output };
}

/** Takes diagonals, so that each letter names one axis. */
function label(array: NDArray, labels: string): Labelled {
  if (labels.length !== array.ndim) {
    throw new ShapeError(
      `einsum: '${labels}' names ${labels.length} axes, but the array has shape ${showShape(array.shape)}`,
    );
  }
  for (let i = 0; i < labels.length; i++) {
    const j = labels.indexOf(labels[i] as string, i + 1);
    if (j >= 0) return label(diagonalOf(array, i, j), labels.slice(0, j) + labels.slice(j + 1));
  }
  return { array, labels };
}

/** Elements whose positions on two axes agree; axis j disappears. */
function diagonalOf(x: NDArray, i: number, j: number): NDArray {
  if (x.shape[i] !== x.shape[j]) {
    throw new ShapeError(`einsum: a repeated letter needs equal sizes, got ${x.shape[i]} and ${x.shape[j]}`);
  }
  const rest = range(x.ndim).filter((a) => a !== i && a !== j);
  const n = x.shape[i] as number;
  const paired = transpose(x, [i, j, ...rest]);
  const picked = gather(paired, iota([n], 0, 'int32').reshape([n, 1]), { axis: 1, batchDims: 1 });
  const line = picked.reshape([n, ...rest.map((a) => x.shape[a] as number)]);
  const order = range(x.ndim)
    .filter((a) => a !== j)
    .map((a) => (a === i ? 0 : rest.indexOf(a) + 1));
  return transpose(line, order);
}

function checkSizes(equation: string, operands: readonly Labelled[]): void {
  const sizes = new Map<string, number>();
  for (const { array, labels } of operands) {
    [...labels].forEach((letter, axis) => {
      const n = array.shape[axis] as number;
      const known = sizes.get(letter) ?? n;
      if (known !== n) throw new ShapeError(`einsum: '${letter}' in '${equation}' stands for sizes ${known} and ${n}`);
      sizes.set(letter, n);
    });
  }
}

/** Sums over the axes that nobody needs any more. */
function sumAway({ array, labels }: Labelled, needed: string): Labelled {
  const axes = range(labels.length).filter((i) => !needed.includes(labels[i] as string));
  return { array: sum(array, axes), labels: [...labels].filter((l) => needed.includes(l)).join('') };
}

function combine(x: Labelled, y: Labelled, needed: string): Labelled {
  const a = sumAway(x, needed + y.labels);
  const b = sumAway(y, needed + a.labels);
  const shared = [...a.labels].filter((l) => b.labels.includes(l));
  const kept = shared.filter((l) => needed.includes(l));
  const contracted = shared.filter((l) => !needed.includes(l));
  const axes = (letters: readonly string[], of: Labelled) => letters.map((l) => of.labels.indexOf(l));
  const array = dot(a.array, b.array, {
    contract: [axes(contracted, a), axes(contracted, b)],
    batch: [axes(kept, a), axes(kept, b)],
  });
  const free = (of: Labelled) => [...of.labels].filter((l) => !shared.includes(l));
  return { array, labels: [...kept, ...free(a), ...free(b)].join('') };
}
