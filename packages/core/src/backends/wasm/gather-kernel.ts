// Rows of an array at given positions.

import { bytesPerElement, type DType, type TypedArray } from '../../array/dtype';
import { checkIndices, extents, type GatherSpec } from '../reference/kernels/gather';
import { i32, type ModuleBuilder } from './assembler';
import { copier, copyRun } from './move-kernel';
import { inputAt, type NativeKernel, type NativeStage, nativeSignature, outputAt, partsFor, WordNames } from './native';
import { smaller } from './table-code';

const names = new WordNames(['operand', 'indices', 'out', 'chunk', 'rows', 'count', 'pre', 'blockBytes', 'rowBytes']);

/** Inputs: operand, indices. */
export function gatherKernel(spec: GatherSpec, dtype: DType): NativeKernel {
  const check = (inputs: readonly TypedArray[]) => checkIndices('gather', spec, inputs[1] as TypedArray);
  return { stages: [gatherStage(extents(spec), dtype)], check };
}

/** out[b, p, i, q] = operand[b, p, indices[b, i], q] of dense arrays. Inputs: operand, indices, which are in range. */
function gatherStage({ batch, pre, extent, count, post }: ReturnType<typeof extents>, dtype: DType): NativeStage {
  const bytes = bytesPerElement(dtype);
  const rows = batch * pre * count;
  const parts = partsFor(rows * post, 64);
  // Rows of which some fill a line of the cache.
  const chunk = 64 * Math.ceil(rows / parts / 64);
  const single = post === 1;
  const words = names.table({
    operand: inputAt(0),
    indices: inputAt(1),
    out: outputAt(0),
    ...{ chunk, rows, count, pre },
    blockBytes: extent * post * bytes,
    rowBytes: post * bytes,
  });
  const module = { key: `gather ${bytes} ${single}`, define: (m: ModuleBuilder) => defineGather(m, bytes, single) };
  return { run: { module, name: 'part' }, parts: Math.ceil(rows / chunk), words };
}

function defineGather(module: ModuleBuilder, bytes: number, single: boolean): void {
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = (name: (typeof names.names)[number]) => i32.load(table, names.offset(name));
    const row = f.local('i32', i32.mul(index, word('chunk')));
    const end = f.local('i32', smaller(f, i32.add(row, word('chunk')), word('rows')));
    const count = f.local('i32', word('count'));
    const length = f.local('i32', word('rowBytes'));
    const out = f.local('i32', i32.add(word('out'), i32.mul(row, length)));
    const [block, first, base, at, stop, from] = Array.from({ length: 6 }, () => f.local('i32'));
    if (!block || !first || !base || !at || !stop || !from) return;
    f.while(i32.ltS(row, end), () => {
      f.set(block, i32.divU(row, count));
      f.set(first, i32.remU(row, count));
      f.set(base, i32.add(word('operand'), i32.mul(block, word('blockBytes'))));
      f.set(at, i32.add(i32.mul(i32.divU(block, word('pre')), count), first));
      f.set(at, i32.add(word('indices'), i32.mul(at, 4)));
      f.set(stop, smaller(f, i32.sub(count, first), i32.sub(end, row)));
      f.increment(row, stop);
      f.set(stop, i32.add(at, i32.mul(stop, 4)));
      f.while(i32.ltU(at, stop), () => {
        f.set(from, i32.add(base, i32.mul(i32.load(at), single ? bytes : length)));
        if (single) f.emit(copier(bytes)(out, from));
        else copyRun(f, out, from, length, bytes);
        f.increment(out, single ? bytes : length);
        f.increment(at, 4);
      });
    });
  });
  module.export('part', part);
}
