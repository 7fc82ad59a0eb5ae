// Products with compressed matrices in WASM SIMD: the dense operand is packed into panels, the compressed one into places;
// then every part of the work multiplies one panel with some quads of rows.

import {
  call,
  type Expr,
  type Features,
  type FunctionBuilder,
  f32x4,
  i32,
  inputAt,
  type Local,
  type ModuleBuilder,
  type NativeKernel,
  nativeSignature,
  outputAt,
  ownAt,
  partsFor,
  reader,
  scratchAt,
  smaller,
  split,
  v128,
  WordNames,
} from '@forback/core/kernels';
import type { ProductSpec } from './loops';
import { definePackPanel, panelBytes, storeRows, transposed } from './panels';
import { definePackPlaces, quadBytes } from './places';

type Vector = Expr<'v128'>;
type Builder = FunctionBuilder<'void'>;
type MultiplyAdd = (x: Vector, y: Vector, sum: Vector) => Vector;

const packWords = new WordNames([
  ...['x', 'panels', 'panelBytes', 'perBatch', 'count', 'width'],
  ...['values', 'indices', 'places', 'quadBytes', 'quads', 'rows', 'kept', 'groups', 'block', 'blocks', 'panelParts'],
  'columns',
] as const);

const multiplyWords = new WordNames([
  ...(['panels', 'panelBytes', 'perBatch', 'places', 'quadBytes', 'quads', 'out', 'rows', 'count'] as const),
  ...(['kept', 'block', 'blocks', 'columns', 'own', 'ownBytes'] as const),
]);

/** Which product: y = x (W ⊙ F)^T reads columns of a panel and sums in registers, z = g (W ⊙ F) sums in memory. */
export type Direction = 'forward' | 'transposed';

const aligned = (bytes: number): number => 64 * Math.ceil(bytes / 64);

/** Inputs: the dense operand, values, indices; none of them empty. */
export function productKernel(spec: ProductSpec, direction: Direction): NativeKernel {
  const { batch, rows, columns, kept, count } = spec;
  const shared = spec.shared > 1;
  const vectors = shared ? 2 : 4;
  const forward = direction === 'forward';
  const quads = Math.ceil(rows / 4);
  const perBatch = Math.ceil(count / (4 * vectors));
  // Columns of the dense operand: what places point to in a forward product, what is scaled in a transposed one.
  const width = forward ? columns : rows;
  const bytes = panelBytes(width, vectors);
  const places = batch * perBatch * bytes;
  const perQuad = quadBytes(kept, shared);
  const module = {
    key: `sparse product ${direction} ${shared}`,
    define: (m: ModuleBuilder, features: Features) => defineProduct(m, features, direction, shared),
  };

  const packWork = batch * quads * 4 * kept;
  const packBlock = Math.ceil(quads / Math.ceil(partsFor(2 * packWork, 64) / batch));
  const packBlocks = Math.ceil(quads / packBlock);
  const panelParts = batch * perBatch;
  const pack = {
    run: { module, name: 'pack' },
    parts: panelParts + batch * packBlocks,
    serial: partsFor(packWork + batch * count * width, 2) === 1,
    words: packWords.table({
      x: inputAt(0),
      panels: scratchAt(0),
      panelBytes: bytes,
      perBatch,
      count,
      width,
      values: inputAt(1),
      indices: inputAt(2),
      places: scratchAt(places),
      quadBytes: perQuad,
      quads,
      rows,
      kept,
      groups: shared ? quads : rows,
      block: packBlock,
      blocks: packBlocks,
      panelParts,
      columns,
    }),
  };

  // A transposed product adds up all rows in one place, so that its parts are whole panels.
  const wanted = forward ? Math.ceil(partsFor((batch * rows * kept * count) / 4, 64) / panelParts) : 1;
  const block = Math.min(quads, 4 * Math.ceil(quads / wanted / 4));
  const blocks = Math.ceil(quads / block);
  // Sums are read in fours.
  const ownBytes = forward ? 64 * vectors : aligned(panelBytes(columns + 3, vectors));
  const multiply = {
    run: { module, name: 'multiply' },
    parts: panelParts * blocks,
    words: multiplyWords.table({
      panels: scratchAt(0),
      panelBytes: bytes,
      perBatch,
      places: scratchAt(places),
      quadBytes: perQuad,
      quads,
      out: outputAt(0),
      rows,
      count,
      kept,
      block,
      blocks,
      columns,
      own: ownAt(0),
      ownBytes,
    }),
  };
  return { stages: [pack, multiply], scratchBytes: places + batch * quads * perQuad + 16, ownBytes };
}

