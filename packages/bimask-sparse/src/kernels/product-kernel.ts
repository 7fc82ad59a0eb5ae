// Products with compressed matrices in WASM SIMD: the dense operand is packed into panels, the compressed one into places;
// then every part of the work multiplies one panel with some quads of rows.

import {
  call,
  type Features,
  f32x4,
  i32,
  inputAt,
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
  WordNames,
} from '@forback/core/kernels';
import type { ProductSpec } from './loops';
import { definePackPanel, panelBytes } from './panels';
import { definePackPlaces, quadBytes } from './places';
import { defineForward, defineTransposed, type MultiplyAdd, ownSums } from './tiles';

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
  const ownBytes = forward ? ownSums(vectors) : aligned(panelBytes(columns + 3, vectors));
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
  const define = direction === 'forward' ? defineForward : defineTransposed;
  // The last panel may have fewer rows: it is multiplied in fewer vectors.
  const panels = Array.from({ length: vectors }, (_, i) =>
    define(module, shared, { multiplyAdd, vectors, used: i + 1 }),
  );
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
