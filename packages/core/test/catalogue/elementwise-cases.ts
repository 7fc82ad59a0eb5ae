import { type DType, dtypes, floats, integers, numbers } from '../../src/array/dtype';
import type { NDArray } from '../../src/array/ndarray';
import * as arithmetic from '../../src/primitives/arithmetic';
import * as bitwise from '../../src/primitives/bitwise';
import { cast, stopGradient } from '../../src/primitives/cast';
import * as compare from '../../src/primitives/compare';
import * as elementary from '../../src/primitives/elementary';
import { select } from '../../src/primitives/select';
import { threefry } from '../../src/primitives/threefry';
import { awayFromSteps, awayFromZero, between, type Domain, extreme, values } from '../support/values';
import { type Case, instance, operand } from './case';

interface Options {
  rounding?: Case['rounding'];
  domain?: Domain;
  second?: Domain;
  dtypes?: readonly DType[];
  linear?: readonly (readonly number[])[];
}

function unary(name: string, op: (x: NDArray) => NDArray, options: Options = {}): Case {
  return {
    primitives: [name],
    large: true,
    odd: extreme,
    dtypes: options.dtypes ?? floats,
    ...(options.rounding && { rounding: options.rounding }),
    ...(options.linear && { linear: options.linear }),
    build(context) {
      const shape = context.s.shape();
      return instance(`[${shape}]`, [operand(context, shape, options.domain)], ([x]) => op(x as NDArray));
    },
  };
}

function binary(name: string, op: (x: NDArray, y: NDArray) => NDArray, options: Options = {}): Case {
  return {
    primitives: [name],
    large: true,
    dtypes: options.dtypes ?? numbers,
    ...(options.rounding && { rounding: options.rounding }),
    ...(options.linear && { linear: options.linear }),
    build(context) {
      const shape = context.s.shape();
      const args = [operand(context, shape, options.domain), operand(context, shape, options.second ?? options.domain)];
      return instance(`[${shape}]`, args, ([x, y]) => op(x as NDArray, y as NDArray));
    },
  };
}

/** Operands that do not come near a tie. */
function apart(name: string, op: (x: NDArray, y: NDArray) => NDArray, accepts: readonly DType[]): Case {
  return {
    primitives: [name],
    large: true,
    dtypes: accepts,
    build(context) {
      const shape = context.s.shape();
      const x = operand(context, shape);
      const y = (seed: number) =>
        context.odd.length > 0 || context.dtype === 'bool'
          ? operand(context, shape)(seed)
          : arithmetic.add(x(seed - 7919), values(shape, context.dtype, seed, { domain: awayFromZero(0.2, 1) }));
      return instance(`[${shape}]`, [x, y], ([a, b]) => op(a as NDArray, b as NDArray));
    },
  };
}

const nonzero = awayFromZero(0.4, 2);
const positive = between(0.3, 2.5);
const inside = between(-0.85, 0.85);
/** Approximations in single precision, off by a few units in the last place. */
const ulps = { float32: { rtol: 8 * 2 ** -24, atol: 2 ** -140 } };
/** Computed in double precision: rounded as exact results are, but for ties. */
const ties = { float32: { rtol: 2 ** -23, atol: 2 ** -149 } };
/** Of float64, the sum of both backends' bounds: that of `Math` is about 2 units in the last place, that of erfc 6. */
const units = (n: number) => ({ float64: { rtol: n * 2 ** -52, atol: n * 2 ** -1074 } });
const bits: readonly DType[] = [...integers, 'bool'];

