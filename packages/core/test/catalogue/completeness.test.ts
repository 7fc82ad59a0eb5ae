import { describe, expect, test, vi } from 'vitest';
import type { PrimitiveDefinition } from '../../src/primitives/primitive';
import '../../src/index';
import { forAll } from '../support/sampler';
import { catalogue } from './catalogue';
import {
  compilation,
  completeOutputs,
  isSmooth,
  type Law,
  mapping,
  reverseDerivative,
  secondReverseDerivative,
} from './laws';

type RuleName = 'outputs' | 'jvp' | 'transpose' | 'batch' | 'reference' | 'wasm';

/** Every primitive that any module defines, and the rules of it that have run to their end. */
const defined = vi.hoisted(() => new Map<string, { has: Set<RuleName>; used: Set<RuleName> }>());

vi.mock('../../src/primitives/primitive', async (original) => {
  const actual = await original<typeof import('../../src/primitives/primitive')>();
  const watched = (definition: PrimitiveDefinition<never>) => {
    const { name, lower } = definition;
    const has = new Set<RuleName>(['outputs', 'jvp', 'transpose', 'batch', 'reference']);
    const used = new Set<RuleName>();
    if (lower.wasm) has.add('wasm');
    defined.set(name, { has, used });
    const watch =
      <A extends unknown[], R>(rule: RuleName, f: (...args: A) => R) =>
      (...args: A): R => {
        const result = f(...args);
        used.add(rule);
        return result;
      };
    const { wasm } = lower;
    return actual.definePrimitive<never>({
      ...definition,
      outputs: watch('outputs', definition.outputs),
      jvp: watch('jvp', definition.jvp),
      transpose: watch('transpose', definition.transpose),
      batch: watch('batch', definition.batch),
      lower: { ...lower, reference: watch('reference', lower.reference), ...(wasm && { wasm: watch('wasm', wasm) }) },
    });
  };
  return { ...actual, definePrimitive: watched };
});

/** Rules that nothing reaches. */
const unreached: Record<string, readonly RuleName[]> = {
  // A backend's own, made of others.
  fused: ['outputs', 'jvp', 'transpose', 'batch', 'reference'],
  fusedReduction: ['outputs', 'jvp', 'transpose', 'batch', 'reference'],
  // Calls are inlined before a backend sees them.
  call: ['reference'],
  tangentCall: ['reference'],
  customJvp: ['transpose', 'reference'],
  customVjp: ['jvp', 'transpose', 'reference'],
  // The unknown map whose transpose the user has written: it is only recorded and transposed.
  customPullback: ['jvp', 'batch', 'reference'],
  // Without operands there is nothing to differentiate or to map; without floats nothing to differentiate.
  iota: ['jvp', 'batch'],
  ...Object.fromEntries(
    ['and', 'or', 'xor', 'not', 'shiftLeft', 'shiftRight', 'threefry2x32'].map((name) => [name, ['jvp']]),
  ),
};

/** Operations that are not linear in any operand. */
const notLinear = (
  'rem pow max min abs floor ceil round sign exp expm1 log log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh ' +
  'acosh atanh logistic erf erfc erfInv lgamma atan2 polygamma and or xor not shiftLeft shiftRight equal notEqual less ' +
  'lessEqual greater greaterEqual stopGradient threefry2x32 prod reduceMax reduceMin argmax argmin argsort iota cholesky qr eigh'
).split(' ');

describe('the catalogue', () => {
  test('lists every primitive that is defined, and no other', () => {
    const listed = new Set(catalogue.flatMap((c) => c.primitives));
    expect([...listed].sort()).toEqual([...defined.keys()].filter((name) => !name.startsWith('fused')).sort());
  });

  test('exercises every rule of every primitive', () => {
    const laws: [Law, typeof catalogue][] = [
      [compilation, catalogue],
      [mapping, catalogue],
      [completeOutputs, catalogue],
      [reverseDerivative, catalogue.filter(isSmooth)],
      [secondReverseDerivative, catalogue.filter(isSmooth)],
    ];
    for (const { used } of defined.values()) used.clear();
    for (const [law, subjects] of laws) for (const subject of subjects) forAll(3, (s) => law(subject, s));
    const missing = [...defined].flatMap(([name, { has, used }]) =>
      [...has]
        .filter(
          (rule) =>
            !used.has(rule) && !unreached[name]?.includes(rule) && !(rule === 'transpose' && notLinear.includes(name)),
        )
        .map((rule) => `${name}: ${rule}`),
    );
    expect(missing).toEqual([]);
  }, 60_000);
});
