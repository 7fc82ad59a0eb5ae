// The generated loops of reductions: over rows that are reduced, over columns that stay, and over the results of pieces.

import { bytesPerElement, type DType } from '../../array/dtype';
import { internalError } from '../../errors';
import type { Program } from '../../program/program';
import { type FunctionBuilder, i32, i32x4, type Local, type ModuleBuilder } from './assembler';
import type { Fold, Kept } from './fold';
import { applyBody, bodyKey, mathOf } from './fused-kernel';
import type { Access } from './iteration';
import { LaneSource, LaneTarget } from './lane-memory';
import { type NativeModule, nativeSignature, WordNames } from './native';
import { reader, smaller } from './table-code';
import { type Lanes, VectorCode } from './vector-code';

/** Behind them: for each operand its address and its steps along kept, reduced and inner axis; then the targets. */
export const reduceWords = new WordNames([
  'perPart',
  'items',
  'pieces',
  'rowsPerPiece',
  'innerPieces',
  'innerPerPiece',
  'rows',
  'inner',
]);

/** Behind them: where the results of pieces are. */
export const joinWords = new WordNames(['perPart', 'results', 'columns', 'pieces', 'target']);

export interface ReduceCode {
  readonly fold: Fold;
  readonly body: Program;
  readonly access: readonly Access[];
  readonly innerReduced: boolean;
  /** What is kept of pieces is written, not results. */
  readonly partial: boolean;
}

export function reduceModule(code: ReduceCode): NativeModule {
  const { fold, body, access, innerReduced, partial } = code;
  const kind = `${fold.reduction} ${innerReduced ? 'rows' : 'columns'} ${partial ? 'partial' : 'whole'}`;
  return {
    key: `reduce ${kind} ${access.map((a) => a[0]).join('')} ${bodyKey(body)}`,
    define: (module) => defineReduce(module, code),
  };
}

type Builder = FunctionBuilder<'void'>;

function defineReduce(module: ModuleBuilder, code: ReduceCode): void {
  const math = mathOf(module, code.body);
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = reader(table, reduceWords);
    const operand = (k: number, w: number) => i32.load(table, 4 * (reduceWords.names.length + 4 * k + w));
    const item = f.local('i32', i32.mul(index, word('perPart')));
    const end = f.local('i32', i32.add(item, word('perPart')));
    f.set(end, smaller(f, end, word('items')));
    const [kept, rowPiece, innerPiece, rest] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const [row, rowEnd, first, count] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const size = f.local('i32');
    f.for(item, item, end, 1, () => {
      f.set(size, word('innerPieces'));
      f.set(innerPiece, i32.remU(item, size));
      f.set(rest, i32.divU(item, size));
      f.set(size, word('pieces'));
      f.set(rowPiece, i32.remU(rest, size));
      f.set(kept, i32.divU(rest, size));
      f.set(row, i32.mul(rowPiece, word('rowsPerPiece')));
      f.set(rowEnd, smaller(f, i32.add(row, word('rowsPerPiece')), word('rows')));
      f.set(first, i32.mul(innerPiece, word('innerPerPiece')));
      f.set(count, smaller(f, i32.sub(word('inner'), first), word('innerPerPiece')));
      const starts = code.access.map((access, k) => {
        const inside = access === 'uniform' ? i32.const(0) : i32.mul(first, operand(k, 3));
        return f.local('i32', i32.add(i32.add(operand(k, 0), i32.mul(kept, operand(k, 1))), inside));
      });
      const rowSteps = code.access.map((_, k) => f.local('i32', operand(k, 2)));
      const innerSteps = code.access.map((access, k) => (access === 'gather' ? f.local('i32', operand(k, 3)) : null));
      // Rows of the piece, counted from the first.
      starts.forEach((start, k) => {
        f.increment(start, i32.mul(row, rowSteps[k] as Local<'i32'>));
      });
      const result = f.local('i32', item);
      if (!code.innerReduced) {
        const line = code.partial ? i32.add(i32.mul(kept, word('pieces')), rowPiece) : kept;
        f.set(result, i32.add(i32.mul(line, word('inner')), first));
      }
      const targets = writtenBy(code).map((dtype, k) => {
        const start = operand(code.access.length, k);
        return f.local('i32', i32.add(start, i32.mul(result, bytesPerElement(dtype))));
      });
      const visit: Visit = { starts, rowSteps, innerSteps, row, rowEnd, first, count, targets };
      const lanes = new VectorCode(f, math);
      if (code.innerReduced) reduceRows(f, code, visit, lanes);
      else reduceColumns(f, code, visit, lanes);
    });
  });
  module.export('part', part);
}

