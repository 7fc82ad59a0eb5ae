// Pieces of code that most native functions begin with: reading words of their table and finding their part of the work.

import { type Expr, type FunctionBuilder, i32, type Local, select } from './assembler';
import type { WordNames } from './native';

type Builder = FunctionBuilder<'void'>;
type Address = Expr<'i32'>;

/** The words of a table by name; the table begins `start` bytes behind the address. */
export function reader<N extends string>(table: Local<'i32'>, names: WordNames<N>, start = 0): (name: N) => Address {
  return (name) => i32.load(table, start + names.offset(name));
}

/** index becomes whole % count, and whole becomes whole / count. */
export function split(f: Builder, whole: Local<'i32'>, index: Local<'i32'>, count: Address): void {
  const size = f.local('i32', count);
  f.set(index, i32.remU(whole, size));
  f.set(whole, i32.divU(whole, size));
}

/** The smaller of two whole numbers. */
export function smaller(f: Builder, x: Address, y: Address): Address {
  const a = f.local('i32', x);
  const b = f.local('i32', y);
  return select(i32.ltS(a, b), a, b);
}
