import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from './assembler';
import { type FloatType, panelModule, panelShape, tableBytes, tablePadding } from './panels';

const dtypes = ['float32', 'float64'] as const;
const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
const words = new Int32Array(memory.buffer);

type Run = (...args: number[]) => void;

function panelKernels(dtype: FloatType, revectorize = false) {
  const module = new ModuleBuilder();
  module.importMemory('heap', 'memory', { initial: 4 });
  panelModule(dtype).define(module, { relaxedSimd: false, revectorize });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { heap: { memory } });
  const kernels = exports as Record<'offsets' | 'packRows' | 'packColumns' | 'multiply' | 'dots' | 'combine', Run>;
  return { ...panelShape(dtype), ...kernels };
}

function elements(dtype: FloatType): Float32Array | Float64Array {
  return dtype === 'float32' ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
}

/** Tables and results at the start of the memory, operands at its very end: reading beyond them would trap. */
const unitTable = 0;
const depthTable = 4096;
const target = 8192;

function writeTable(address: number, offsets: readonly number[]) {
  const size = tableBytes(offsets.length) / 4;
  const last = offsets.at(-1) as number;
  words.set(
    Array.from({ length: size }, (_, i) => offsets[i] ?? last),
    address / 4,
  );
}

test('tables are multiples of the stride, the last one repeated to a whole group', () => {
  const { offsets } = panelKernels('float32');
  for (const count of [1, 2, 7, 8, 9, 16]) {
    words.fill(99, 0, 64);
    offsets(0, count, -12);
    const size = tableBytes(count) / 4;
    expect(size % tablePadding).toBe(0);
    expect([...words.subarray(0, size)]).toEqual(
      Array.from({ length: size }, (_, i) => -12 * Math.min(i, count - 1) + 0),
    );
    expect(words[size]).toBe(99);
  }
});

describe('packing', () => {
  for (const dtype of dtypes) {
    const kernels = panelKernels(dtype);
    const { bytes } = kernels;
    for (const side of ['rows', 'columns'] as const) {
      test(`${dtype} ${side}: units side by side, one depth step after the other`, () => {
        const width = kernels[side];
        const pack = side === 'rows' ? kernels.packRows : kernels.packColumns;
        for (const units of [1, 2, 3, 4, 5, 8, 9, 19]) {
          for (const depth of [1, 2, 3, 4, 5, 11]) {
            // Contiguous along the units, along the depth, along neither, and with a jump in each.
            const patterns: [(unit: number) => number, (p: number) => number][] = [
              [(u) => u, (p) => p * units],
              [(u) => u * depth, (p) => p],
              [(u) => 2 * u, (p) => 2 * p * units],
              [(u) => u + (u > 2 ? 1 : 0), (p) => p * (units + 1)],
              [(u) => u * (depth + 1), (p) => p + (p > 1 ? 1 : 0)],
              [(u) => units - 1 - u, (p) => p * units],
            ];
            for (const [unitAt, depthAt] of patterns) {
              const unitOffsets = Array.from({ length: units }, (_, u) => unitAt(u));
              const depthOffsets = Array.from({ length: depth }, (_, p) => depthAt(p));
              const size = Math.max(...unitOffsets) + Math.max(...depthOffsets) + 1;
              const heap = elements(dtype);
              const first = heap.length - size;
              for (let i = 0; i < size; i++) heap[first + i] = i + 1;
              writeTable(
                unitTable,
                unitOffsets.map((o) => o * bytes),
              );
              writeTable(
                depthTable,
                depthOffsets.map((o) => o * bytes),
              );
              pack(first * bytes, unitTable, units, depthTable, depth, target);
              const got = depthOffsets.map((_, p) =>
                unitOffsets.map((_, u) => {
                  const panel = Math.floor(u / width);
                  return heap[target / bytes + (panel * depth + p) * width + (u % width)];
                }),
              );
              expect(got).toEqual(depthOffsets.map((d) => unitOffsets.map((u) => d + u + 1)));
            }
          }
        }
      });
    }
  }
});

describe('products with vectors', () => {
  for (const dtype of dtypes) {
    test(dtype, () => {
      const { bytes, dots, combine } = panelKernels(dtype);
      const heap = elements(dtype);
      const [x, y] = [0, 4096];
      for (const units of [1, 2, 3, 4, 5, 9]) {
        for (const depth of [1, 2, 3, 4, 5, 9]) {
          for (const accumulate of [0, 1]) {
            for (const [product, stride, at] of [
              [dots, depth + 1, (u: number, p: number) => u * (depth + 1) + p],
              [combine, units + 1, (u: number, p: number) => p * (units + 1) + u],
            ] as const) {
              const size = at(units - 1, depth - 1) + 1;
              const first = heap.length - size;
              for (let i = 0; i < size; i++) heap[first + i] = ((i * 7) % 13) - 6;
              for (let p = 0; p < depth; p++) heap[x / bytes + p] = p - 3;
              const start = Array.from({ length: units + 1 }, (_, u) => 100 * u);
              heap.set(start, y / bytes);
              product(x, first * bytes, stride * bytes, y, units, depth, accumulate);
              const expected = start.map((before, u) => {
                if (u === units) return before;
                let sum = accumulate * before;
                for (let p = 0; p < depth; p++) sum += (p - 3) * (heap[first + at(u, p)] as number);
                return sum;
              });
              expect([...heap.subarray(y / bytes, y / bytes + units + 1)]).toEqual(expected);
            }
          }
        }
      }
    });
  }
});

describe('the product of panels', () => {
  const variants = dtypes.flatMap((dtype) => [false, true].map((revectorize) => ({ dtype, revectorize })));
  for (const { dtype, revectorize } of variants) {
    const tiles = revectorize ? 'pairs of tiles' : 'tiles';
    test(`${dtype}, ${tiles}: any edges, added or stored, and nothing beside the result is written`, () => {
      const { bytes, rows, columns, multiply } = panelKernels(dtype, revectorize);
      const heap = elements(dtype);
      const [a, b, spare] = [0, 4096, 8192];
      const c = 16384;
      for (let m = 1; m <= 2 * rows + 1; m++) {
        for (let n = 1; n <= columns + 1; n++) {
          for (const depth of [1, 2, 3, 4, 5, 9]) {
            for (const accumulate of [0, 1]) {
              const aPanels = Math.ceil(m / rows) * rows * depth;
              const bPanels = Math.ceil(n / columns) * columns * depth;
              for (let i = 0; i < aPanels; i++) heap[a / bytes + i] = ((i * 5) % 11) - 5;
              for (let i = 0; i < bPanels; i++) heap[b / bytes + i] = ((i * 3) % 7) - 3;
              const stride = n + 2;
              heap.fill(1000, c / bytes, c / bytes + m * stride + 1);
              multiply(a, b, c, stride * bytes, m, n, depth, accumulate, spare);
              const element = (panels: number, width: number, unit: number, p: number) =>
                heap[panels / bytes + (Math.floor(unit / width) * depth + p) * width + (unit % width)] as number;
              const expected = Array.from({ length: m * stride + 1 }, (_, i) => {
                const [row, column] = [Math.floor(i / stride), i % stride];
                if (row >= m || column >= n) return 1000;
                let sum = accumulate * 1000;
                for (let p = 0; p < depth; p++) sum += element(a, rows, row, p) * element(b, columns, column, p);
                return sum;
              });
              expect([...heap.subarray(c / bytes, c / bytes + m * stride + 1)]).toEqual(expected);
            }
          }
        }
      }
    });
  }
});