interface Visit {
  readonly starts: readonly Local<'i32'>[];
  readonly rowSteps: readonly Local<'i32'>[];
  readonly innerSteps: readonly (Local<'i32'> | null)[];
  readonly row: Local<'i32'>;
  readonly rowEnd: Local<'i32'>;
  /** Of the inner axis, the first element and how many. */
  readonly first: Local<'i32'>;
  readonly count: Local<'i32'>;
  readonly targets: readonly Local<'i32'>[];
}

function writtenBy({ fold, partial }: ReduceCode): readonly DType[] {
  return partial ? fold.kept : [fold.result];
}

/** Writes what is kept, of one result or of some. */
function write(
  f: Builder,
  code: ReduceCode,
  lanes: VectorCode,
  kept: Kept,
  targets: readonly Local<'i32'>[],
  some: (one: (lane: number) => void, whole: () => void) => void,
): void {
  const values = code.partial ? kept : [code.fold.resultOf(lanes, kept)];
  values.forEach((value, k) => {
    const target = new LaneTarget(f, value.dtype, targets[k] as Local<'i32'>);
    some(
      (lane) => target.writeLane(value, lane),
      () => target.write(value),
    );
  });
}

function sourcesOf(
  f: Builder,
  { body, access }: ReduceCode,
  lanes: VectorCode,
  visit: Visit,
  pointers: readonly Local<'i32'>[],
): LaneSource[] {
  return body.inputs.map(({ dtype }, k) => {
    const step = visit.innerSteps[k] ?? i32.const(0);
    return new LaneSource(f, lanes, dtype, access[k] as Access, pointers[k] as Local<'i32'>, step);
  });
}

/** What the body makes of the next four elements. */
function nextOf({ body }: ReduceCode, lanes: VectorCode, sources: readonly LaneSource[]): Lanes {
  const [result] = applyBody(
    body,
    lanes,
    sources.map((source) => source.read()),
  );
  return result as Lanes;
}

/** Longer bodies are not repeated. */
const shortBody = 8;

/** One result: four accumulators along the inner axis, or more where their order makes no difference. */
function reduceRows(f: Builder, code: ReduceCode, visit: Visit, lanes: VectorCode): void {
  const { fold, body } = code;
  const ways = fold.ordered || body.equations.length > shortBody ? 1 : 4;
  const accumulators = Array.from({ length: ways }, () => fold.start(lanes));
  const [kept, ...others] = accumulators as [Kept, ...Kept[]];
  const position = fold.located
    ? lanes.keep('int32', i32x4.add(i32x4.splat(visit.first), i32x4.const(0, 1, 2, 3)))
    : null;
  const left = f.local('i32');
  const pointers = visit.starts.map(() => f.local('i32'));
  f.for(visit.row, visit.row, visit.rowEnd, 1, () => {
    pointers.forEach((pointer, k) => {
      f.set(pointer, visit.starts[k] as Local<'i32'>);
    });
    f.set(left, visit.count);
    const sources = sourcesOf(f, code, lanes, visit, pointers);
    const take = (into: Kept, x: Lanes) => fold.update(f, lanes, into, fold.element(lanes, x, position));
    const visitVectors = (list: readonly Kept[]) =>
      f.while(i32.geS(left, 4 * list.length), () => {
        for (const into of list) {
          take(into, nextOf(code, lanes, sources));
          for (const source of sources) source.advance();
          if (position) f.set(position.value, i32x4.add(position.value, i32x4.const(4, 4, 4, 4)));
        }
        f.increment(left, -4 * list.length);
      });
    if (ways > 1) visitVectors(accumulators);
    visitVectors([kept]);
    f.if(left, () => {
      for (const source of sources) if (source.limited) source.limit(left);
      // Lanes beyond the end hold whatever follows in memory.
      const inside = lanes.keep('bool', i32x4.ltS(i32x4.const(0, 1, 2, 3), i32x4.splat(left)));
      take(kept, lanes.select(inside, nextOf(code, lanes, sources), fold.neutral(lanes)));
    });
    visit.starts.forEach((pointer, k) => {
      f.increment(pointer, visit.rowSteps[k] as Local<'i32'>);
    });
  });
  for (const other of others) fold.update(f, lanes, kept, other, true);
  write(f, code, lanes, fold.across(lanes, kept), visit.targets, (one) => one(0));
}