function defineProduct(module: ModuleBuilder, features: Features, direction: Direction, shared: boolean): void {
  const vectors = shared ? 2 : 4;
  definePack(module, vectors, shared);
  const multiplyAdd: MultiplyAdd = features.relaxedSimd
    ? f32x4.relaxedMadd
    : (x, y, sum) => f32x4.add(sum, f32x4.mul(x, y));
  const tile = direction === 'forward' ? (shared ? sharedTile : separateTile) : null;
  const define = tile ? forwardPanel(tile) : transposedPanel(shared);
  // The last panel may have fewer rows: it is multiplied in fewer vectors.
  const panels = Array.from({ length: vectors }, (_, i) => define(module, multiplyAdd, i + 1, vectors));
  const multiply = module.function(nativeSignature, (f, table, part, worker) => {
    const word = reader(table, multiplyWords);
    const panel = f.local('i32', part);
    const block = f.local('i32');
    split(f, panel, block, word('blocks'));
    const batch = f.local('i32', panel);
    const index = f.local('i32');
    split(f, batch, index, word('perBatch'));
    const first = f.local('i32', i32.mul(block, word('block')));
    const quads = f.local('i32', smaller(f, i32.sub(word('quads'), first), word('block')));
    const row = f.local('i32', i32.mul(index, 4 * vectors));
    const left = f.local('i32', i32.sub(word('count'), row));
    const at = f.local('i32', i32.add(word('panels'), i32.mul(panel, word('panelBytes'))));
    const places = f.local('i32', i32.add(i32.mul(batch, word('quads')), first));
    f.set(places, i32.add(word('places'), i32.mul(places, word('quadBytes'))));
    const width = word(direction === 'forward' ? 'rows' : 'columns');
    const out = f.local('i32', i32.mul(i32.add(i32.mul(batch, word('count')), row), width));
    f.set(out, i32.add(word('out'), i32.mul(i32.add(out, i32.mul(first, 4)), 4)));
    const own = f.local('i32', i32.add(word('own'), i32.mul(worker, word('ownBytes'))));
    const rows = f.local('i32', i32.sub(word('rows'), i32.mul(first, 4)));
    const run = (count: number): void => {
      const target = panels[count - 1] as (typeof panels)[number];
      f.emit(call(target, at, places, quads, word('kept'), out, i32.mul(width, 4), rows, left, own, word('columns')));
    };
    const choose = (count: number): void => {
      if (count === 1) run(1);
      else
        f.if(
          i32.gtS(left, 4 * (count - 1)),
          () => run(count),
          () => choose(count - 1),
        );
    };
    choose(vectors);
  });
  module.export('multiply', multiply);
}

