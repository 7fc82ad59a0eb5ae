import type { Backend } from '../backend';
import { interpreter } from '../interpreter';

export const referenceBackend: Backend = /* @__PURE__ */ interpreter('reference', {
  prepare: (program) => program,
  kernel: (primitive, context) => primitive.lower.reference(context),
});
