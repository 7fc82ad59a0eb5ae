import type { FeedbackRule } from '../rule';

/** Backpropagation, as a rule: the exact gradient, for comparison. */
export function backpropagation(): FeedbackRule {
  return { name: 'backpropagation', sendBack: (layer) => layer.exact() };
}

/** Feedback through the weights as they are now: backpropagation again, by the road that other feedback takes. */
export function tied(): FeedbackRule {
  return {
    name: 'tied',
    sendBack: (layer) => layer.through(layer.weight),
    compare: ({ weight }) => [weight, weight],
  };
}

/**
 * Only output layers learn; no error reaches a hidden one. What hidden layers with random weights are worth: every rule
 * has to beat it.
 */
export function shallow(): FeedbackRule {
  return { name: 'shallow', sendBack: () => null };
}
