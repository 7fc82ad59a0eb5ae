import { BackendError } from '../../errors';
import type { LoweringContext } from '../../primitives/primitive';
import { type FusedParams, fuse, fusedPrimitive } from '../../program/fuse';
import type { Backend } from '../backend';
import { interpreter } from '../interpreter';
import { fusedKernel } from './fused-kernel';
import { isLaneType } from './vector-code';

/** A module with one function that uses a 128-bit constant; it validates only where SIMD exists. */
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

export function wasmSupported(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(simdProbe);
}

let backend: Backend | undefined;

export function wasmBackend(): Backend {
  if (!wasmSupported()) {
    throw new BackendError(
      'init: this JavaScript engine has no WebAssembly SIMD; use a newer one, or init({ backend: "reference" })',
    );
  }
  backend ??= /* @__PURE__ */ interpreter('wasm', {
    prepare: (program) => fuse(program, { accepts: isLaneType, smallest: 256, largest: 16 }),
    kernel: (primitive, context) => {
      if (primitive.id === fusedPrimitive.id) return fusedKernel(context as LoweringContext<FusedParams>);
      return (primitive.lower.wasm ?? primitive.lower.reference)(context);
    },
  });
  return backend;
}
