// Writing a value of any layout densely.

import { bytesPerElement } from '../../array/dtype';
import { denseLayout, type Layout, sizeOf } from '../../array/shape';
import { i32, i64, type Local, type ModuleBuilder, memory, select } from './assembler';
import { iterationAxes } from './iteration';
import {
  inputAt,
  type NativeKernel,
  type NativeModule,
  type NativeStage,
  nativeSignature,
  outputAt,
  type Place,
  partsFor,
} from './native';

export function copyKernel(layout: Layout): NativeKernel {
  return { stages: [copyStage(layout, inputAt(0), outputAt(0))] };
}

/** Copies the value at `from`, whose layout is given, to `to`. */
export function copyStage(layout: Layout, from: Place, to: Place): NativeStage {
  const bytes = bytesPerElement(layout.dtype);
  const axes = iterationAxes(layout.shape, [layout, denseLayout(layout)]);
  const inner = axes.pop() ?? { size: 1, steps: [bytes, bytes] };
  const rows = axes.pop() ?? { size: 1, steps: [0, 0] };
  const total = sizeOf(layout.shape);
  // Rows of the last two axes, where one may be the contiguous one; whatever is outside is counted over.
  const outer = sizeOf(axes.map((a) => a.size));
  const runs = outer * rows.size;
  const chunk = Math.ceil(runs / partsFor(total, 64));
  const module: NativeModule = {
    key: `copy ${bytes} ${axes.length} ${inner.steps[0] === bytes}`,
    define: (m) => defineCopy(m, bytes, axes.length, inner.steps[0] === bytes),
  };
  const words = [
    { ...from, bytes: from.bytes + layout.offset * bytes },
    to,
    ...[chunk, runs, rows.size, inner.size],
    ...[rows.steps[0] as number, inner.steps[0] as number, inner.size * bytes],
    ...axes.flatMap((a) => [a.size, a.steps[0] as number]),
  ];
  return { run: { module, name: 'part' }, parts: total === 0 ? 0 : Math.ceil(runs / chunk), words };
}

function defineCopy(module: ModuleBuilder, bytes: number, outerAxes: number, contiguous: boolean): void {
  const part = module.function(nativeSignature, (f, table, index) => {
    const word = (i: number) => i32.load(table, 4 * i);
    const run = f.local('i32', i32.mul(index, word(2)));
    const end = f.local('i32', i32.add(run, word(2)));
    f.set(end, select(i32.ltS(end, word(3)), end, word(3)));
    const count = f.local('i32', word(5));
    const step = f.local('i32', word(7));
    const length = f.local('i32', word(8));
    const target = f.local('i32', i32.add(word(1), i32.mul(run, length)));
    const source = f.local('i32');
    const rest = f.local('i32');
    const size = f.local('i32');
    const i = f.local('i32');
    f.for(run, run, end, 1, () => {
      f.set(size, word(4));
      f.set(rest, i32.divU(run, size));
      f.set(source, i32.add(word(0), i32.mul(i32.remU(run, size), word(6))));
      for (let axis = outerAxes - 1; axis >= 0; axis--) {
        f.set(size, word(9 + 2 * axis));
        f.increment(source, i32.mul(axis === 0 ? rest : i32.remU(rest, size), word(10 + 2 * axis)));
        f.set(rest, i32.divU(rest, size));
      }
      if (contiguous) {
        f.emit(memory.copy(target, source, length));
        f.increment(target, length);
      } else {
        f.for(i, 0, count, 1, () => {
          f.emit(copyElement(bytes, target, source));
          f.increment(source, step);
          f.increment(target, bytes);
        });
      }
    });
  });
  module.export('part', part);
}

function copyElement(bytes: number, target: Local<'i32'>, source: Local<'i32'>) {
  if (bytes === 1) return i32.store8(target, i32.load8U(source));
  return bytes === 4 ? i32.store(target, i32.load(source)) : i64.store(target, i64.load(source));
}
