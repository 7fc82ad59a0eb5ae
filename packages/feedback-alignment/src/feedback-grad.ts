import { ArgumentError, ConcretizationError, type GradOptions, type NDArray, tree, valueAndGrad } from '@forback/core';
import { BackwardPass } from './backward-pass';
import type { Feedback } from './feedback';
import { replay } from './linear-steps';
import type { FeedbackRule, RuleOptions } from './rule';

/** Options of `feedbackGrad` and `feedbackValueAndGrad`. */
export interface FeedbackGradOptions extends RuleOptions {
  /** The loss returns `[loss, aux]`; `aux` is a tree that is passed through. Default: false. */
  hasAux?: boolean;
  /**
   * Check every error that reaches the output of a product of a parameter, and every one that the rule sends, instead of
   * the loss alone; each check waits for numbers. Inside `jit` and `vmap` there are none to check, and NaN goes its way.
   * Default: false.
   */
  checkFinite?: boolean;
}

/** The argument of the loss that holds the parameters. */
export type ParametersOf<Args extends unknown[], O> = O extends { argnums: infer N extends number } ? Args[N] : Args[0];

type Aux<R> = R extends readonly [NDArray | number, infer A] ? A : never;

/** Gradients of the learned feedback, by name; empty for rules that learn none. */
export interface LearnedGradient {
  [name: string]: NDArray;
}

/** What `feedbackValueAndGrad` gives. */
export type FeedbackValueAndGrad<Args extends unknown[], R, O> = [
  value: O extends { hasAux: true } ? [loss: NDArray, aux: Aux<R>] : NDArray,
  gradient: ParametersOf<Args, O>,
  learned: LearnedGradient,
];

/** What `feedbackGrad` gives. */
export type FeedbackGradient<Args extends unknown[], R, O> = O extends { hasAux: true }
  ? [gradient: ParametersOf<Args, O>, aux: Aux<R>]
  : ParametersOf<Args, O>;

/**
 * `grad` with another way back: errors go from the output of each product of a parameter (dense layer, einsum,
 * convolution) to its input by the rule. The model is written with plain operations and does not know.
 *
 * The error at the output layer is exact, weights and biases have the gradients that follow from the error at their
 * layer's output, and everything that is not a product of a parameter backpropagates.
 *
 * @param loss - returns a float scalar, or `[scalar, aux]` with `hasAux`.
 * @returns a function with the same arguments, giving what the rule puts in the place of the gradient.
 * @throws ArgumentError if no parameter meets a product, the feedback is not that of this model, or the loss (with
 * `checkFinite` also an error) is not finite where its numbers are known.
 */
export function feedbackGrad<Args extends unknown[], R, const O extends FeedbackGradOptions>(
  loss: (...args: Args) => R,
  options: O,
): (...args: Args) => FeedbackGradient<Args, R, O> {
  checkOptions('feedbackGrad', loss, options);
  return (...args) => {
    const { value, gradient } = runPass('feedbackGrad', loss, options, args);
    return (options.hasAux ? [gradient, (value as [NDArray, unknown])[1]] : gradient) as FeedbackGradient<Args, R, O>;
  };
}

/**
 * The same with the value of the loss, and with the gradient of the learned feedback for rules that have some.
 *
 * @returns a function with the same arguments, giving `[value, gradient, learned]`; `value` is `[loss, aux]` with
 * `hasAux`, and `learned` has the names of `feedback.learned`.
 * @throws ArgumentError as `feedbackGrad`.
 */
export function feedbackValueAndGrad<Args extends unknown[], R, const O extends FeedbackGradOptions>(
  loss: (...args: Args) => R,
  options: O,
): (...args: Args) => FeedbackValueAndGrad<Args, R, O> {
  checkOptions('feedbackValueAndGrad', loss, options);
  return (...args) => {
    const { value, gradient, pass } = runPass('feedbackValueAndGrad', loss, options, args);
    return [value, gradient, pass.learn(tree.leaves(gradient))] as FeedbackValueAndGrad<Args, R, O>;
  };
}

