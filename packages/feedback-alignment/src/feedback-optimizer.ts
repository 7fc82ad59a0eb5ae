import { array, ConcretizationError, np, optim } from '@forback/core';
import type { Feedback } from './feedback';
import type { LearnedGradient } from './feedback-grad';
import type { FeedbackRule } from './rule';

/** Parameters and their feedback, which are trained together. */
export interface TrainedTogether<Params> {
  readonly params: Params;
  readonly feedback: Feedback;
}

/** An optimiser of parameters and learned feedback. */
export interface FeedbackOptimizer<State> {
  /** The state before the first update. */
  init<Params>(trained: TrainedTogether<Params>): State;
  /**
   * Parameters and feedback after one update, and the state for the next. Fixed feedback stays as it is.
   *
   * @param gradient - and `learned`: what `feedbackValueAndGrad` gives.
   */
  update<Params>(
    gradient: Params,
    learned: LearnedGradient,
    state: State,
    trained: TrainedTogether<Params>,
  ): [trained: TrainedTogether<Params>, state: State];
}

/**
 * One optimiser for the parameters and the learned feedback, with the same rates and the same weight decay, which is what
 * aligns them.
 *
 * Warns, once for each rule, if the rule learns its feedback (Kolen–Pollack, product feedback) and the optimiser scales
 * each number by itself, as Adam and RMSprop do: then R − BᵀW does not die out (Ji-An and Benna 2024 use SGD). Found out by
 * a trial: ten updates of two numbers.
 */
export function feedbackOptimizer<State>(
  rule: FeedbackRule,
  optimizer: optim.GradientTransform<State>,
): FeedbackOptimizer<State> {
  if (rule.learn && !warned.has(rule.name) && scalesNumbers(optimizer)) {
    warned.add(rule.name);
    console.warn(
      `${rule.name}: this optimiser scales each number by itself, as Adam does, so the learned feedback will not align ` +
        'with the weights. Use SGD, with or without momentum, and weight decay.',
    );
  }
  return {
    init: ({ params, feedback }) => optimizer.init({ params, learned: feedback.learned }),
    update(gradient, learned, state, { params, feedback }) {
      const trained = { params, learned: feedback.learned };
      const [updates, next] = optimizer.update({ params: gradient, learned }, state, trained as never);
      const after = optim.applyUpdates(trained, updates);
      return [{ params: after.params, feedback: { ...feedback, learned: after.learned } }, next];
    },
  };
}

const warned = new Set<string>();

/** Whether a gradient that is twice as large does not give an update that is twice as large. */
function scalesNumbers<State>(optimizer: optim.GradientTransform<State>): boolean {
  const params = np.zeros([2]);
  const gradient = array([1e-3, 2e-3]);
  try {
    let state = optimizer.init(params);
    for (let i = 0; i < 10; i++) {
      const [updates, next] = optimizer.update(gradient, state, params);
      const [small = 0, large = 0] = updates.dataSync();
      if (small !== 0 && Math.abs(Number(large) / Number(small) - 2) > 0.05) return true;
      state = next;
    }
  } catch (error) {
    // Inside a compiled function there are no numbers yet.
    if (!(error instanceof ConcretizationError)) throw error;
  }
  return false;
}
