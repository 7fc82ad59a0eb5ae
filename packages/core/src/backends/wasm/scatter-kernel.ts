// Adding rows to an array at given positions.

import { bytesPerElement, type DType, type TypedArray } from '../../array/dtype';
import { denseLayout, isDense, type Layout, sizeOf } from '../../array/shape';
import { checkIndices, extents, type GatherSpec } from '../reference/kernels/gather';
import { densified } from '../strided';
import { f32x4, f64x2, i32, i32x4, type ModuleBuilder, v128 } from './assembler';
import { roundUp } from './heap';
import { adder, moveStages } from './move-kernel';
import {
  inputAt,
  type NativeKernel,
  type NativeStage,
  nativeSignature,
  outputAt,
  type Place,
  partsFor,
  scratchAt,
  WordNames,
} from './native';
import { smaller } from './table-code';

const names = new WordNames(['indices', 'updates', 'out', 'ranges', 'range', 'extent', 'count', 'pre', 'post']);

/** Inputs of any layout: operand, indices, updates. */
export function scatterAddKernel(inputs: readonly Layout[], spec: GatherSpec): NativeKernel {
  const [operand, indices, updates] = inputs as [Layout, Layout, Layout];
  const stages: NativeStage[] = [];
  let scratchBytes = 0;
  const place = (index: number, layout: Layout): Place => {
    if (isDense(layout)) return inputAt(index);
    const target = scratchAt(scratchBytes);
    const to = { place: target, layout: denseLayout(layout) };
    stages.push(...moveStages({ from: { place: inputAt(index), layout }, to }));
    scratchBytes = roundUp(scratchBytes + sizeOf(layout.shape) * bytesPerElement(layout.dtype) + 16, 64);
    return target;
  };
  const to = { place: outputAt(0), layout: denseLayout(operand) };
  stages.push(...moveStages({ from: { place: inputAt(0), layout: operand }, to }));
  const places = [place(1, indices), place(2, updates)] as const;
  stages.push(scatterAddStage(extents(spec), operand.dtype, ...places));
  const check = densified(
    () =>
      ([data]) =>
        checkIndices('scatterAdd', spec, data as TypedArray),
  );
  const checkDense = check({ inputs: [indices], outputs: [], params: {} });
  return { stages, scratchBytes, check: ([, data]) => checkDense([data as TypedArray], []) };
}

/**
 * out[b, p, indices[b, i], q] += updates[b, p, i, q] in the order of i, of dense arrays; the indices are in range. Each part
 * goes through all indices of its block and adds what falls into its range.
 */
function scatterAddStage(
  { batch, pre, extent, count, post }: ReturnType<typeof extents>,
  dtype: DType,
  indices: Place,
  updates: Place,
): NativeStage {
  const bytes = bytesPerElement(dtype);
  const blocks = batch * pre;
  // Reading an index costs about as much as adding few elements.
  const worth = post * bytes < 64 ? 1 : partsFor(count * post * blocks, Math.ceil(16 / blocks));
  const range = Math.max(1, Math.ceil(extent / worth));
  const ranges = Math.ceil(extent / range);
  const words = names.table({ indices, updates, out: outputAt(0), ranges, range, extent, count, pre, post });
  const module = { key: `scatter ${dtype}`, define: (m: ModuleBuilder) => defineScatter(m, dtype) };
  return { run: { module, name: 'part' }, parts: blocks * ranges, words };
}

function defineScatter(module: ModuleBuilder, dtype: DType): void {
  const bytes = bytesPerElement(dtype);
  const sum = dtype === 'float32' ? f32x4.add : dtype === 'float64' ? f64x2.add : i32x4.add;
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = (name: (typeof names.names)[number]) => i32.load(table, names.offset(name));
    const block = f.local('i32', i32.divU(index, word('ranges')));
    const first = f.local('i32', i32.mul(i32.remU(index, word('ranges')), word('range')));
    const range = f.local('i32', smaller(f, i32.sub(word('extent'), first), word('range')));
    const count = f.local('i32', word('count'));
    const length = f.local('i32', i32.mul(word('post'), bytes));
    const whole = f.local('i32', i32.sub(length, 16));
    const base = f.local('i32', i32.add(i32.mul(block, word('extent')), first));
    f.set(base, i32.add(word('out'), i32.mul(base, length)));
    const updates = f.local('i32', i32.add(word('updates'), i32.mul(i32.mul(block, count), length)));
    const at = f.local('i32', i32.mul(i32.mul(i32.divU(block, word('pre')), count), 4));
    f.increment(at, word('indices'));
    const stop = f.local('i32', i32.add(at, i32.mul(count, 4)));
    const row = f.local('i32');
    const i = f.local('i32');
    const [to, from] = [f.local('i32'), f.local('i32')];
    f.while(i32.ltU(at, stop), () => {
      f.set(row, i32.sub(i32.load(at), first));
      f.if(i32.ltU(row, range), () => {
        f.set(to, i32.add(base, i32.mul(row, length)));
        f.set(from, updates);
        f.set(i, 0);
        f.while(i32.leS(i, whole), () => {
          f.emit(v128.store(to, sum(v128.load(to), v128.load(from))));
          f.increment(to, 16);
          f.increment(from, 16);
          f.increment(i, 16);
        });
        f.while(i32.ltS(i, length), () => {
          f.emit(adder(dtype)(to, from));
          f.increment(to, bytes);
          f.increment(from, bytes);
          f.increment(i, bytes);
        });
      });
      f.increment(updates, length);
      f.increment(at, 4);
    });
  });
  module.export('part', part);
}