/**
 * Makes the feedback of a model: one array or more for each product of a parameter, from the rule's key. The loss is
 * evaluated once, so that shapes and layers are known; nothing else of the example data counts.
 *
 * @returns a function with the arguments of the loss, giving a tree of arrays to keep with the parameters.
 */
export function initFeedback<Args extends unknown[]>(
  loss: (...args: Args) => unknown,
  options: Omit<FeedbackGradOptions, 'feedback'>,
): (...args: Args) => Feedback {
  checkOptions('initFeedback', loss, options);
  return (...args) => runPass('initFeedback', loss, { ...options, feedback: undefined }, args).pass.store.feedback;
}

/** One gradient by a rule, with everything that was seen on the way. */
export function runPass<Args extends unknown[]>(
  where: string,
  loss: (...args: Args) => unknown,
  options: FeedbackGradOptions,
  args: Args,
): { value: unknown; gradient: unknown; pass: BackwardPass } {
  const { argnums = 0, hasAux = false } = options;
  const rule = options.checkFinite ? checked(where, options.rule) : options.rule;
  const parameters = tree.paths(args[argnums]);
  const pass = new BackwardPass({ ...options, rule }, parameters, args);
  const survey = rule.sendForward ? new BackwardPass({ ...options, rule }, parameters, args) : null;
  const gradOptions: GradOptions = { argnums, hasAux, transpose: survey?.record ?? pass.transpose };
  const [value, found] = valueAndGrad(loss, gradOptions)(...args) as [unknown, unknown];
  checkFinite(where, (hasAux ? (value as [NDArray, unknown])[0] : value) as NDArray);
  const gradient = survey ? replay(survey, pass, rule, args[argnums]) : found;
  if (pass.errors.size === 0) {
    throw new ArgumentError(
      `${where}: no selected parameter meets a product (matmul, einsum, dense, conv) with something that is not a ` +
        `parameter, so there is nothing for ${options.rule.name} to do. Use grad, or check argnums and select.`,
    );
  }
  return { value, gradient, pass };
}

/** @throws ArgumentError for anything but a loss and a rule, and for positions and selections that are none. */
export function checkOptions(where: string, loss: unknown, options: FeedbackGradOptions): void {
  if (typeof loss !== 'function') throw new ArgumentError(`${where}: expected a loss function, got ${typeof loss}`);
  if (typeof options?.rule?.sendBack !== 'function') {
    throw new ArgumentError(
      `${where}: expected options.rule to be a feedback rule such as fa(key), got ${typeof options?.rule}`,
    );
  }
  const { argnums = 0, select } = options;
  if (select !== undefined && typeof select !== 'function') {
    throw new ArgumentError(`${where}: expected select to be a function of path and parameter, got ${typeof select}`);
  }
  if (Number.isInteger(argnums) && argnums >= 0) return;
  throw new ArgumentError(`${where}: expected argnums to be one position from 0 on, got ${String(argnums)}`);
}

/** A loss whose number is not known yet (inside jit or vmap) passes. */
function checkFinite(where: string, loss: NDArray): void {
  const found = notFinite(loss);
  if (found === null) return;
  throw new ArgumentError(
    `${where}: the loss is ${found}, so no error can be sent back. Feedback rules often need a smaller learning rate than backpropagation.`,
  );
}

/** The same rule, with a look at each error. */
function checked(where: string, rule: FeedbackRule): FeedbackRule {
  const check = (errors: NDArray | null, what: string) => {
    const found = errors && notFinite(errors);
    if (found === null) return;
    throw new ArgumentError(
      `${where}: ${what} has ${found}. Try a smaller learning rate or feedback of a smaller scale, or clip the gradient.`,
    );
  };
  return {
    ...rule,
    sendBack(layer, pass) {
      check(layer.error, `the error at the output of ${layer.name}`);
      const sent = rule.sendBack(layer, pass);
      check(sent, `what ${rule.name} sends to the input of ${layer.name}`);
      return sent;
    },
  };
}

/** The first number that is not finite; null if there is none, or the numbers are not known yet. */
function notFinite(x: NDArray): number | null {
  try {
    return Array.from(x.dataSync(), Number).find((value) => !Number.isFinite(value)) ?? null;
  } catch (error) {
    if (error instanceof ConcretizationError) return null;
    throw error;
  }
}
