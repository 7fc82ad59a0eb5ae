import {
  bind,
  DifferentiationError,
  definePrimitive,
  type Kernel,
  type NDArray,
  np,
  type Primitive,
  type Shape,
} from '@forback/core';

interface MaskDefinition<P extends object> {
  readonly name: string;
  /** Fills a bool mask of the shape of the first input. */
  kernel(shape: Shape, params: P): Kernel;
}

/**
 * An operation from weights (and what else it needs) to a bool mask of their shape. It is constant almost everywhere, so it
 * has no derivative; mapped, it runs once for each example.
 */
export function maskPrimitive<P extends object>({ name, kernel }: MaskDefinition<P>): Primitive<P> {
  const primitive: Primitive<P> = /* @__PURE__ */ definePrimitive<P>({
    name,
    outputs: ([weight]) => (weight ? [{ shape: weight.shape, dtype: 'bool' }] : []),
    jvp: (primals, _tangents, params) => ({ outputs: bind(primitive, primals, params), tangents: [null] }),
    transpose() {
      throw new DifferentiationError(`${name} is not linear`);
    },
    batch(size, inputs, batched, params) {
      const masks = Array.from({ length: size }, (_, i) => {
        const example = inputs.map((x, k) => (batched[k] ? x.at(i) : x));
        return bind(primitive, example, params)[0] as NDArray;
      });
      return { outputs: [np.stack(masks)], batched: [true] };
    },
    lower: { reference: ({ inputs, params }) => kernel(inputs[0]?.shape ?? [], params) },
  });
  return primitive;
}
