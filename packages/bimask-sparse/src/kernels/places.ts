// The places of a compressed matrix as the products read them, in quads of four rows: for each place of each row its value
// and where its column lies in a panel, or, where a quad shares its places, the four values and where the column lies.

import {
  type Expr,
  type FunctionBuilder,
  type FunctionRef,
  i8x16,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  v128,
} from '@forback/core/kernels';
import { lowest, rowAddresses, transposed } from './panels';

type Vector = Expr<'v128'>;
type Builder = FunctionBuilder<'void'>;

/** Bytes of the places of one quad. */
export function quadBytes(kept: number, shared: boolean): number {
  return (shared ? 20 : 32) * kept;
}

export type PackPlaces = FunctionRef<readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], 'void'>;

/** (values, indices, quad, rows, kept, columns, to): the places of one quad; a row behind the last is the last one again. */
export function definePackPlaces(module: ModuleBuilder, vectors: number, shared: boolean): PackPlaces {
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const shift = Math.log2(16 * vectors);
  const define = shared ? defineShared : defineSeparate;
  return module.function({ params, result: 'void' }, (f, values, indices, quad, rows, kept, columns, to) => {
    const limit = f.local('v128', i32x4.splat(columns));
    /** Byte offsets in a panel: an index outside the matrix becomes the row of zeros. */
    const offsets = (loaded: Vector): Vector => i32x4.shl(i32x4.minU(loaded, limit), shift);
    define(f, { values, indices, quad, rows, kept, to, offsets });
  });
}

interface Places {
  readonly values: Expr<'i32'>;
  readonly indices: Expr<'i32'>;
  readonly quad: Expr<'i32'>;
  readonly rows: Expr<'i32'>;
  readonly kept: Expr<'i32'>;
  readonly to: Local<'i32'>;
  readonly offsets: (indices: Vector) => Vector;
}

function defineSeparate(f: Builder, { values, indices, quad, rows, kept, to, offsets }: Places): void {
  const first = f.local('i32', i32.mul(quad, 4));
  const rowBytes = f.local('i32', i32.mul(kept, 4));
  const end = f.local('i32', i32.add(first, 4));
  const [row, value, index, left] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [v, at] = [f.local('v128'), f.local('v128')];
  f.for(row, first, end, 1, () => {
    const start = f.local('i32', i32.mul(lowest(row, i32.sub(rows, 1)), rowBytes));
    f.set(value, i32.add(values, start));
    f.set(index, i32.add(indices, start));
    f.set(left, kept);
    const advance = (count: number): void => {
      f.increment(value, 4 * count);
      f.increment(index, 4 * count);
      f.increment(to, 8 * count);
      f.increment(left, -count);
    };
    f.while(i32.geS(left, 4), () => {
      f.set(v, v128.load(value));
      f.set(at, offsets(v128.load(index)));
      const pairs = (low: number): Vector =>
        i8x16.shuffle(
          v,
          at,
          [low, low + 4, 16 + low, 16 + low + 4].flatMap((_, i) => {
            const from = (i % 2 === 0 ? 0 : 16) + low + 4 * Math.floor(i / 2);
            return [from, from + 1, from + 2, from + 3];
          }),
        );
      f.emit(v128.store(to, pairs(0)));
      f.emit(v128.store(to, pairs(8), 16));
      advance(4);
    });
    f.while(left, () => {
      f.emit(v128.store32Lane(to, v128.load32Zero(value), 0));
      f.emit(v128.store32Lane(to, offsets(v128.load32Zero(index)), 0, 4));
      advance(1);
    });
  });
}

function defineShared(f: Builder, { values, indices, quad, rows, kept, to, offsets }: Places): void {
  const first = f.local('i32', i32.mul(quad, 4));
  const from = rowAddresses(f, values, first, rows, i32.mul(kept, 4));
  const index = f.local('i32', i32.add(indices, i32.mul(quad, i32.mul(kept, 4))));
  const left = f.local('i32', kept);
  const loaded = from.map(() => f.local('v128'));
  const at = f.local('v128');
  const advance = (count: number): void => {
    for (const row of from) f.increment(row, 4 * count);
    f.increment(index, 4 * count);
    f.increment(to, 20 * count);
    f.increment(left, -count);
  };
  f.while(i32.geS(left, 4), () => {
    loaded.forEach((row, i) => {
      f.set(row, v128.load(from[i] as Expr<'i32'>));
    });
    f.set(at, offsets(v128.load(index)));
    transposed(f, loaded).forEach((four, i) => {
      f.emit(v128.store(to, four, 20 * i));
      f.emit(v128.store32Lane(to, at, i, 20 * i + 16));
    });
    advance(4);
  });
  f.while(left, () => {
    from.forEach((row, i) => {
      f.emit(i32.store(to, i32.load(row), 4 * i));
    });
    f.emit(v128.store32Lane(to, offsets(v128.load32Zero(index)), 0, 16));
    advance(1);
  });
}
