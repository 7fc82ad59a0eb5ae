import { describe, expectTypeOf, test } from 'vitest';
import { grad, hvp, jacfwd, jacrev, jvp, linearize, linearTranspose, type NDArray, valueAndGrad, vjp } from '../index';

interface Params {
  w: NDArray;
  layers: { b: NDArray }[];
}
declare const loss: (params: Params, x: NDArray, rate: number) => NDArray;
declare const withAux: (params: Params, x: NDArray) => [NDArray, { accuracy: NDArray; name: 'a' }];
declare const params: Params;
declare const x: NDArray;

type Output = { y: NDArray; hidden: NDArray[] };
declare const model: (params: Params, x: NDArray) => Output;

type Call = [params: Params, x: NDArray, rate: number];

describe('grad', () => {
  test('gives the first argument’s type, and takes the function’s arguments', () => {
    expectTypeOf(grad(loss)).parameters.toEqualTypeOf<Call>();
    expectTypeOf(grad(loss)).returns.toEqualTypeOf<Params>();
  });

  test('gives the type of the argument that argnums names', () => {
    expectTypeOf(grad(loss, { argnums: 1 })).returns.toEqualTypeOf<NDArray>();
  });

  test('gives a list in the order of argnums', () => {
    expectTypeOf(grad(loss, { argnums: [1, 0] })).returns.toEqualTypeOf<[NDArray, Params]>();
    expectTypeOf(grad(loss, { argnums: [0] })).returns.toEqualTypeOf<[Params]>();
  });

  test('gives aux beside the gradient', () => {
    expectTypeOf(grad(withAux, { hasAux: true })).returns.toEqualTypeOf<
      [gradient: Params, aux: { accuracy: NDArray; name: 'a' }]
    >();
    expectTypeOf(grad(withAux, { hasAux: true, argnums: [1, 0] })).returns.toEqualTypeOf<
      [gradient: [NDArray, Params], aux: { accuracy: NDArray; name: 'a' }]
    >();
  });

  test('nests', () => {
    const f = (x: NDArray) => x.sum();
    expectTypeOf(grad((x: NDArray) => grad(f)(x).sum())).returns.toEqualTypeOf<NDArray>();
  });
});

describe('valueAndGrad', () => {
  test('puts the value in front', () => {
    expectTypeOf(valueAndGrad(loss)).parameters.toEqualTypeOf<Call>();
    expectTypeOf(valueAndGrad(loss)).returns.toEqualTypeOf<[value: NDArray, gradient: Params]>();
    expectTypeOf(valueAndGrad(loss, { argnums: [0, 1] })).returns.toEqualTypeOf<
      [value: NDArray, gradient: [Params, NDArray]]
    >();
    expectTypeOf(valueAndGrad(withAux, { hasAux: true })).returns.toEqualTypeOf<
      [value: [loss: NDArray, aux: { accuracy: NDArray; name: 'a' }], gradient: Params]
    >();
  });
});

describe('the other derivatives', () => {
  test('jvp gives value and tangent of the result’s type', () => {
    expectTypeOf(jvp(model, [params, x], [params, x])).toEqualTypeOf<[Output, Output]>();
    // @ts-expect-error tangents have the arguments' types
    void (() => jvp(model, [params, x], [x, params]));
  });

  test('vjp gives a pullback from the result’s type to the arguments’', () => {
    const [y, pull] = vjp(model, [params, x]);
    expectTypeOf(y).toEqualTypeOf<Output>();
    expectTypeOf(pull).parameters.toEqualTypeOf<[cotangent: Output]>();
    expectTypeOf(pull).returns.toEqualTypeOf<[params: Params, x: NDArray]>();
  });

  test('linearize and linearTranspose give linear maps', () => {
    const [y, push] = linearize(model, params, x);
    expectTypeOf(y).toEqualTypeOf<Output>();
    expectTypeOf(push).returns.toEqualTypeOf<Output>();
    expectTypeOf(linearTranspose(model, [params, x])).toEqualTypeOf<
      (cotangent: Output) => [params: Params, x: NDArray]
    >();
  });

  test('Jacobians replace the leaves of the result', () => {
    expectTypeOf(jacfwd((v: NDArray) => ({ a: v, b: [v, v] as [NDArray, NDArray] }))(x)).toEqualTypeOf<{
      a: NDArray;
      b: [NDArray, NDArray];
    }>();
    expectTypeOf(jacrev((v: NDArray) => v)(x)).toEqualTypeOf<NDArray>();
    expectTypeOf(hvp((p: Params) => p.w.sum(), [params], params)).toEqualTypeOf<Params>();
  });
});