export const elementwiseCases: readonly Case[] = [
  binary('add', arithmetic.add, { linear: [[0], [1], [0, 1]] }),
  binary('sub', arithmetic.sub, { linear: [[0], [1], [0, 1]] }),
  binary('mul', arithmetic.mul, { linear: [[0], [1]] }),
  binary('div', arithmetic.div, { second: nonzero, linear: [[0]] }),
  {
    ...binary('rem', arithmetic.rem, {}),
    build(context) {
      const shape = context.s.shape();
      // x = (k + 0.1 ... 0.9) y keeps the quotient away from its jumps.
      const y = operand(context, shape, nonzero);
      const x = (seed: number) =>
        context.odd.length > 0 || context.dtype !== 'float64'
          ? operand(context, shape)(seed)
          : arithmetic.mul(values(shape, 'float64', seed, { domain: awayFromSteps }), y(seed + 7919));
      return instance(`[${shape}]`, [x, y], ([a, b]) => arithmetic.rem(a as NDArray, b as NDArray));
    },
  },
  binary('pow', arithmetic.pow, { rounding: ties, domain: positive, second: between(-2.5, 2.5) }),
  apart('max', arithmetic.maximum, dtypes),
  apart('min', arithmetic.minimum, dtypes),
  unary('neg', arithmetic.neg, { dtypes: numbers, linear: [[0]] }),
  unary('abs', arithmetic.abs, { dtypes: numbers, domain: nonzero }),
  unary('floor', arithmetic.floor, { domain: awayFromSteps }),
  unary('ceil', arithmetic.ceil, { domain: awayFromSteps }),
  unary('round', arithmetic.round, { domain: awayFromSteps }),
  unary('sign', elementary.sign, { dtypes: numbers, domain: nonzero }),
  unary('exp', elementary.exp, { rounding: { ...ulps, ...units(4) } }),
  unary('expm1', elementary.expm1, { rounding: { ...ulps, ...units(4) } }),
  unary('log', elementary.log, { domain: positive, rounding: { ...ulps, ...units(4) } }),
  unary('log1p', elementary.log1p, { domain: between(-0.7, 3), rounding: { ...ulps, ...units(4) } }),
  unary('sqrt', elementary.sqrt, { domain: positive }),
  unary('rsqrt', elementary.rsqrt, { domain: positive, rounding: ulps }),
  unary('sin', elementary.sin, { rounding: ties }),
  unary('cos', elementary.cos, { rounding: ties }),
  unary('tan', elementary.tan, { domain: between(-1.2, 1.2), rounding: ties }),
  unary('asin', elementary.asin, { domain: inside }),
  unary('acos', elementary.acos, { domain: inside }),
  unary('atan', elementary.atan),
  unary('sinh', elementary.sinh, { rounding: { ...ties, ...units(5) } }),
  unary('cosh', elementary.cosh, { rounding: { ...ties, ...units(5) } }),
  unary('tanh', elementary.tanh, { rounding: { ...ulps, ...units(4) } }),
  unary('asinh', elementary.asinh),
  unary('acosh', elementary.acosh, { domain: between(1.2, 4) }),
  unary('atanh', elementary.atanh, { domain: inside }),
  unary('logistic', elementary.logistic, { rounding: { ...ulps, ...units(5) } }),
  unary('erf', elementary.erf, { rounding: { ...ties, ...units(5) } }),
  unary('erfc', elementary.erfc, { rounding: { ...ties, ...units(15) } }),
  unary('erfInv', elementary.erfInv, { domain: inside, rounding: ties }),
  unary('lgamma', elementary.lgamma, { domain: between(0.4, 5) }),
  binary('atan2', elementary.atan2, { dtypes: floats, domain: nonzero }),
  {
    primitives: ['polygamma'],
    build(context) {
      const shape = context.s.shape();
      const order = context.s.int(0, 2);
      return instance(`order ${order} of [${shape}]`, [operand(context, shape, between(0.6, 4))], ([x]) =>
        elementary.polygamma(x as NDArray, order),
      );
    },
  },
  binary('and', bitwise.and, { dtypes: bits }),
  binary('or', bitwise.or, { dtypes: bits }),
  binary('xor', bitwise.xor, { dtypes: bits }),
  unary('not', bitwise.not, { dtypes: bits }),
  binary('shiftLeft', bitwise.shiftLeft, { dtypes: integers }),
  binary('shiftRight', bitwise.shiftRight, { dtypes: integers }),
  binary('equal', compare.equal, { dtypes }),
  binary('notEqual', compare.notEqual, { dtypes }),
  binary('less', compare.less, { dtypes }),
  binary('lessEqual', compare.lessEqual, { dtypes }),
  binary('greater', compare.greater, { dtypes }),
  binary('greaterEqual', compare.greaterEqual, { dtypes }),
  {
    primitives: ['select'],
    large: true,
    dtypes,
    linear: [[1], [2], [1, 2]],
    build(context) {
      const shape = context.s.shape();
      const condition = (seed: number) => values(shape, 'bool', seed);
      const args = [condition, operand(context, shape), operand(context, shape)];
      return instance(`[${shape}]`, args, ([c, x, y]) => select(c as NDArray, x as NDArray, y as NDArray));
    },
  },
  {
    primitives: ['cast'],
    large: true,
    dtypes,
    derivative: 'linear',
    linear: [[0]],
    build(context) {
      const shape = context.s.shape();
      const to = context.s.pick(dtypes);
      return instance(`[${shape}] to ${to}`, [operand(context, shape)], ([x]) => cast(x as NDArray, to));
    },
  },
  {
    primitives: ['cast'],
    name: 'cast between floats',
    dtypes: floats,
    derivative: 'linear',
    linear: [[0]],
    build(context) {
      const shape = context.s.shape();
      const to = context.dtype === 'float64' ? 'float32' : 'float64';
      return instance(`[${shape}] to ${to}`, [operand(context, shape)], ([x]) => cast(x as NDArray, to));
    },
  },
  {
    primitives: ['stopGradient'],
    dtypes,
    derivative: 'stopped',
    build(context) {
      const shape = context.s.shape();
      return instance(`[${shape}]`, [operand(context, shape)], ([x]) => stopGradient(x as NDArray));
    },
  },
  {
    primitives: ['threefry2x32'],
    dtypes: ['uint32'],
    build(context) {
      const shape = context.s.shape();
      const args = [0, 1, 2, 3].map(() => operand(context, shape));
      return instance(`[${shape}]`, args, ([a, b, c, d]) =>
        threefry(a as NDArray, b as NDArray, c as NDArray, d as NDArray),
      );
    },
  },
  {
    primitives: ['mul'],
    name: 'mul of an array with itself',
    build(context) {
      const shape = context.s.shape();
      return instance(`[${shape}]`, [operand(context, shape)], ([x]) => arithmetic.mul(x as NDArray, x as NDArray));
    },
  },
];