function definePack(module: ModuleBuilder, vectors: number, shared: boolean): void {
  const packPanel = definePackPanel(module, vectors);
  const packPlaces = definePackPlaces(module, vectors, shared);
  const pack = module.function(nativeSignature, (f, table, part) => {
    const word = reader(table, packWords);
    const batch = f.local('i32', part);
    const index = f.local('i32');
    f.if(
      i32.ltS(part, word('panelParts')),
      () => {
        split(f, batch, index, word('perBatch'));
        const row = f.local('i32', i32.mul(index, 4 * vectors));
        const x = i32.mul(i32.mul(i32.add(i32.mul(batch, word('count')), row), word('width')), 4);
        const panel = i32.add(word('panels'), i32.mul(part, word('panelBytes')));
        f.emit(call(packPanel, i32.add(word('x'), x), i32.sub(word('count'), row), word('width'), panel));
      },
      () => {
        f.set(batch, i32.sub(part, word('panelParts')));
        split(f, batch, index, word('blocks'));
        const quad = f.local('i32', i32.mul(index, word('block')));
        const end = f.local('i32', smaller(f, i32.add(quad, word('block')), word('quads')));
        const rowBytes = f.local('i32', i32.mul(word('kept'), 4));
        const values = f.local('i32', i32.add(word('values'), i32.mul(i32.mul(batch, word('rows')), rowBytes)));
        const indices = f.local('i32', i32.add(word('indices'), i32.mul(i32.mul(batch, word('groups')), rowBytes)));
        const to = f.local('i32', i32.add(i32.mul(batch, word('quads')), quad));
        f.set(to, i32.add(word('places'), i32.mul(to, word('quadBytes'))));
        f.while(i32.ltS(quad, end), () => {
          f.emit(call(packPlaces, values, indices, quad, word('rows'), word('kept'), word('columns'), to));
          f.increment(to, word('quadBytes'));
          f.increment(quad, 1);
        });
      },
    );
  });
  module.export('pack', pack);
}

const ten = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** Sums of the four rows of a quad over the columns of a panel, in `rows x vectors` vectors; moves `place` behind the quad. */
type Tile = (
  f: Builder,
  args: { panel: Local<'i32'>; place: Local<'i32'>; kept: Local<'i32'>; own: Local<'i32'> },
  multiplyAdd: MultiplyAdd,
  vectors: number,
) => Vector[][];

const zero: Vector = v128.const(new Array(16).fill(0));

/** One row at a time, two places a round: the fastest for multiply-then-add in V8, whose unrolled loops spill sooner. */
const separateTile: Tile = (f, { panel, place, kept, own }, multiplyAdd, vectors) => {
  const sums = Array.from({ length: vectors }, () => f.local('v128'));
  const value = f.local('v128');
  const at = f.local('i32');
  const end = f.local('i32');
  const rowBytes = f.local('i32', i32.mul(i32.and(i32.add(kept, 1), -2), 8));
  for (let row = 0; row < 4; row++) {
    for (const sum of sums) f.set(sum, zero);
    f.set(end, i32.add(place, rowBytes));
    f.loop((again) => {
      for (let u = 0; u < 2; u++) {
        f.set(at, i32.add(panel, i32.load(place, 8 * u + 4)));
        f.set(value, v128.load32Splat(place, 8 * u));
        sums.forEach((sum, i) => {
          f.set(sum, multiplyAdd(value, v128.load(at, 16 * i), sum));
        });
      }
      f.increment(place, 16);
      f.branchIf(again, i32.ne(place, end));
    });
    sums.forEach((sum, i) => {
      f.emit(v128.store(own, sum, 16 * (4 * i + row)));
    });
  }
  return sums.map((_, i) => Array.from({ length: 4 }, (_, row) => v128.load(own, 16 * (4 * i + row))));
};

/** Four rows at once. */
const sharedTile: Tile = (f, { panel, place, kept }, multiplyAdd, vectors) => {
  const sums = Array.from({ length: vectors }, () => Array.from({ length: 4 }, () => f.local('v128')));
  const columns = sums.map(() => f.local('v128'));
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
  return sums;
};

/**
 * (panel, places, quads, kept, out, outRowBytes, rows, left, own, columns): out = panel (W ⊙ F)^T for some quads of rows; the
 * first `left` rows of the panel exist. `own` has room for the sums of a quad.
 */
function forwardPanel(tile: Tile) {
  return (module: ModuleBuilder, multiplyAdd: MultiplyAdd, vectors: number, panelVectors: number) =>
    module.function(
      { params: ten, result: 'void' },
      (f, panel, place, quads, kept, out, rowBytes, rows, left, own, columns) => {
        void columns;
        void panelVectors;
        const to = f.local('i32');
        f.while(quads, () => {
          const sums = tile(f, { panel, place, kept, own }, multiplyAdd, vectors);
          f.set(to, out);
          sums.forEach((quad, i) => {
            const target = { rowBytes, width: rows, rows: left, first: 4 * i, sure: 4 * (vectors - 1) };
            storeRows(f, transposed(f, quad), to, target);
          });
          f.increment(out, 16);
          f.increment(rows, -4);
          f.increment(quads, -1);
        });
      },
    );
}

