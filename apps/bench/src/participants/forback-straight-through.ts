import { categoricalVaeStep } from './categorical-vae';
import { forback } from './forback';
import { type Participant, Unsupported } from './participant';

/** forback with straight-through where the case says ReinMax. */
export const forbackStraightThrough: Participant = {
  start: (settings) => forback.start(settings),
  prepare(task) {
    const { workload } = task;
    if (workload.kind !== 'categorical-vae-step') throw new Unsupported('no discrete choices');
    return categoricalVaeStep(task, workload, 'straightThrough');
  },
};
