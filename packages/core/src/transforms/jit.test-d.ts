import { expectTypeOf, test } from 'vitest';
import { checkpoint, customJvp, customVjp, jit, type NDArray, stopGradient, vmap } from '../index';

interface State {
  w: NDArray;
  step: number;
}
declare const step: (state: State, x: NDArray, mode?: 'train' | 'test') => [State, NDArray];

test('jit, checkpoint and vmap keep the type of the function', () => {
  expectTypeOf(jit(step, { donate: [0], staticArgnums: 2 })).toEqualTypeOf<
    (state: State, x: NDArray, mode?: 'train' | 'test') => [State, NDArray]
  >();
  expectTypeOf(checkpoint(step)).toEqualTypeOf<
    (state: State, x: NDArray, mode?: 'train' | 'test') => [State, NDArray]
  >();
  expectTypeOf(vmap(step, { inAxes: [null, 0, null], outAxes: -1 })).toEqualTypeOf<
    (state: State, x: NDArray, mode?: 'train' | 'test') => [State, NDArray]
  >();
});

test('options are checked', () => {
  // @ts-expect-error axes are numbers or null
  void vmap(step, { inAxes: ['0'] });
  // @ts-expect-error positions are numbers
  void jit(step, { donate: 'state' });
  // @ts-expect-error no such option
  void jit(step, { static: 0 });
});

test('stopGradient keeps trees', () => {
  expectTypeOf(stopGradient<State>).returns.toEqualTypeOf<State>();
});

test('functions with their own derivative keep their type, and their rules are checked', () => {
  const f = (p: { w: NDArray }, x: NDArray) => p.w.mul(x);
  const g = customVjp(f, {
    forward: (p, x) => [f(p, x), { p, x }],
    backward: ({ p, x }, c) => {
      expectTypeOf(p).toEqualTypeOf<{ w: NDArray }>();
      expectTypeOf(c).toEqualTypeOf<NDArray>();
      return [{ w: c.mul(x) }, c.mul(p.w)];
    },
  });
  expectTypeOf(g).toEqualTypeOf<typeof f>();
  const h = customJvp(f, ([p, x], [tp, tx]) => {
    expectTypeOf(tp).toEqualTypeOf<{ w: NDArray }>();
    return [f(p, x), tp.w.mul(x).add(p.w.mul(tx))];
  });
  expectTypeOf(h).toEqualTypeOf<typeof f>();
  // @ts-expect-error one cotangent is missing
  void customVjp(f, { forward: (p, x) => [f(p, x), null], backward: (_none, c) => [{ w: c }] });
});
