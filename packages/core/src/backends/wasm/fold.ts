// What a reduction keeps of the elements that it has seen, of four results at once or in four parts of one: the sum,
// product or extremum, or the best element with its position.

import { type DType, isFloating, limitsOf } from '../../array/dtype';
import type { Reduction } from '../../primitives/primitive';
import { type FunctionBuilder, i8x16, type Local } from './assembler';
import type { Lanes, VectorCode } from './vector-code';

export type Kept = readonly Lanes[];

export class Fold {
  /** Dtypes of what is kept. Sums and products of float32 are kept in double precision. */
  readonly kept: readonly DType[];
  readonly result: DType;
  /** Whether it matters where an element stands. */
  readonly located: boolean;
  /** Whether the order of elements shows in the result. */
  readonly ordered: boolean;
  /** The element that changes nothing. */
  readonly #neutral: number;

  constructor(
    readonly reduction: Reduction,
    readonly dtype: DType,
  ) {
    const [least, greatest] = limitsOf(dtype);
    this.#neutral = { sum: 0, prod: 1, max: least, argmax: least, min: greatest, argmin: greatest }[reduction];
    this.located = reduction === 'argmax' || reduction === 'argmin';
    this.ordered = isFloating(dtype) && (reduction === 'sum' || reduction === 'prod');
    this.kept = this.located ? [dtype, 'int32'] : [this.ordered ? 'float64' : dtype];
    this.result = this.located ? 'int32' : dtype;
  }

  neutral(code: VectorCode): Lanes {
    return code.constant(this.#neutral, this.dtype);
  }

  /** In registers of its own, for `update`. */
  start(code: VectorCode): Kept {
    // Of a line of nothing but the neutral element, the first is the best.
    return this.element(code, this.neutral(code), this.located ? code.constant(0, 'int32') : null).map(
      ({ dtype, value, high }) => code.keep(dtype, value, high),
    );
  }

  element(code: VectorCode, x: Lanes, position: Lanes | null): Kept {
    return position ? [x, position] : [code.cast(x, this.kept[0] as DType)];
  }

  /** Joins what comes later, or anywhere if `ties` are to be looked at. */
  join(code: VectorCode, x: Kept, y: Kept, ties = false): Kept {
    const [a, b] = [x[0] as Lanes, y[0] as Lanes];
    switch (this.reduction) {
      case 'sum':
        return [code.add(a, b)];
      case 'prod':
        return [code.mul(a, b)];
      case 'max':
        return [code.max(a, b)];
      case 'min':
        return [code.min(a, b)];
      default: {
        const [p, q] = [x[1] as Lanes, y[1] as Lanes];
        const better = this.#better(code, b, a);
        const earlier = () => code.and(code.not(this.#better(code, a, b)), code.less(q, p));
        const later = ties ? code.or(better, earlier()) : better;
        return [code.select(later, b, a), code.select(later, q, p)];
      }
    }
  }

  update(f: FunctionBuilder<'void'>, code: VectorCode, kept: Kept, later: Kept, ties = false): void {
    this.join(code, kept, later, ties).forEach(({ value, high }, i) => {
      const to = kept[i] as Lanes;
      f.set(to.value, value);
      if (high) f.set(to.high as Local<'v128'>, high);
    });
  }

  /** Joins the four lanes, (0 2) (1 3), into the first. */
  across(code: VectorCode, kept: Kept): Kept {
    const apart = (x: Kept, distance: 1 | 2) =>
      this.join(
        code,
        x,
        x.map((lanes) => exchange(code, lanes, distance)),
        true,
      );
    return apart(apart(kept, 2), 1);
  }

  resultOf(code: VectorCode, kept: Kept): Lanes {
    return code.cast(kept.at(-1) as Lanes, this.result);
  }

  /** Whether x is to be preferred to y wherever they stand: the first NaN to everything. */
  #better(code: VectorCode, x: Lanes, y: Lanes): Lanes {
    const [least, most] = this.reduction === 'argmax' ? [x, y] : [y, x];
    if (!isFloating(this.dtype)) return code.less(most, least);
    return code.and(code.not(code.lessEqual(least, most)), code.equal(y, y));
  }
}

/** Lanes so far apart change places. */
function exchange(code: VectorCode, { dtype, value, high }: Lanes, apart: 1 | 2): Lanes {
  if (high && apart === 2) return { dtype, value: high, high: value };
  const width = high ? 8 : 4;
  const bytes = Array.from({ length: 16 }, (_, i) => (Math.floor(i / width) ^ apart) * width + (i % width));
  const moved = (x: Local<'v128'>) => i8x16.shuffle(x, x, bytes);
  return code.keep(dtype, moved(value), high && moved(high));
}
