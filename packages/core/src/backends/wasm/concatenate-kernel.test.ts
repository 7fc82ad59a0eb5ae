import { describe, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import { forAll, type Sampler } from '../../../test/support/sampler';
import { extreme, positions, values } from '../../../test/support/values';
import { dtypes } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { dynamicSlice, dynamicUpdateSlice } from '../../primitives/dynamic-slice';
import { concatenate, flip, pad, slice } from '../../primitives/structure';
import { transpose } from '../../primitives/transpose';

const sizes = [1, 2, 3, 5, 16, 17, 33, 40];

/** A shape of some hundred or thousand elements. */
function shapeOf(s: Sampler, rank = s.int(1, 4)): number[] {
  const shape = Array.from({ length: rank }, () => s.pick(sizes));
  while (shape.reduce((a, b) => a * b) > 60_000) shape[shape.indexOf(Math.max(...shape))] = 3;
  return shape;
}

type Relayout = (x: NDArray) => NDArray;

/** Values in another layout: as they are, reversed, transposed or with gaps. */
function relayout(s: Sampler): Relayout {
  const kind = s.int(0, 3);
  if (kind === 0) return (x) => x;
  if (kind === 1) return (x) => flip(x, [x.ndim - 1]);
  if (kind === 2)
    return (x) => transpose(transpose(x, [...x.shape.keys()].reverse()).add(0), [...x.shape.keys()].reverse());
  return (x) => {
    const wide = concatenate([x, x], x.ndim - 1);
    const start = x.shape.map(() => 0);
    return slice(wide, start, wide.shape, [...start.slice(1).map(() => 1), 2]);
  };
}

const operand = (s: Sampler, shape: readonly number[], dtype = s.pick(dtypes)) =>
  values(shape, dtype, s.seed(), { odd: extreme });

describe('moves give the bits of the reference', () => {
  test('concatenate', () => {
    forAll(60, (s) => {
      const shape = shapeOf(s);
      const axis = s.int(0, shape.length - 1);
      const dtype = s.pick(dtypes.filter((d) => d !== 'bool'));
      const inputs = [0, 1, 2].map(() =>
        operand(
          s,
          shape.map((n, i) => (i === axis ? s.pick([0, 1, 7, n]) : n)),
          dtype,
        ),
      );
      const layouts = inputs.map(() => relayout(s));
      expectReference(
        (...xs) =>
          concatenate(
            xs.map((x, i) => (x.size > 0 ? (layouts[i] as Relayout)(x) : x)),
            axis,
          ),
        inputs,
      );
    });
  });

  test('pad', () => {
    forAll(60, (s) => {
      const shape = shapeOf(s, s.int(1, 3));
      const widths = (most: number) => shape.map(() => s.int(0, most));
      const dtype = s.pick(dtypes.filter((d) => d !== 'bool'));
      const params = { low: widths(20), high: widths(3), interior: widths(2), value: s.pick([0, 1, 7]) };
      const layout = relayout(s);
      expectReference((x) => pad(layout(x), params), [operand(s, shape, dtype)]);
    });
  });

  test('blocks at dynamic positions, which are moved to fit', () => {
    forAll(60, (s) => {
      const shape = shapeOf(s);
      const block = shape.map((n) => s.pick([n, 1, Math.ceil(n / 2)]));
      const starts = positions([shape.length], 50, s.seed(), -10);
      const x = operand(s, shape);
      const update = operand(s, block, x.dtype);
      expectReference((a, at) => dynamicSlice(a, at as NDArray, block), [x, starts]);
      expectReference((a, u, at) => dynamicUpdateSlice(a, u as NDArray, at as NDArray), [x, update, starts]);
    });
  });

  test('arrays that several threads move', () => {
    const x = values([300, 700], 'float32', 1);
    const at = positions([2], 100, 2);
    expectReference(
      (a, start) => [
        concatenate([a, transpose(transpose(a, [1, 0]).mul(2), [1, 0])], 1),
        concatenate([a, a], 0),
        pad(a, { low: [3, 5], high: [0, 2], interior: [0, 1], value: 2 }),
        dynamicSlice(a, start as NDArray, [250, 600]),
        dynamicUpdateSlice(a, slice(a, [0, 0], [250, 600]), start as NDArray),
      ],
      [x, at],
    );
  });
});
