// The inner kernels of matrix products: packing of operands into panels and the register tiles that multiply panels.
//
// An operand is a set of units (rows of the left matrix, columns of the right one) of `depth` elements each. Its panels
// hold `width` units side by side, one depth step after the other. The element of unit u at depth p lies at
// source + unitOffsets[u] + depthOffsets[p]: matrices with any strides and the patches of a convolution alike.
// Tables hold byte offsets as 32-bit integers, with the last one repeated up to a multiple of `tablePadding`, so that
// edge panels are full: what they compute beyond the edge is thrown away.

import {
  call,
  type Expr,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i8x16,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  memory,
  type Statement,
  select,
  v128,
} from './assembler';
import type { Features, NativeModule } from './native';

export type FloatType = 'float32' | 'float64';

export const tablePadding = 8;

/** Bytes of the table of `count` offsets. */
export function tableBytes(count: number): number {
  return 4 * tablePadding * Math.ceil(count / tablePadding);
}

type Vector = Expr<'v128'>;
type Address = Expr<'i32'>;

/** The instructions for vectors of one dtype; `count` lanes. */
export interface Lanes {
  readonly bytes: 4 | 8;
  readonly count: 4 | 2;
  readonly splat: (address: Address, offset?: number) => Vector;
  readonly loadFirst: (address: Address) => Vector;
  readonly loadLane: (address: Address, x: Vector, lane: number) => Vector;
  readonly storeFirst: (address: Address, x: Vector) => Statement;
  readonly add: (x: Vector, y: Vector) => Vector;
  readonly mul: (x: Vector, y: Vector) => Vector;
  /** x y + sum, rounded once. */
  readonly fused: (x: Vector, y: Vector, sum: Vector) => Vector;
}

const singles: Lanes = {
  bytes: 4,
  count: 4,
  splat: v128.load32Splat,
  loadFirst: v128.load32Zero,
  loadLane: v128.load32Lane,
  storeFirst: (address, x) => v128.store32Lane(address, x, 0),
  add: f32x4.add,
  mul: f32x4.mul,
  fused: f32x4.relaxedMadd,
};

const doubles: Lanes = {
  bytes: 8,
  count: 2,
  splat: v128.load64Splat,
  loadFirst: v128.load64Zero,
  loadLane: v128.load64Lane,
  storeFirst: (address, x) => v128.store64Lane(address, x, 0),
  add: f64x2.add,
  mul: f64x2.mul,
  fused: f64x2.relaxedMadd,
};

export const lanesOf: Record<FloatType, Lanes> = { float32: singles, float64: doubles };

/** Four rows and two vectors: with the operands, 15 of the 16 vector registers of x86-64. */
const tileRows = 4;
const tileVectors = 2;
/** Depth steps in the body of a tile's loop. */
const unroll = 4;

function panelSizes(lanes: Lanes): { bytes: number; rows: number; columns: number } {
  return { bytes: lanes.bytes, rows: tileRows, columns: tileVectors * lanes.count };
}

/** Sizes of an element and of panels. */
export function panelShape(dtype: FloatType): { bytes: number; rows: number; columns: number } {
  return panelSizes(lanesOf[dtype]);
}

/** The kernels as a module of the backend. */
export function panelModule(dtype: FloatType): NativeModule {
  return { key: `panels ${dtype}`, define: (module, features) => definePanels(module, lanesOf[dtype], features) };
}

const three = ['i32', 'i32', 'i32'] as const;
const six = [...three, ...three] as const;
const seven = [...six, 'i32'] as const;
const nine = [...six, ...three] as const;

/** The kernels for a module that imports them. Addresses and strides in bytes; counts are of elements and never zero. */
export function importPanels(module: ModuleBuilder, from: string) {
  return {
    /** (table, count, stride): writes the table 0, stride, 2 stride ... */
    offsets: module.importFunction(from, 'offsets', { params: three, result: 'void' }),
    /** (source, unitTable, units, depthTable, depth, target) */
    packRows: module.importFunction(from, 'packRows', { params: six, result: 'void' }),
    packColumns: module.importFunction(from, 'packColumns', { params: six, result: 'void' }),
    /**
     * (a, b, c, cStride, m, n, depth, accumulate, spare): c = a b, or c += a b where `accumulate` is 1; rows of c are
     * cStride apart. `spare` has room for one tile.
     */
    multiply: module.importFunction(from, 'multiply', { params: nine, result: 'void' }),
    /** (x, b, stride, y, units, depth, accumulate): y[u] (+)= sum_p x[p] b[u stride + p] */
    dots: module.importFunction(from, 'dots', { params: seven, result: 'void' }),
    /** (x, b, stride, y, units, depth, accumulate): y[u] (+)= sum_p x[p] b[u + p stride] */
    combine: module.importFunction(from, 'combine', { params: seven, result: 'void' }),
  };
}

