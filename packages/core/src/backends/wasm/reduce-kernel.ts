// Sums, products, extrema and their positions over axes, of operands or of what a fused body makes of them. The order in
// which elements meet depends on the logical shape alone, never on strides or threads:
// - Where the last axis is reduced, its element i goes to accumulator i mod 4; the four are joined at the end.
// - Where the last axis stays, each result takes its elements one after another.
// Long reductions are cut into pieces, whose results are joined in order. An element goes through d additions at most: a quarter
// of a piece (half, where the inner axis has two elements), or the rows of a piece, and one for each piece. So a sum of n
// elements of float64 is d 2⁻⁵³ Σ|x| off at most; d is less than n.

import { bytesPerElement, type DType } from '../../array/dtype';
import { denseLayout, type Layout, range, sizeOf } from '../../array/shape';
import type { Reduction } from '../../primitives/primitive';
import type { Program } from '../../program/program';
import { copyStages } from './copy-kernel';
import { Fold } from './fold';
import { accessOf } from './iteration';
import { inputAt, type NativeKernel, type NativeStage, outputAt, type Place, partsFor, scratchAt } from './native';
import { joinModule, joinWords, type ReduceCode, reduceModule, reduceWords } from './reduce-code';
import { findPattern, type Pattern, sameSizes } from './reduce-pattern';

const elementsPerPiece = 16384;

/** The reduction of `body`'s result over `axes`. */
export function reduceKernel(
  reduction: Reduction,
  body: Program,
  inputs: readonly Layout[],
  axes: readonly number[],
): NativeKernel {
  const shape = inputs[0]?.shape ?? [];
  const logical = findPattern(shape, [denseLayout({ shape, dtype: 'float32' })], axes);
  if (logical === null) {
    const order = gatherAxes(shape.length, axes);
    const moved = inputs.map((layout) => ({
      ...layout,
      shape: order.map((a) => layout.shape[a] as number),
      strides: order.map((a) => layout.strides[a] as number),
    }));
    const movedAxes = range(order.length).filter((i) => axes.includes(order[i] as number));
    return reduceKernel(reduction, body, moved, movedAxes);
  }
  const copies: NativeStage[] = [];
  const places: Place[] = [];
  let scratchBytes = 0;
  const layouts = inputs.map((layout, i) => {
    const from = inputAt(i);
    if (sameSizes(findPattern(shape, [layout], axes), logical)) {
      places.push({ ...from, bytes: layout.offset * bytesPerElement(layout.dtype) });
      return layout;
    }
    const to = scratchAt(scratchBytes);
    places.push(to);
    copies.push(...copyStages(layout, from, to));
    scratchBytes += spaceFor(sizeOf(shape), layout.dtype);
    return denseLayout(layout);
  });
  const pattern = findPattern(shape, layouts, axes) ?? logical;
  const { stages, bytes } = stagesOf(reduction, body, layouts, places, pattern, scratchBytes);
  return { stages: [...copies, ...stages], scratchBytes: bytes };
}

/** Axes that stay and axes that are reduced, each together, the innermost where it is. */
function gatherAxes(rank: number, axes: readonly number[]): number[] {
  const isInner = (a: number) => axes.includes(a) === axes.includes(rank - 1);
  const all = range(rank);
  return [...all.filter((a) => !isInner(a)), ...all.filter(isInner)];
}

/** Bytes, with some behind the last element: vectors reach beyond it. */
function spaceFor(elements: number, dtype: DType): number {
  return 64 * Math.ceil((elements * bytesPerElement(dtype) + 16) / 64);
}

function stagesOf(
  reduction: Reduction,
  body: Program,
  layouts: readonly Layout[],
  places: readonly Place[],
  { kept, reduced, inner, innerReduced }: Pattern,
  scratchBytes: number,
): { stages: NativeStage[]; bytes: number } {
  const access = layouts.map(({ dtype }, i) => accessOf(inner.steps[i] as number, bytesPerElement(dtype)));
  const cost = body.equations.length + layouts.length + 1;
  // Row mode cuts the inner axis or groups rows; column mode cuts the columns for the threads, the rows into pieces.
  const innerPerPiece = innerReduced ? Math.min(inner.size, elementsPerPiece) : columnBlock(inner.size);
  const innerPieces = Math.ceil(inner.size / innerPerPiece);
  const rowsPerPiece = innerReduced
    ? Math.max(1, Math.floor(elementsPerPiece / inner.size))
    : Math.max(64, Math.ceil((4 * elementsPerPiece) / inner.size));
  const rowPieces = Math.ceil(reduced.size / rowsPerPiece);
  const pieces = rowPieces * (innerReduced ? innerPieces : 1);
  const items = kept.size * rowPieces * innerPieces;
  const partial = pieces > 1;
  const columns = innerReduced ? 1 : inner.size;
  const results = kept.size * columns;
  const fold = new Fold(reduction, (body.outputs[0] as { dtype: DType }).dtype);
  const code: ReduceCode = { fold, body, access, innerReduced, partial };
  const total = kept.size * reduced.size * inner.size;
  const perPart = Math.ceil(items / partsFor(total * cost, 64));
  let bytes = scratchBytes;
  const partials = fold.kept.map((dtype) => {
    const at = scratchAt(bytes);
    if (partial) bytes += spaceFor(results * pieces, dtype);
    return at;
  });
  const stages: NativeStage[] = [
    {
      run: { module: reduceModule(code), name: 'part' },
      parts: Math.ceil(items / perPart),
      words: [
        ...reduceWords.table({
          perPart,
          items,
          pieces: rowPieces,
          rowsPerPiece,
          innerPieces,
          innerPerPiece,
          rows: reduced.size,
          inner: inner.size,
        }),
        ...places.flatMap((place, i) => [
          place,
          kept.steps[i] as number,
          reduced.steps[i] as number,
          inner.steps[i] as number,
        ]),
        ...(partial ? partials : [outputAt(0)]),
      ],
    },
  ];
  if (!partial) return { stages, bytes };
  const joinPerPart = 16 * Math.ceil(results / partsFor(results * pieces, 64) / 16);
  stages.push({
    run: { module: joinModule(fold), name: 'part' },
    parts: Math.ceil(results / joinPerPart),
    words: [...joinWords.table({ perPart: joinPerPart, results, columns, pieces, target: outputAt(0) }), ...partials],
  });
  return { stages, bytes };
}

/** Columns of an item: whole cache lines. */
function columnBlock(columns: number): number {
  return columns <= 1024 ? columns : 16 * Math.ceil(columns / Math.ceil(columns / 512) / 16);
}
