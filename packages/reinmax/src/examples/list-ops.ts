import { ArgumentError, array, type NDArray, random } from '@forback/core';
import { checkCount } from '../checks';

/** The tokens, in the order of their numbers. Operators open a list; `]` closes it. */
export const listOpsTokens = [
  '_',
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
  '[MAX',
  '[MIN',
  '[MED',
  '[SUM',
  ']',
] as const;

const operators = 4;
const firstOperator = 11;
const close = 15;

/** Settings of `listOps`. */
export interface ListOpsOptions {
  key: random.Key;
  /** How many examples. */
  count: number;
  /** T: longer expressions are drawn again, shorter ones padded with token 0. At least 4. Default: 12. */
  maxLength?: number;
  /** Lists within lists. Default: 2. */
  maxDepth?: number;
  /** The most arguments of an operator, 2 or more. Default: 3. */
  maxArguments?: number;
  /** How many of MAX, MIN, MED, SUM are used: the first 1 to 4. Default: 4. */
  operators?: number;
}

/** Expressions and their values. */
export interface ListOpsData {
  /** int32 [n, T]: indices into `listOpsTokens`. */
  tokens: NDArray;
  /** int32 [n]: how many tokens are not padding. */
  lengths: NDArray;
  /** int32 [n]: the value of the expression, 0 to 9. */
  labels: NDArray;
}

/** Random numbers in [0, 1), one after the other. */
type Stream = () => number;

interface Expression {
  tokens: number[];
  value: number;
}

/**
 * Expressions such as `[MAX 2 9 [MIN 4 7 ] 0 ]` with their value (after Nangia and Bowman 2018), generated. MED is the
 * median, the lower of two middle values; SUM is modulo 10. An argument above the last depth is a list with probability 1/4. Values are as they fall: not balanced.
 *
 * @throws ArgumentError for settings that allow no expression.
 */
export function listOps(options: ListOpsOptions): ListOpsData {
  const { key, count, maxLength = 12, maxDepth = 2, maxArguments = 3, operators: kinds = operators } = options;
  const where = 'listOps';
  checkCount(where, 'count', count);
  checkCount(where, 'maxLength', maxLength, 4);
  checkCount(where, 'maxDepth', maxDepth);
  checkCount(where, 'maxArguments', maxArguments, 2);
  checkCount(where, 'operators', kinds);
  if (kinds > operators) {
    throw new ArgumentError(`${where}: expected operators to be at most ${operators}, got ${kinds}`);
  }
  const next = uniformStream(key);
  const tokens = new Int32Array(count * maxLength);
  const lengths = new Int32Array(count);
  const labels = new Int32Array(count);
  const settings = { maxArguments, kinds, maxLength };
  for (let i = 0; i < count; i++) {
    const expression = draw(next, settings, maxDepth);
    if (expression === null) {
      i--;
      continue;
    }
    tokens.set(expression.tokens, i * maxLength);
    lengths[i] = expression.tokens.length;
    labels[i] = expression.value;
  }
  return { tokens: array(tokens).reshape([count, maxLength]), lengths: array(lengths), labels: array(labels) };
}

/** A list, or null where it gets too long. */
function draw(
  next: Stream,
  settings: { maxArguments: number; kinds: number; maxLength: number },
  depth: number,
): Expression | null {
  const operator = Math.floor(next() * settings.kinds);
  const arity = 2 + Math.floor(next() * (settings.maxArguments - 1));
  const tokens = [firstOperator + operator];
  const values: number[] = [];
  for (let i = 0; i < arity; i++) {
    const nested = depth > 1 && next() < 0.25 ? draw(next, settings, depth - 1) : digit(next);
    if (nested === null || tokens.length + nested.tokens.length >= settings.maxLength) return null;
    tokens.push(...nested.tokens);
    values.push(nested.value);
  }
  tokens.push(close);
  return { tokens, value: evaluate(operator, values) };
}

function digit(next: Stream): Expression {
  const value = Math.floor(next() * 10);
  return { tokens: [1 + value], value };
}

function evaluate(operator: number, values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (operator === 0) return sorted.at(-1) as number;
  if (operator === 1) return sorted[0] as number;
  if (operator === 2) return sorted[Math.floor((sorted.length - 1) / 2)] as number;
  return values.reduce((sum, v) => sum + v, 0) % 10;
}

function uniformStream(key: random.Key): Stream {
  const block = 4096;
  let at = 0;
  let values = new Float32Array(0) as ReturnType<NDArray['dataSync']>;
  return () => {
    if (at % block === 0) values = random.uniform(random.foldIn(key, at / block), { shape: [block] }).dataSync();
    return values[at++ % block] as number;
  };
}
