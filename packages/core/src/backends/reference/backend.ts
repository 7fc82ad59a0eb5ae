import type { Backend } from '../backend';
import { interpreter } from '../interpreter';

export const referenceBackend: Backend = /* @__PURE__ */ interpreter('reference', (primitive, context) =>
  primitive.lower.reference(context),
);
