import { expectTypeOf, test } from 'vitest';
import { type NDArray, tree } from '../index';
import type { MapLeaves } from './tree';

interface Model {
  w: NDArray;
  rate: number;
  layers: { b: NDArray; on: boolean }[];
  pair: [NDArray, number];
  nothing: null;
}

test('leaves of a tree type are arrays, numbers and booleans', () => {
  expectTypeOf<MapLeaves<Model, string>>().toEqualTypeOf<{
    w: string;
    rate: string;
    layers: { b: string; on: string }[];
    pair: [string, string];
    nothing: null;
  }>();
  expectTypeOf<MapLeaves<NDArray, string>>().toEqualTypeOf<string>();
});

test('map keeps the type of the tree', () => {
  const model = {} as Model;
  expectTypeOf(tree.map((leaf) => leaf.mul(2), model)).toEqualTypeOf<Model>();
  expectTypeOf(tree.map((leaf, other) => leaf.add(other as NDArray), model, model)).toEqualTypeOf<Model>();
});

test('the other functions take anything and give arrays', () => {
  expectTypeOf(tree.leaves).returns.toEqualTypeOf<NDArray[]>();
  expectTypeOf(tree.flatten({}).leaves).toEqualTypeOf<NDArray[]>();
  expectTypeOf(tree.paths({})).toEqualTypeOf<{ path: string; leaf: NDArray }[]>();
  expectTypeOf(tree.reduce((n: number, leaf) => n + leaf.size, {}, 0)).toEqualTypeOf<number>();
  expectTypeOf(tree.unflatten<Model>).returns.toEqualTypeOf<Model>();
});