function definePanels(module: ModuleBuilder, lanes: Lanes, features: Features): void {
  const { rows, columns } = panelSizes(lanes);
  defineOffsets(module);
  definePacking(module, lanes, rows, columns);
  defineMultiply(module, lanes, features);
  defineVectorProducts(module, lanes);
}

function defineOffsets(module: ModuleBuilder): void {
  const offsets = module.function({ params: ['i32', 'i32', 'i32'], result: 'void' }, (f, table, count, stride) => {
    const offset = f.local('i32');
    const i = f.local('i32');
    f.for(i, 0, count, 1, () => {
      f.emit(i32.store(table, offset));
      f.increment(offset, stride);
      f.increment(table, 4);
    });
    f.set(offset, i32.sub(offset, stride));
    f.while(i32.and(i, tablePadding - 1), () => {
      f.emit(i32.store(table, offset));
      f.increment(table, 4);
      f.increment(i, 1);
    });
  });
  module.export('offsets', offsets);
}

/** Do the entries of the table name elements that follow one another? */
export function contiguous(lanes: Lanes, table: Address): Expr<'i32'> {
  if (lanes.count === 2) return i32.eq(i32.sub(i32.load(table, 4), i32.load(table)), 8);
  const steps = i32x4.sub(v128.load(table), v128.load32Splat(table));
  return i32x4.allTrue(i32x4.eq(steps, i32x4.const(0, 4, 8, 12)));
}

/** Element i of each of the vectors, for every i. */
function transpose(lanes: Lanes, x: readonly Vector[], f: FunctionBuilder<'void'>): Vector[] {
  const pick = (a: Vector, b: Vector, ...words: number[]): Vector =>
    i8x16.shuffle(
      a,
      b,
      words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
    );
  if (lanes.count === 2) {
    const [a, b] = x as [Vector, Vector];
    return [pick(a, b, 0, 1, 4, 5), pick(a, b, 2, 3, 6, 7)];
  }
  const [a, b, c, d] = x as [Vector, Vector, Vector, Vector];
  const low = [f.local('v128', pick(a, b, 0, 4, 1, 5)), f.local('v128', pick(c, d, 0, 4, 1, 5))] as const;
  const high = [f.local('v128', pick(a, b, 2, 6, 3, 7)), f.local('v128', pick(c, d, 2, 6, 3, 7))] as const;
  return [low, high].flatMap(([ab, cd]) => [pick(ab, cd, 0, 1, 4, 5), pick(ab, cd, 2, 3, 6, 7)]);
}

