import { collaborationRows } from './forward-forward/collaboration';
import { emergentRows } from './forward-forward/emergent';
import { fashionFamilyRows, mnistFamilyRows } from './forward-forward/family';
import { graphRows } from './forward-forward/graphs';
import { memoryRows } from './forward-forward/memory';
import { supervisedRows } from './forward-forward/supervised';
import { recurrentRows, unlabelledRows } from './forward-forward/unlabelled-and-recurrent';

export default [
  ...supervisedRows,
  ...unlabelledRows,
  ...recurrentRows,
  ...collaborationRows,
  ...emergentRows,
  ...graphRows,
  ...mnistFamilyRows,
  ...fashionFamilyRows,
  ...memoryRows,
];
