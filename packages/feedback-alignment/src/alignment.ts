import { ArgumentError, type NDArray, np, tree } from '@forback/core';
import type { BackwardPass } from './backward-pass';
import { checkOptions, runPass } from './feedback-grad';
import type { RuleOptions } from './rule';
import { backpropagation } from './rules/exact';

/**
 * How close a rule's learning is to backpropagation's in one layer; float scalars. Angles are in degrees. An angle or a
 * ratio is NaN where a norm that it divides by is below 10⁻¹².
 */
export interface LayerAlignment {
  /** Between the rule's gradient of the weight and the exact one. */
  readonly gradientAngle: NDArray;
  /** Norm of the rule's gradient over that of the exact one. */
  readonly gradientRatio: NDArray;
  /** Between the errors ∂L/∂z at the layer's output, the rule's and the exact one. */
  readonly errorAngle: NDArray;
  /** Norm of the rule's error over that of the exact one. */
  readonly errorRatio: NDArray;
  /** Norm of the rule's error. */
  readonly errorNorm: NDArray;
  /** Between feedback and weight: of the path B·R for product feedback, signs included; NaN where there is no such pair. */
  readonly weightAngle: NDArray;
  /** Norm of the feedback over that of the weight. */
  readonly weightRatio: NDArray;
}

/** One entry for each product of a parameter, by name; the first layer has no feedback. */
export interface Alignment {
  [layer: string]: LayerAlignment;
}

/**
 * Measures a rule against backpropagation on one batch. Take the same probe batch every time, of some hundred examples:
 * angles on single examples scatter.
 *
 * A small angle is necessary for good learning, not sufficient: compare accuracies with `shallow` as well.
 *
 * @returns a function with the arguments of the loss. It can be compiled: `jit(alignment(loss, { rule, feedback }))`.
 */
export function alignment<Args extends unknown[]>(
  loss: (...args: Args) => unknown,
  options: RuleOptions & { hasAux?: boolean },
): (...args: Args) => Alignment {
  checkOptions('alignment', loss, options);
  return (...args) => {
    const ruled = runPass('alignment', loss, options, args);
    const exact = runPass('alignment', loss, { ...options, rule: backpropagation(), feedback: undefined }, args);
    const [gradients, exactGradients] = [byPath(ruled.gradient), byPath(exact.gradient)];
    const pairs = feedbackPairs(ruled.pass, options);
    const entries = [...exact.pass.errors].map(([name, exactError]): [string, LayerAlignment] => {
      const path = name.replace(/@-\d+$/, '');
      const gradient = gradients.get(path) as NDArray;
      const exactGradient = exactGradients.get(path) as NDArray;
      const error = ruled.pass.errors.get(name) ?? np.zerosLike(exactError);
      const [feedback, weight] = pairs.get(name) ?? [np.zeros([1]), np.zeros([1])];
      return [
        name,
        {
          gradientAngle: angle(gradient, exactGradient),
          gradientRatio: ratio(gradient, exactGradient),
          errorAngle: angle(error, exactError),
          errorRatio: ratio(error, exactError),
          errorNorm: norm(error),
          weightAngle: angle(feedback, weight),
          weightRatio: ratio(feedback, weight),
        },
      ];
    });
    return Object.fromEntries(entries.reverse());
  };
}

/**
 * The angle between two arrays of one shape, taken as vectors, in degrees from 0 to 180; NaN if a norm is below 10⁻¹².
 *
 * @returns a float scalar.
 */
export function angle(a: NDArray, b: NDArray): NDArray {
  if (a.shape.join() !== b.shape.join()) {
    throw new ArgumentError(
      `angle: expected arrays of one shape, got [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`,
    );
  }
  const [u, v] = [unit(a), unit(b)];
  // 2 atan2(‖u − v‖, ‖u + v‖) is exact for small angles too, where the arc cosine loses half of the digits.
  return np.arctan2(norm(u.sub(v)), norm(u.add(v))).mul(360 / Math.PI);
}

const tiny = 1e-12;

function unit(x: NDArray): NDArray {
  return x.div(known(norm(x)));
}

function ratio(a: NDArray, b: NDArray): NDArray {
  return norm(a).div(known(norm(b)));
}

/** The norm, or NaN where it is too small to divide by. */
function known(length: NDArray): NDArray {
  return np.where(length.less(tiny), Number.NaN, length);
}

function norm(x: NDArray): NDArray {
  return np.sqrt(np.square(x).sum());
}

function byPath(gradient: unknown): Map<string, NDArray> {
  return new Map(tree.paths(gradient).map(({ path, leaf }) => [path || 'parameter', leaf]));
}

function feedbackPairs(pass: BackwardPass, { rule }: RuleOptions): Map<string, readonly [NDArray, NDArray]> {
  return new Map(
    pass.layers.flatMap((layer) => {
      const pair = rule.compare?.(layer, pass);
      return pair ? [[layer.name, pair] as const] : [];
    }),
  );
}