function definePacking(module: ModuleBuilder, lanes: Lanes, rows: number, columns: number): void {
  const { count } = lanes;

  /** One vector of units that follow one another in memory; its places in the panel are `step` bytes apart. */
  const copyUnits = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, source, depthTable, depth, target, step) => {
      const end = f.local('i32', i32.add(depthTable, i32.mul(depth, 4)));
      f.loop((again) => {
        f.emit(v128.store(target, v128.load(i32.add(source, i32.load(depthTable)))));
        f.increment(target, step);
        f.increment(depthTable, 4);
        f.branchIf(again, i32.ne(depthTable, end));
      });
    },
  );

  /** One vector of units anywhere in memory. */
  const gatherUnits = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, source, unitTable, depthTable, depth, target, step) => {
      const units = Array.from({ length: count }, (_, lane) =>
        f.local('i32', i32.add(source, i32.load(unitTable, 4 * lane))),
      );
      const vectors = units.map(() => f.local('v128'));
      const offset = f.local('i32');
      const left = f.local('i32', depth);

      const gatherOne = (): void => {
        f.set(offset, i32.load(depthTable));
        const address = (lane: number): Address => i32.add(units[lane] as Address, offset);
        let vector = lanes.loadFirst(address(0));
        for (let lane = 1; lane < count; lane++) vector = lanes.loadLane(address(lane), vector, lane);
        f.emit(v128.store(target, vector));
        f.increment(target, step);
        f.increment(depthTable, 4);
      };

      f.while(i32.geS(left, count), () => {
        f.if(
          contiguous(lanes, depthTable),
          () => {
            f.set(offset, i32.load(depthTable));
            vectors.forEach((vector, lane) => {
              f.set(vector, v128.load(i32.add(units[lane] as Address, offset)));
            });
            for (const vector of transpose(lanes, vectors, f)) {
              f.emit(v128.store(target, vector));
              f.increment(target, step);
            }
            f.increment(depthTable, 4 * count);
          },
          () => {
            for (let i = 0; i < count; i++) gatherOne();
          },
        );
        f.increment(left, -count);
      });
      f.while(left, () => {
        gatherOne();
        f.increment(left, -1);
      });
    },
  );

  const definePack = (name: string, width: number): void => {
    const step = width * lanes.bytes;
    const pack = module.function(
      { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
      (f, source, unitTable, units, depthTable, depth, target) => {
        const unit = f.local('i32');
        f.for(unit, 0, units, width, () => {
          for (let first = 0; first < width; first += count) {
            const to = i32.add(target, first * lanes.bytes);
            // A vector that is all padding is left alone: the tiles do not read it.
            f.if(i32.gtS(units, i32.add(unit, first)), () => {
              f.if(
                contiguous(lanes, unitTable),
                () => f.emit(call(copyUnits, i32.add(source, i32.load(unitTable)), depthTable, depth, to, step)),
                () => f.emit(call(gatherUnits, source, unitTable, depthTable, depth, to, step)),
              );
            });
            f.increment(unitTable, 4 * count);
          }
          f.increment(target, i32.mul(depth, step));
        });
      },
    );
    module.export(name, pack);
  };
  definePack('packRows', rows);
  definePack('packColumns', columns);
}

/** c (+)= a b for one panel each: `rows` rows and `vectors` vectors of columns, all sums in registers. */
function defineTile(module: ModuleBuilder, lanes: Lanes, { relaxedSimd }: Features, rows: number, vectors: number) {
  const multiplyAdd = relaxedSimd
    ? lanes.fused
    : (x: Vector, y: Vector, sum: Vector) => lanes.add(sum, lanes.mul(x, y));
  return module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, a, b, c, cStride, depth, accumulate) => {
      const grid = <T>(make: () => T): T[][] =>
        Array.from({ length: rows }, () => Array.from({ length: vectors }, () => make()));
      const sums = grid(() => f.local('v128'));
      const columns = Array.from({ length: vectors }, () => f.local('v128'));
      const x = f.local('v128');
      const aStep = tileRows * lanes.bytes;
      const bStep = tileVectors * 16;
      const panels = [a];
      for (let r = tileRows; r < rows; r += tileRows) {
        panels.push(f.local('i32', i32.add(panels.at(-1) as Local<'i32'>, i32.mul(depth, aStep))));
      }

      const accumulateStep = (i: number): void => {
        for (const [v, column] of columns.entries()) f.set(column, v128.load(b, i * bStep + v * 16));
        for (const [r, row] of sums.entries()) {
          const panel = panels[Math.floor(r / tileRows)] as Local<'i32'>;
          f.set(x, lanes.splat(panel, i * aStep + (r % tileRows) * lanes.bytes));
          for (const [v, sum] of row.entries()) f.set(sum, multiplyAdd(x, columns[v] as Vector, sum));
        }
      };
      // Each step ends with a possible exit. V8 moves the loads of a block to its start; without the exits those of
      // all steps would meet there, and there are not enough registers for them.
      f.block((done) => {
        f.loop((again) => {
          for (let i = 0; i < unroll; i++) {
            accumulateStep(i);
            if (i < unroll - 1) f.branchIf(done, i32.eq(depth, i + 1));
          }
          for (const panel of panels) f.increment(panel, unroll * aStep);
          f.increment(b, unroll * bStep);
          f.increment(depth, -unroll);
          f.branchIf(again, depth);
        });
      });

      const storeTile = (value: (sum: Local<'v128'>, offset: number) => Vector): void => {
        for (const [r, row] of sums.entries()) {
          if (r > 0) f.increment(c, cStride);
          for (const [v, sum] of row.entries()) f.emit(v128.store(c, value(sum, v * 16), v * 16));
        }
      };
      f.if(
        accumulate,
        () => storeTile((sum, offset) => lanes.add(v128.load(c, offset), sum)),
        () => storeTile((sum) => sum),
      );
    },
  );
}