/** A line of results, sixteen at a time: each takes its elements row by row. */
function reduceColumns(f: Builder, code: ReduceCode, visit: Visit, lanes: VectorCode): void {
  const left = f.local('i32', visit.count);
  const column = (vectors: number): void => {
    columnGroup(f, code, visit, lanes, vectors, left);
    visit.starts.forEach((start, k) => {
      f.increment(start, columnsOn(code, visit, k, 4 * vectors));
    });
    writtenBy(code).forEach((dtype, k) => {
      f.increment(visit.targets[k] as Local<'i32'>, 4 * vectors * bytesPerElement(dtype));
    });
    f.increment(left, -4 * vectors);
  };
  f.while(i32.geS(left, 16), () => column(4));
  f.while(i32.gtS(left, 0), () => column(1));
}

/** Bytes to a later element of the row. */
function columnsOn({ access, body }: ReduceCode, visit: Visit, operand: number, columns: number) {
  const step = visit.innerSteps[operand];
  if (step) return i32.mul(step, columns);
  return i32.const(
    access[operand] === 'stream' ? columns * bytesPerElement((body.inputs[operand] as { dtype: DType }).dtype) : 0,
  );
}

function columnGroup(
  f: Builder,
  code: ReduceCode,
  visit: Visit,
  lanes: VectorCode,
  vectors: number,
  left: Local<'i32'>,
): void {
  const { fold } = code;
  const groups = Array.from({ length: vectors }, (_, v) => ({
    pointers: visit.starts.map((first, k) => f.local('i32', i32.add(first, columnsOn(code, visit, k, 4 * v)))),
    kept: fold.start(lanes),
  }));
  const row = f.local('i32');
  f.for(row, visit.row, visit.rowEnd, 1, () => {
    const position = fold.located ? lanes.keep('int32', i32x4.splat(row)) : null;
    for (const { pointers, kept } of groups) {
      // An operand may be one element for all of the row.
      const sources = sourcesOf(f, code, lanes, visit, pointers);
      const limited = vectors === 1 ? sources.filter((source) => source.limited) : [];
      if (limited.length > 0) {
        f.if(i32.ltS(left, 4), () => {
          for (const source of limited) source.limit(left);
        });
      }
      fold.update(f, lanes, kept, fold.element(lanes, nextOf(code, lanes, sources), position));
      pointers.forEach((pointer, k) => {
        f.increment(pointer, visit.rowSteps[k] as Local<'i32'>);
      });
    }
  });
  groups.forEach(({ kept }, v) => {
    const targets = writtenBy(code).map((dtype, k) =>
      f.local('i32', i32.add(visit.targets[k] as Local<'i32'>, 4 * v * bytesPerElement(dtype))),
    );
    write(f, code, lanes, kept, targets, (one, whole) => {
      if (vectors > 1) return whole();
      f.if(i32.geS(left, 4), whole, () => {
        for (let lane = 0; lane < 3; lane++) f.if(i32.gtS(left, lane), () => one(lane));
      });
    });
  });
}

/** Joins what was kept of the pieces in their order. */
export function joinModule(fold: Fold): NativeModule {
  return {
    key: `join ${fold.reduction} ${fold.dtype}`,
    define: (module) => {
      const part = module.function(nativeSignature, (f, table, index) => {
        const word = reader(table, joinWords);
        const lanes = new VectorCode(f, () => {
          throw internalError('joining calls no function');
        });
        const result = f.local('i32', i32.mul(index, word('perPart')));
        const end = f.local('i32', i32.add(result, word('perPart')));
        f.set(end, smaller(f, end, word('results')));
        const columns = f.local('i32', word('columns'));
        const pieces = f.local('i32', word('pieces'));
        const [first, piece] = [f.local('i32'), f.local('i32')];
        f.for(result, result, end, 1, () => {
          const line = i32.mul(i32.divU(result, columns), pieces);
          f.set(first, i32.add(i32.mul(line, columns), i32.remU(result, columns)));
          const pointers = fold.kept.map((dtype, k) => {
            const start = i32.load(table, 4 * (joinWords.names.length + k));
            return f.local('i32', i32.add(start, i32.mul(first, bytesPerElement(dtype))));
          });
          const kept = fold.start(lanes);
          f.for(piece, 0, pieces, 1, () => {
            const later = fold.kept.map((dtype, k) =>
              new LaneSource(f, lanes, dtype, 'uniform', pointers[k] as Local<'i32'>, i32.const(0)).read(),
            );
            fold.update(f, lanes, kept, later);
            fold.kept.forEach((dtype, k) => {
              f.increment(pointers[k] as Local<'i32'>, i32.mul(columns, bytesPerElement(dtype)));
            });
          });
          const bytes = bytesPerElement(fold.result);
          const to = f.local('i32', i32.add(word('target'), i32.mul(result, bytes)));
          new LaneTarget(f, fold.result, to).writeLane(fold.resultOf(lanes, kept), 0);
        });
      });
      module.export('part', part);
    },
  };
}
