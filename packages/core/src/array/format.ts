import type { TypedArray } from './dtype';
import { type ShapedType, showType, sizeOf } from './shape';

const edge = 3;
const longest = 8;

/** A readable picture of an array: its type, and its elements with the middle of long axes left out. */
export function formatArray(type: ShapedType, data: TypedArray): string {
  const { shape, dtype } = type;
  const show = (value: number): string => {
    if (dtype === 'bool') return value === 0 ? 'false' : 'true';
    if (dtype === 'int32' || dtype === 'uint32' || !Number.isFinite(value)) return String(value);
    return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(6)));
  };
  const build = (axis: number, start: number): string => {
    if (axis === shape.length) return show(data[start] as number);
    const n = shape[axis] as number;
    const step = sizeOf(shape.slice(axis + 1));
    const parts: string[] = [];
    for (let i = 0; i < n; i++) {
      if (n > longest && i === edge) {
        parts.push('...');
        i = n - edge;
      }
      parts.push(build(axis + 1, start + i * step));
    }
    const separator = axis === shape.length - 1 ? ', ' : `,\n${' '.repeat(axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  const body = build(0, 0);
  return `${showType(type)}${body.includes('\n') ? '\n' : ' '}${body}`;
}
