import { checkDType, type DType, isFloating } from '../array/dtype';
import { broadcastShapes, checkShape, type Shape, showShape } from '../array/shape';
import { DTypeError, ShapeError } from '../errors';

/** What to draw. */
export interface SampleOptions {
  /** Default: a scalar. */
  shape?: Shape;
  /** float32 or float64. Default: float32. */
  dtype?: DType;
}

export function checkSample(where: string, options: SampleOptions): { shape: number[]; dtype: DType } {
  return { shape: checkShape(where, options.shape ?? []), dtype: checkFloat(where, options.dtype ?? 'float32') };
}

export function checkFloat(where: string, dtype: DType): DType {
  if (isFloating(checkDType(where, dtype))) return dtype;
  throw new DTypeError(`${where}: expected dtype float32 or float64, got ${dtype}`);
}

/** The shape of a draw whose parameters are arrays: theirs, or a given one that they broadcast to. */
export function drawShape(where: string, shape: Shape | undefined, name: string, ...parameters: Shape[]): number[] {
  const common = broadcastShapes(where, ...parameters);
  if (shape === undefined) return common;
  const checked = checkShape(where, shape);
  const offset = checked.length - common.length;
  const fits = offset >= 0 && common.every((n, i) => n === 1 || n === checked[offset + i]);
  if (fits) return checked;
  throw new ShapeError(
    `${where}: ${name} of shape ${showShape(common)} does not broadcast to shape ${showShape(checked)}`,
  );
}