/** The same arguments: out = panel (W ⊙ F). `own` is a panel over the columns, in which the sums are made. */
function transposedPanel(shared: boolean) {
  return (module: ModuleBuilder, multiplyAdd: MultiplyAdd, vectors: number, panelVectors: number) =>
    module.function(
      { params: ten, result: 'void' },
      (f, panel, place, quads, kept, out, rowBytes, rows, left, own, columns) => {
        const step = 16 * panelVectors;
        const at = f.local('i32');
        const to = f.local('i32');
        const end = f.local('i32');
        const row = f.local('i32');
        f.set(at, own);
        f.set(end, i32.add(own, i32.mul(i32.add(columns, 1), step)));
        f.while(i32.ltU(at, end), () => {
          for (let i = 0; i < vectors; i++) f.emit(v128.store(at, zero, 16 * i));
          f.increment(at, step);
        });
        if (shared) {
          const factors = Array.from({ length: 4 }, () => Array.from({ length: vectors }, () => f.local('v128')));
          const sums = Array.from({ length: vectors }, () => f.local('v128'));
          const value = f.local('v128');
          f.while(quads, () => {
            factors.forEach((vector, r) => {
              vector.forEach((factor, i) => {
                f.set(factor, zero);
                f.if(i32.gtS(rows, r), () => f.set(factor, v128.load(panel, r * step + 16 * i)));
              });
            });
            f.set(end, i32.add(place, i32.mul(kept, 20)));
            f.loop((again) => {
              f.set(at, i32.add(own, i32.load(place, 16)));
              sums.forEach((sum, i) => {
                f.set(sum, v128.load(at, 16 * i));
              });
              factors.forEach((vector, r) => {
                f.set(value, v128.load32Splat(place, 4 * r));
                vector.forEach((factor, i) => {
                  f.set(sums[i] as Local<'v128'>, multiplyAdd(value, factor, sums[i] as Vector));
                });
              });
              sums.forEach((sum, i) => {
                f.emit(v128.store(at, sum, 16 * i));
              });
              f.increment(place, 20);
              f.branchIf(again, i32.ne(place, end));
            });
            f.increment(panel, 4 * step);
            f.increment(rows, -4);
            f.increment(quads, -1);
          });
        } else {
          const factors = Array.from({ length: vectors }, () => f.local('v128'));
          const value = f.local('v128');
          const bytes = f.local('i32', i32.mul(i32.and(i32.add(kept, 1), -2), 8));
          f.for(row, 0, rows, 1, () => {
            factors.forEach((factor, i) => {
              f.set(factor, v128.load(panel, 16 * i));
            });
            f.set(end, i32.add(place, bytes));
            f.loop((again) => {
              for (let u = 0; u < 2; u++) {
                f.set(at, i32.add(own, i32.load(place, 8 * u + 4)));
                f.set(value, v128.load32Splat(place, 8 * u));
                factors.forEach((factor, i) => {
                  f.emit(v128.store(at, multiplyAdd(value, factor, v128.load(at, 16 * i)), 16 * i));
                });
              }
              f.increment(place, 16);
              f.branchIf(again, i32.ne(place, end));
            });
            f.increment(panel, step);
          });
        }
        // Four columns at a time.
        f.set(at, own);
        const four = Array.from({ length: 4 }, () => f.local('v128'));
        f.while(i32.gtS(columns, 0), () => {
          f.set(to, out);
          for (let i = 0; i < vectors; i++) {
            four.forEach((column, c) => {
              f.set(column, v128.load(at, c * step + 16 * i));
            });
            const target = { rowBytes, width: columns, rows: left, first: 4 * i, sure: 4 * (vectors - 1) };
            storeRows(f, transposed(f, four), to, target);
          }
          f.increment(at, 4 * step);
          f.increment(out, 16);
          f.increment(columns, -4);
        });
      },
    );
}
