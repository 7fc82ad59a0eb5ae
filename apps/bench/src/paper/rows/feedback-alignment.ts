import { expansionRows } from './feedback-alignment/expansion';
import { mirrorRows } from './feedback-alignment/mirror-and-kolen-pollack';
import { mnistRows } from './feedback-alignment/mnist';

export default [...mnistRows, ...expansionRows, ...mirrorRows];
