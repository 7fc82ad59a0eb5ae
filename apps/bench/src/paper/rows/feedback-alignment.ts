import { randomTargetRows } from './feedback-alignment/direct-random-targets';
import { expansionRows } from './feedback-alignment/expansion';
import { lenetRows } from './feedback-alignment/lenet';
import { mirrorRows } from './feedback-alignment/mirror-and-kolen-pollack';
import { mnistRows } from './feedback-alignment/mnist';
import { pepitaRows } from './feedback-alignment/pepita';

export default [...mnistRows, ...expansionRows, ...mirrorRows, ...randomTargetRows, ...pepitaRows, ...lenetRows];