function defineMultiply(module: ModuleBuilder, lanes: Lanes, features: Features): void {
  const { bytes, count } = lanes;
  const width = tileVectors * count;
  const tiles = Array.from({ length: tileRows }, (_, r) =>
    Array.from({ length: tileVectors }, (_, v) => defineTile(module, lanes, features, r + 1, v + 1)),
  );

  // With 256-bit vectors two tiles at once fit the registers, and hide how long an addition takes.
  const pair = features.revectorize ? defineTile(module, lanes, features, 2 * tileRows, tileVectors) : undefined;

  /** c (+)= tile, for a tile that is cut off on the right. */
  const copyTile = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, tile, c, cStride, rows, columns, accumulate) => {
      const at = f.local('i32');
      f.loop((again) => {
        f.for(at, 0, i32.mul(columns, bytes), bytes, () => {
          const sum = lanes.loadFirst(i32.add(tile, at));
          const to = i32.add(c, at);
          f.if(
            accumulate,
            () => f.emit(lanes.storeFirst(to, lanes.add(lanes.loadFirst(to), sum))),
            () => f.emit(lanes.storeFirst(to, sum)),
          );
        });
        f.increment(tile, width * bytes);
        f.increment(c, cStride);
        f.increment(rows, -1);
        f.branchIf(again, rows);
      });
    },
  );

  const multiply = module.function(
    { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
    (f, a, b, c, cStride, m, n, depth, accumulate, spare) => {
      const aPanel = f.local('i32');
      const cTile = f.local('i32');
      const rowsLeft = f.local('i32');
      const whole = (vectors: number): void =>
        eachHeight(f, rowsLeft, (rows) => {
          const tile = tiles[rows - 1]?.[vectors - 1] as (typeof tiles)[number][number];
          f.emit(call(tile, aPanel, b, cTile, cStride, depth, accumulate));
        });
      const cut = (vectors: number): void => {
        eachHeight(f, rowsLeft, (rows) => {
          const tile = tiles[rows - 1]?.[vectors - 1] as (typeof tiles)[number][number];
          f.emit(call(tile, aPanel, b, spare, width * bytes, depth, 0));
        });
        f.emit(call(copyTile, spare, cTile, cStride, min(rowsLeft, tileRows), n, accumulate));
      };
      const eachTile = (body: () => void, twoTiles?: () => void): void => {
        f.set(aPanel, a);
        f.set(cTile, c);
        f.set(rowsLeft, m);
        const advance = (rows: number): void => {
          f.increment(aPanel, i32.mul(depth, rows * bytes));
          f.increment(cTile, i32.mul(cStride, rows));
          f.increment(rowsLeft, -rows);
        };
        if (twoTiles) {
          f.while(i32.geS(rowsLeft, 2 * tileRows), () => {
            twoTiles();
            advance(2 * tileRows);
          });
        }
        f.while(i32.gtS(rowsLeft, 0), () => {
          body();
          advance(tileRows);
        });
      };
      f.while(i32.geS(n, width), () => {
        eachTile(() => whole(2), pair && (() => f.emit(call(pair, aPanel, b, cTile, cStride, depth, accumulate))));
        f.increment(b, i32.mul(depth, width * bytes));
        f.increment(c, width * bytes);
        f.increment(n, -width);
      });
      f.if(n, () => {
        f.if(
          i32.gtS(n, count),
          () => eachTile(() => cut(2)),
          () =>
            f.if(
              i32.eq(n, count),
              () => eachTile(() => whole(1)),
              () => eachTile(() => cut(1)),
            ),
        );
      });
    },
  );
  module.export('multiply', multiply);
}

/** One branch for a whole tile and one for each height of the last tile. */
function eachHeight(f: FunctionBuilder<'void'>, rowsLeft: Local<'i32'>, body: (rows: number) => void): void {
  const choose = (rows: number): void => {
    if (rows === 1) body(1);
    else
      f.if(
        i32.geS(rowsLeft, rows),
        () => body(rows),
        () => choose(rows - 1),
      );
  };
  choose(tileRows);
}

