import { ArgumentError, type NDArray, nn, np, random } from '@forback/core';
import { type ProductLayer, size } from '../product-layer';
import type { FeedbackPass, FeedbackRule } from '../rule';
import { useKey } from './layer-key';

/** Settings of product feedback. */
export interface PfaOptions {
  /** Middle units for each output, r. Default: 10 (Ji-An and Benna 2024, all experiments). */
  expansion?: number;
  /** Share of the connections of B and R that exist, from above 0 to 1. Default: 1. */
  density?: number;
}

/**
 * Product feedback alignment: δ₍l−1₎ = ((δ_l B_l) R_l) ⊙ f′ with a fixed B and a learned R, dR = Bᵀ dW (Ji-An and Benna
 * 2024, arXiv 2405.20594). R − BᵀW shrinks by 1 − ηλ in each step, so that B·R turns to BBᵀW ≈ W. Train
 * `feedback.learned` with the parameters, with weight decay λ, and not with Adam.
 *
 * @param key - uint32 [2].
 */
export function pfa(key: random.Key, options: PfaOptions = {}): FeedbackRule {
  const { expansion = 10, density = 1 } = options;
  if (!(expansion > 0 && Number.isFinite(expansion))) {
    throw new ArgumentError(`pfa: expected expansion to be a finite number above 0, got ${expansion}`);
  }
  if (!(density > 0 && density <= 1)) {
    throw new ArgumentError(`pfa: expected density to be above 0 and at most 1, got ${density}`);
  }
  return productFeedback('pfa', key, {
    density,
    middle: (outputs) => Math.max(1, Math.round(expansion * outputs)),
    // Variance 1 / middle (and more for the connections that are left), so that E[BBᵀ] = I.
    expand: (expandKey, shape, dtype) => {
      const limit = Math.sqrt(3 / ((shape[1] as number) * density));
      const dense = random.uniform(expandKey, { shape, dtype, minval: -limit, maxval: limit });
      return density === 1 ? dense : dense.mul(connections(random.foldIn(expandKey, 1), shape, dense.dtype, density));
    },
  });
}

/**
 * PFA-o: product feedback with as many middle units as outputs and a random orthogonal B, so that BBᵀ = I. Under SGD it
 * is Kolen–Pollack with Q = B·R (Ji-An and Benna 2024).
 *
 * @param key - uint32 [2].
 */
export function pfaOrthogonal(key: random.Key): FeedbackRule {
  return productFeedback('pfaOrthogonal', key, {
    density: 1,
    middle: (outputs) => outputs,
    expand: (expandKey, [rows, columns], dtype) => {
      const groups = (rows as number) / (columns as number);
      const keys = random.split(expandKey, groups);
      return np.concatenate(keys.map((k) => random.orthogonal(k, columns as number, columns as number, { dtype })));
    },
  });
}

interface Design {
  readonly density: number;
  middle(outputs: number): number;
  /** B of all groups: [groups · outputs, middle]. */
  expand(key: random.Key, shape: readonly number[], dtype: NDArray['dtype']): NDArray;
}

function productFeedback(name: string, key: random.Key, design: Design): FeedbackRule {
  const arraysOf = (layer: ProductLayer, pass: FeedbackPass) => {
    const { groups, outputs, inputs, kernel } = layer.weightShape;
    const { dtype } = layer.weight;
    const middle = design.middle(outputs);
    const backShape = [groups * middle, inputs, ...kernel];
    const [expandKey, backKey, maskKey] = random.split(useKey(key, layer), 3);
    const expandShape = [groups * outputs, middle];
    const expand = pass.fixed(layer, layer.name, expandShape, () => design.expand(expandKey, expandShape, dtype));
    const mask =
      design.density === 1
        ? null
        : pass.fixed(layer, `${layer.name} mask`, backShape, () =>
            connections(maskKey, backShape, dtype, design.density),
          );
    const fans = { fanIn: layer.fans.fanIn, fanOut: middle * size(kernel) };
    const back = pass.learned(layer, layer.name, backShape, () =>
      nn.initializers.glorotUniform(backKey, backShape, { dtype, ...fans }),
    );
    return { expand, mask, back: mask ? back.mul(mask) : back };
  };
  return {
    name,
    sendBack(layer, pass) {
      const { expand, back } = arraysOf(layer, pass);
      return layer.throughProduct(expand, back);
    },
    learn(layer, pass, { gradient, alone }) {
      const { expand, mask } = arraysOf(layer, pass);
      const { groups, outputs } = layer.weightShape;
      // Both are Bᵀ dW; a small batch makes uᵀh the cheaper one.
      const fromActivity = alone && layer.kind === 'dense' && groups === 1 && size(layer.inputExamples) < outputs;
      const dR = fromActivity
        ? layer.errorRows().array.matmul(expand).T.matmul(layer.inputRows())
        : expandGradient(expand, layer.arrangeWeight(gradient), groups);
      return [layer.name, mask ? dR.mul(mask) : dR];
    },
    compare(layer, pass) {
      const { expand, back } = arraysOf(layer, pass);
      const { groups, outputs } = layer.weightShape;
      const middle = expand.shape[1] as number;
      const path = np.einsum(
        'gom,gmi->goi',
        expand.reshape([groups, outputs, middle]),
        back.reshape([groups, middle, -1]),
      );
      const weight = layer.arrangeWeight(layer.weight);
      return [path.reshape(weight.shape), weight];
    },
  };
}

/** Bᵀ dW, group by group: [groups · middle, inputs, ...kernel]. */
function expandGradient(expand: NDArray, gradient: NDArray, groups: number): NDArray {
  const [rows, middle] = expand.shape as [number, number];
  const outputs = rows / groups;
  const blocks = gradient.reshape([groups, outputs, -1]);
  return np
    .einsum('gom,goi->gmi', expand.reshape([groups, outputs, middle]), blocks)
    .reshape([groups * middle, ...gradient.shape.slice(1)]);
}

function connections(key: random.Key, shape: readonly number[], dtype: NDArray['dtype'], density: number): NDArray {
  return random.bernoulli(key, density, { shape: [...shape] }).astype(dtype);
}
