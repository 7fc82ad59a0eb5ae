import { feedbackStep } from './feedback-step';
import { forback } from './forback';
import { type Participant, Unsupported } from './participant';

/** forback with the plain gradient in the place of a learning rule. */
export const forbackGrad: Participant = {
  start: (settings) => forback.start(settings),
  prepare(task) {
    if (task.workload.kind === 'feedback-step') return feedbackStep(task, task.workload, null);
    throw new Unsupported('only where there is a learning rule');
  },
};
