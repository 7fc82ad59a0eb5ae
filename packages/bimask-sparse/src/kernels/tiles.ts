// The inner loops of products with compressed matrices: one panel with the places of some quads of rows.

import {
  type Expr,
  type FunctionBuilder,
  f32x4,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from '@forback/core/kernels';
import { lineQuads, lowest, storeLines, storeRows, transposed, zero } from './panels';

type Vector = Expr<'v128'>;
type Builder = FunctionBuilder<'void'>;

/** x y + sum, as the engine does it. */
export type MultiplyAdd = (x: Vector, y: Vector, sum: Vector) => Vector;

const ten = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

export interface Panel {
  readonly multiplyAdd: MultiplyAdd;
  /** Vectors that a panel holds for each column, of which the first `used` have rows. */
  readonly vectors: number;
  readonly used: number;
}

function vectorLocals(f: Builder, count: number): Local<'v128'>[] {
  return Array.from({ length: count }, () => f.local('v128'));
}

/**
 * A round for each place of a row, two in the loop's body. The exit between them keeps V8 from moving the loads of both to
 * the start, where there are not enough registers for them.
 */
function eachPlace(f: Builder, place: Local<'i32'>, end: Expr<'i32'>, round: (odd: number) => void): void {
  f.block((done) => {
    f.loop((again) => {
      for (const odd of [0, 1]) {
        round(odd);
        f.increment(place, 8);
        if (odd === 0) f.branchIf(done, i32.eq(place, end));
      }
      f.branchIf(again, i32.ne(place, end));
    });
  });
}

/** Stores sums over the columns of a panel for a quad of rows in `own`, vectors [used][4 rows]; moves `place` behind the quad. */
type Tile = (
  f: Builder,
  args: { panel: Local<'i32'>; place: Local<'i32'>; kept: Local<'i32'>; own: Local<'i32'> },
  panel: Panel,
) => void;

/** One row at a time. Even and odd places have sums of their own: one that waits for the one before it would set the pace. */
const separateTile: Tile = (f, { panel, place, kept, own }, { multiplyAdd, used }) => {
  const sums = [vectorLocals(f, used), vectorLocals(f, used)] as const;
  const value = f.local('v128');
  const [at, end] = [f.local('i32'), f.local('i32')];
  for (let row = 0; row < 4; row++) {
    for (const sum of sums.flat()) f.set(sum, zero);
    f.set(end, i32.add(place, i32.mul(kept, 8)));
    eachPlace(f, place, end, (odd) => {
      f.set(at, i32.add(panel, i32.load(place, 4)));
      f.set(value, v128.load32Splat(place));
      sums[odd as 0 | 1].forEach((sum, i) => {
        f.set(sum, multiplyAdd(value, v128.load(at, 16 * i), sum));
      });
    });
    sums[0].forEach((sum, i) => {
      f.emit(v128.store(own, f32x4.add(sum, sums[1][i] as Vector), 16 * (4 * i + row)));
    });
  }
};

/** Four rows at once. */
const sharedTile: Tile = (f, { panel, place, kept, own }, { multiplyAdd, used }) => {
  const sums = Array.from({ length: used }, () => vectorLocals(f, 4));
  const columns = vectorLocals(f, used);
  const value = f.local('v128');
  const at = f.local('i32');
  for (const sum of sums.flat()) f.set(sum, zero);
  const end = f.local('i32', i32.add(place, i32.mul(kept, 20)));
  f.loop((again) => {
    f.set(at, i32.add(panel, i32.load(place, 16)));
    columns.forEach((column, i) => {
      f.set(column, v128.load(at, 16 * i));
    });
    for (let row = 0; row < 4; row++) {
      f.set(value, v128.load32Splat(place, 4 * row));
      sums.forEach((rows, i) => {
        const sum = rows[row] as Local<'v128'>;
        f.set(sum, multiplyAdd(value, columns[i] as Vector, sum));
      });
    }
    f.increment(place, 20);
    f.branchIf(again, i32.ne(place, end));
  });
  sums.flat().forEach((sum, i) => {
    f.emit(v128.store(own, sum, 16 * i));
  });
};

/** Bytes of `own` in a forward product. */
export function ownSums(vectors: number): number {
  return lineQuads * 64 * vectors;
}

/**
 * (panel, places, quads, kept, out, outRowBytes, rows, left, own, columns): out = panel (W ⊙ F)^T for some quads of the
 * `rows` rows of W ⊙ F; the first `left` rows of the panel exist. `own` has room for the sums of some quads.
 */
export function defineForward(module: ModuleBuilder, shared: boolean, panel: Panel) {
  const tile = shared ? sharedTile : separateTile;
  const { used } = panel;
  const quadStep = 64 * used;
  return module.function(
    { params: ten, result: 'void' },
    (f, from, place, quads, kept, out, rowBytes, rows, left, own) => {
      const [sums, end, to] = [f.local('i32'), f.local('i32'), f.local('i32')];
      const four = vectorLocals(f, 4);
      f.while(i32.gtS(quads, 0), () => {
        f.set(sums, own);
        f.set(end, i32.add(own, i32.mul(lowest(quads, i32.const(lineQuads)), quadStep)));
        f.loop((again) => {
          tile(f, { panel: from, place, kept, own: sums }, panel);
          f.increment(sums, quadStep);
          f.branchIf(again, i32.ne(sums, end));
        });
        f.if(
          // Whole lines of the result, and all rows of the panel.
          i32.and(i32.and(i32.geS(quads, lineQuads), i32.geS(rows, 4 * lineQuads)), i32.geS(left, 4 * used)),
          () => {
            storeLines(f, own, out, { vectors: used, quadStep, rowBytes });
            f.increment(out, 16 * lineQuads);
            f.increment(rows, -4 * lineQuads);
          },
          () => {
            f.set(sums, own);
            f.loop((again) => {
              f.set(to, out);
              for (let i = 0; i < used; i++) {
                four.forEach((sum, row) => {
                  f.set(sum, v128.load(sums, 16 * (4 * i + row)));
                });
                const target = { rowBytes, width: rows, rows: left, first: 4 * i, sure: 4 * (used - 1) };
                storeRows(f, transposed(f, four), to, target);
              }
              f.increment(out, 16);
              f.increment(rows, -4);
              f.increment(sums, quadStep);
              f.branchIf(again, i32.ne(sums, end));
            });
          },
        );
        f.increment(quads, -lineQuads);
      });
    },
  );
}

/** The same arguments: out = panel (W ⊙ F). `own` is a panel over the columns, in which the sums are made. */
export function defineTransposed(module: ModuleBuilder, shared: boolean, panel: Panel) {
  const { vectors, used } = panel;
  const step = 16 * vectors;
  const push = shared ? pushShared : pushSeparate;
  return module.function(
    { params: ten, result: 'void' },
    (f, from, place, quads, kept, out, rowBytes, rows, left, own, columns) => {
      const [at, to] = [f.local('i32', own), f.local('i32')];
      const end = f.local('i32', i32.add(own, i32.mul(i32.add(columns, 1), step)));
      f.while(i32.ltU(at, end), () => {
        for (let i = 0; i < used; i++) f.emit(v128.store(at, zero, 16 * i));
        f.increment(at, step);
      });
      f.while(quads, () => {
        push(f, { panel: from, place, kept, own, rows }, panel);
        f.increment(from, 4 * step);
        f.increment(rows, -4);
        f.increment(quads, -1);
      });
      f.set(at, own);
      const four = vectorLocals(f, 4);
      f.while(i32.gtS(columns, 0), () => {
        f.set(to, out);
        for (let i = 0; i < used; i++) {
          four.forEach((column, c) => {
            f.set(column, v128.load(at, c * step + 16 * i));
          });
          const target = { rowBytes, width: columns, rows: left, first: 4 * i, sure: 4 * (used - 1) };
          storeRows(f, transposed(f, four), to, target);
        }
        f.increment(at, 4 * step);
        f.increment(out, 16);
        f.increment(columns, -4);
      });
    },
  );
}

/** Adds the rows of a quad, times their values, to the columns of the sums; moves `place` behind the quad. */
type Push = (
  f: Builder,
  args: { panel: Local<'i32'>; place: Local<'i32'>; kept: Local<'i32'>; own: Local<'i32'>; rows: Local<'i32'> },
  panel: Panel,
) => void;

const pushSeparate: Push = (f, { panel, place, kept, own, rows }, { multiplyAdd, vectors, used }) => {
  const factors = vectorLocals(f, used);
  const value = f.local('v128');
  const [at, end, row] = [f.local('i32'), f.local('i32'), f.local('i32', panel)];
  const last = f.local('i32', i32.add(panel, i32.mul(lowest(rows, i32.const(4)), 16 * vectors)));
  f.while(i32.ltU(row, last), () => {
    factors.forEach((factor, i) => {
      f.set(factor, v128.load(row, 16 * i));
    });
    f.set(end, i32.add(place, i32.mul(kept, 8)));
    eachPlace(f, place, end, () => {
      f.set(at, i32.add(own, i32.load(place, 4)));
      f.set(value, v128.load32Splat(place));
      factors.forEach((factor, i) => {
        f.emit(v128.store(at, multiplyAdd(value, factor, v128.load(at, 16 * i)), 16 * i));
      });
    });
    f.increment(row, 16 * vectors);
  });
};

const pushShared: Push = (f, { panel, place, kept, own, rows }, { multiplyAdd, vectors, used }) => {
  const factors = Array.from({ length: 4 }, () => vectorLocals(f, used));
  const sums = vectorLocals(f, used);
  const value = f.local('v128');
  const at = f.local('i32');
  factors.forEach((some, row) => {
    some.forEach((factor, i) => {
      f.set(factor, zero);
      f.if(i32.gtS(rows, row), () => f.set(factor, v128.load(panel, 16 * (row * vectors + i))));
    });
  });
  const end = f.local('i32', i32.add(place, i32.mul(kept, 20)));
  f.loop((again) => {
    f.set(at, i32.add(own, i32.load(place, 16)));
    sums.forEach((sum, i) => {
      f.set(sum, v128.load(at, 16 * i));
    });
    factors.forEach((some, row) => {
      f.set(value, v128.load32Splat(place, 4 * row));
      some.forEach((factor, i) => {
        f.set(sums[i] as Local<'v128'>, multiplyAdd(value, factor, sums[i] as Vector));
      });
    });
    sums.forEach((sum, i) => {
      f.emit(v128.store(at, sum, 16 * i));
    });
    f.increment(place, 20);
    f.branchIf(again, i32.ne(place, end));
  });
};
