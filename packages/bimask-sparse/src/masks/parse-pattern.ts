import { ArgumentError } from '@forback/core';
import { checkPattern, type Pattern } from '../pattern';

/** A pattern, or the way papers write it: `'2:4'`. N = M keeps everything and means dense. */
export type PatternLike = Pattern | `${number}:${number}`;

/** @throws ArgumentError for text that is not N:M, and unless 1 <= N <= M. */
export function parsePattern(name: string, pattern: PatternLike): Pattern {
  if (typeof pattern === 'string') {
    const parts = /^(\d+):(\d+)$/.exec(pattern);
    if (!parts)
      throw new ArgumentError(`${name}: expected a pattern such as '2:4' or { n: 2, m: 4 }, got '${pattern}'`);
    return parsePattern(name, { n: Number(parts[1]), m: Number(parts[2]) });
  }
  if (typeof pattern !== 'object' || pattern === null) {
    throw new ArgumentError(`${name}: expected a pattern such as '2:4' or { n: 2, m: 4 }, got ${String(pattern)}`);
  }
  checkPattern(name, pattern);
  return { n: pattern.n, m: pattern.m };
}
