import type { Backend } from '../backend';
import { interpreter } from '../interpreter';

export const referenceBackend: Backend = interpreter('reference', {
  prepare: (program) => program,
  kernel: (primitive, context) => primitive.lower.reference(context),
});
