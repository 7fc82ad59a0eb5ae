import type { BenchCase, FeedbackRuleName } from './case';
import { mlpCase } from './train';

const sizes = [784, 512, 512, 10] as const;
const rules: readonly FeedbackRuleName[] = ['fa', 'dfa', 'ifa', 'uSF', 'kolenPollack', 'pfa-4', 'pfa-o'];

/** What a learning rule costs beside the plain gradient. They share the loss and the gradient of the output layer. */
export const feedbackCases: readonly BenchCase[] = rules.map((rule) => ({
  ...mlpCase({
    id: `feedback-${rule}`,
    group: 'learning rules',
    title: `sgd step of ${sizes.join('-')}, batch 128, ${rule} beside backpropagation`,
    sizes,
    batch: 128,
    loss: 'cross-entropy',
    optimiser: 'sgd',
    metric: { kind: 'time', unit: 'ms' },
    workload: { kind: 'feedback-step', sizes, rule },
  }),
  outputs: [
    { name: 'loss', tolerance: 1e-4 },
    { name: 'w2', tolerance: 1e-3, change: true },
  ],
  against: ['forback-grad'],
}));
