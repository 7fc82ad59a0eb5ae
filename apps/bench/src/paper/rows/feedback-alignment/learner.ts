import { jit, type NDArray, np, optim, random, tree } from '@forback/core';
import {
  type Alignment,
  alignment,
  type Feedback,
  type FeedbackRule,
  feedbackValueAndGrad,
  initFeedback,
  type MirrorOptions,
  mirrorFeedback,
} from '@forback/feedback-alignment';
import type { StepPosition } from '../../shared/minibatches';

/** How a model learns by a feedback rule. */
export interface LearnerOptions {
  /** The rule; the key differs from batch to batch, which only brSF looks at. */
  rule(batchKey: random.Key): FeedbackRule;
  readonly optimiser: optim.GradientTransform<optim.ParamsTree>;
  /** Weight decay λ in an epoch counted from 0, of parameters and learned feedback alike. */
  decay(epoch: number): number;
  /** For the weight mirror: steps before training, and settings of those and of one step after each batch. */
  readonly mirror?: { readonly stepsBefore: number } & Omit<MirrorOptions, 'rule' | 'feedback' | 'key'>;
  readonly key: random.Key;
}

export interface LearnerState<Params> {
  readonly params: Params;
  readonly feedback: Feedback;
  readonly optimiser: optim.ParamsTree;
}

export interface Learner<Params> {
  readonly start: LearnerState<Params>;
  step(state: LearnerState<Params>, x: NDArray, y: NDArray, at: StepPosition): LearnerState<Params>;
  /** Against backpropagation, on a probe batch. */
  measure(state: LearnerState<Params>, x: NDArray, y: NDArray): Alignment;
}

/** Training steps of a mean loss by a feedback rule, compiled. The example batch only gives shapes. */
export function feedbackLearner<Params extends optim.ParamsTree>(
  loss: (params: Params, x: NDArray, y: NDArray) => NDArray,
  params: Params,
  example: readonly [x: NDArray, y: NDArray],
  { rule, optimiser, decay, mirror, key }: LearnerOptions,
): Learner<Params> {
  type State = LearnerState<Params>;
  const [batchKeys, mirrorKeys] = random.split(key);
  const feedback = initFeedback(loss, { rule: rule(batchKeys) })(params, ...example);

  const update = jit(
    (state: State, lambda: NDArray, batchKey: random.Key, x: NDArray, y: NDArray): State => {
      const options = { rule: rule(batchKey), feedback: state.feedback };
      const [, gradient, learned] = feedbackValueAndGrad(loss, options)(state.params, x, y);
      const trained = { params: state.params, learned: state.feedback.learned };
      const decayed = tree.map((g, p) => g.add(p.mul(lambda)), { params: gradient, learned }, trained);
      const [updates, next] = optimiser.update(decayed, state.optimiser, trained);
      const after = optim.applyUpdates(trained, updates as typeof trained);
      return {
        params: after.params,
        feedback: { fixed: state.feedback.fixed, learned: after.learned },
        optimiser: next,
      };
    },
    { donate: 0, name: 'feedback step' },
  );
  const reflect = jit(
    (current: Params, old: Feedback, stepKey: random.Key, x: NDArray, y: NDArray): Feedback =>
      mirrorFeedback(loss, { ...mirror, rule: rule(stepKey), feedback: old, key: stepKey })(current, x, y),
    { name: 'mirror step' },
  );
  const mirrored = (current: Params, old: Feedback, step: number) =>
    reflect(current, old, random.foldIn(mirrorKeys, step), ...example);
  const measured = jit(
    (state: State, x: NDArray, y: NDArray) =>
      alignment(loss, { rule: rule(batchKeys), feedback: state.feedback })(state.params, x, y),
    { name: 'alignment' },
  );

  let begun = feedback;
  const before = mirror?.stepsBefore ?? 0;
  for (let i = 0; i < before; i++) begun = mirrored(params, begun, i);
  return {
    start: { params, feedback: begun, optimiser: optimiser.init({ params, learned: feedback.learned }) },
    step(state, x, y, { epoch, step }) {
      const after = update(state, np.full([], decay(epoch)), random.foldIn(batchKeys, step), x, y);
      if (mirror === undefined) return after;
      return { ...after, feedback: mirrored(after.params, after.feedback, before + step) };
    },
    measure: measured,
  };
}

/** An angle of the alignment with a name for it, unless there is nothing to compare. */
export function angleOf(
  measured: Alignment,
  layer: string,
  metric: 'weightAngle' | 'gradientAngle' | 'errorAngle',
  name: string,
): Record<string, number> {
  const angle = measured[layer]?.[metric].item();
  return angle === undefined || Number.isNaN(angle) ? {} : { [name]: angle };
}
