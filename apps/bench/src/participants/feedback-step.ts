import { jit, type NDArray, optim, random, valueAndGrad } from '@forback/core';
import {
  dfa,
  type FeedbackRule,
  fa,
  feedbackOptimizer,
  feedbackValueAndGrad,
  ifa,
  initFeedback,
  kolenPollack,
  pfa,
  pfaOrthogonal,
  uSF,
} from '@forback/feedback-alignment';
import type { FeedbackRuleName, Workload } from '../cases/case';
import { lossOf, type Params } from './forback-loss';
import { input, learningRate, type Prepared, parameters, type Task } from './participant';
import { toArray, toTensors } from './tensors';

const key = random.key(0);
const rules: Record<FeedbackRuleName, () => FeedbackRule> = {
  fa: () => fa(key),
  dfa: () => dfa(key),
  ifa: () => ifa(key),
  uSF: () => uSF(),
  kolenPollack: () => kolenPollack(key),
  'pfa-4': () => pfa(key, { expansion: 4 }),
  'pfa-o': () => pfaOrthogonal(key),
};

type FeedbackWorkload = Extract<Workload, { kind: 'feedback-step' }>;

/** Training steps by a rule, or by backpropagation. */
export function feedbackStep(task: Task, { sizes }: FeedbackWorkload, rule: FeedbackRuleName | null): Prepared {
  const loss = lossOf(task, { kind: 'mlp-step', sizes, loss: 'cross-entropy', optimiser: 'sgd' });
  const [x, y] = [toArray(input(task, 'x')), toArray(input(task, 'y'))];
  const initial = () => Object.fromEntries(parameters(task).map(([name, value]) => [name, toArray(value)]));
  const sgd = optim.sgd({ learningRate: learningRate.sgd });
  return rule === null ? plain() : ruled(rules[rule]());

  function plain(): Prepared {
    const start = () => ({ params: initial(), optimizer: sgd.init(initial()) });
    type State = ReturnType<typeof start>;
    const step = jit(
      (state: State): [State, NDArray] => {
        const [value, gradient] = valueAndGrad(loss)(state.params, x, y);
        const [updates, optimizer] = sgd.update(gradient, state.optimizer, state.params);
        return [{ params: optim.applyUpdates(state.params, updates), optimizer }, value];
      },
      { donate: 0, name: 'step' },
    );
    return training(start, step);
  }

  function ruled(by: FeedbackRule): Prepared {
    const optimizer = feedbackOptimizer(by, sgd);
    const feedback = initFeedback(loss, { rule: by })(initial(), x, y);
    const start = () => {
      // Copies, because the step takes its state over.
      const own = { params: initial(), feedback: { fixed: {}, learned: copies(feedback.learned) } };
      return { ...own, optimizer: optimizer.init(own) };
    };
    type State = ReturnType<typeof start>;
    const step = jit(
      (state: State): [State, NDArray] => {
        const whole = { fixed: feedback.fixed, learned: state.feedback.learned };
        const [value, gradient, learned] = feedbackValueAndGrad(loss, { rule: by, feedback: whole })(
          state.params,
          x,
          y,
        );
        const [after, next] = optimizer.update(gradient, learned, state.optimizer, state);
        return [{ ...after, optimizer: next } as State, value];
      },
      { donate: 0, name: 'step' },
    );
    return training(start, step);
  }
}

function copies(arrays: Readonly<Record<string, NDArray>>): Record<string, NDArray> {
  return Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, x.add(0)]));
}

function training<State extends { readonly params: Params }>(
  start: () => State,
  step: (state: State) => [State, NDArray],
): Prepared {
  let state: State;
  return {
    async results() {
      const [after, value] = step(start());
      return toTensors({ loss: value, ...after.params });
    },
    reset() {
      state = start();
    },
    iterate(count) {
      let value: NDArray | undefined;
      for (let i = 0; i < count; i++) [state, value] = step(state);
      value?.item();
    },
  };
}