function min(x: Address, y: number): Address {
  return select(i32.ltS(x, y), x, i32.const(y));
}

function defineVectorProducts(module: ModuleBuilder, lanes: Lanes): void {
  const { bytes, count } = lanes;
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

  /** `dots` for so many units: whole vectors along the depth, then what is left of it. */
  const defineDotGroup = (group: number) =>
    module.function(
      { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' },
      (f, x, b, stride, y, depth, accumulate) => {
        const sums = Array.from({ length: count }, () => f.local('v128'));
        const units = Array.from({ length: group }, () => f.local('i32'));
        for (const [i, unit] of units.entries()) f.set(unit, i === 0 ? b : i32.add(units[i - 1] as Address, stride));
        const factor = f.local('v128');
        const advance = (load: (address: Address) => Vector, elements: number): void => {
          f.set(factor, load(x));
          units.forEach((unit, i) => {
            const sum = sums[i] as Local<'v128'>;
            f.set(sum, lanes.add(sum, lanes.mul(factor, load(unit))));
            f.increment(unit, elements * bytes);
          });
          f.increment(x, elements * bytes);
          f.increment(depth, -elements);
        };
        f.while(i32.geS(depth, count), () => advance(v128.load, count));
        f.while(depth, () => advance(lanes.loadFirst, 1));
        const total = f.local('v128', transpose(lanes, sums, f).reduce(lanes.add));
        const load = group === 1 ? lanes.loadFirst : v128.load;
        f.if(accumulate, () => f.set(total, lanes.add(load(y), total)));
        f.emit(group === 1 ? lanes.storeFirst(y, total) : v128.store(y, total));
      },
    );
  const dotGroup = defineDotGroup(count);
  const dotOne = defineDotGroup(1);
  const dots = module.function({ params, result: 'void' }, (f, x, b, stride, y, units, depth, accumulate) => {
    const advance = (group: typeof dotOne, size: number): void => {
      f.emit(call(group, x, b, stride, y, depth, accumulate));
      f.increment(b, i32.mul(stride, size));
      f.increment(y, size * bytes);
      f.increment(units, -size);
    };
    f.while(i32.geS(units, count), () => advance(dotGroup, count));
    f.while(units, () => advance(dotOne, 1));
  });
  module.export('dots', dots);

  /** y[u] += x[0] b[u] + ... for so many depth steps. */
  const defineCombineGroup = (group: number) =>
    module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32'], result: 'void' }, (f, x, b, stride, y, units) => {
      const steps = Array.from({ length: group }, () => ({ at: f.local('i32'), factor: f.local('v128') }));
      steps.forEach(({ at, factor }, i) => {
        f.set(at, i === 0 ? b : i32.add((steps[i - 1] as { at: Address }).at, stride));
        f.set(factor, lanes.splat(x, i * bytes));
      });
      const sum = f.local('v128');
      const advance = (
        load: (address: Address) => Vector,
        store: (address: Address, value: Vector) => Statement,
        elements: number,
      ): void => {
        f.set(sum, load(y));
        for (const { at, factor } of steps) {
          f.set(sum, lanes.add(sum, lanes.mul(factor, load(at))));
          f.increment(at, elements * bytes);
        }
        f.emit(store(y, sum));
        f.increment(y, elements * bytes);
        f.increment(units, -elements);
      };
      f.while(i32.geS(units, count), () => advance(v128.load, v128.store, count));
      f.while(units, () => advance(lanes.loadFirst, lanes.storeFirst, 1));
    });
  const combineFour = defineCombineGroup(4);
  const combineOne = defineCombineGroup(1);
  const combine = module.function({ params, result: 'void' }, (f, x, b, stride, y, units, depth, accumulate) => {
    f.if(i32.eqz(accumulate), () => f.emit(memory.fill(y, 0, i32.mul(units, bytes))));
    const advance = (group: typeof combineOne, size: number): void => {
      f.emit(call(group, x, b, stride, y, units));
      f.increment(x, size * bytes);
      f.increment(b, i32.mul(stride, size));
      f.increment(depth, -size);
    };
    f.while(i32.geS(depth, 4), () => advance(combineFour, 4));
    f.while(depth, () => advance(combineOne, 1));
  });
  module.export('combine', combine);
}
