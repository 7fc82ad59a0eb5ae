import { type NDArray, nn, np, random } from '@forback/core';
import { oneHotArgmax } from '../categorical';
import { checkCount } from '../checks';
import type { Draw, Estimator, ScoreDraw } from '../draw';
import { leaveOneOut, surrogateCost } from '../reinforce';
import { type ListOpsData, listOpsTokens } from './list-ops';

/** Settings of the tree model. */
export interface ListOpsTreeOptions {
  /** Of the choice which two neighbours are merged next. */
  estimator: Estimator;
  /** Width of embeddings and of the hidden state. Default: 32. */
  width?: number;
}

/** Parameters of the tree model with width d. */
export interface ListOpsTreeParams {
  /** [tokens, 2d]: hidden state and cell of each token. */
  leaves: NDArray;
  /** [2d, 5d] and [5d]: gates of a merge. */
  merge: { weight: NDArray; bias: NDArray };
  /** [d, 1] and [1]: how much a merge is wanted. */
  score: { weight: NDArray; bias: NDArray };
  /** [d, 10] and [10]. */
  classifier: { weight: NDArray; bias: NDArray };
}

/** A tree LSTM that chooses its own tree. */
export interface ListOpsTree {
  init(key: random.Key): ListOpsTreeParams;
  /** Cross-entropy of each example [n], in nats, with sampled trees. */
  loss(params: ListOpsTreeParams, data: ListOpsData, key: random.Key): NDArray;
  /** Most likely values, int32 [n], with the most likely merges. */
  predict(params: ListOpsTreeParams, data: Pick<ListOpsData, 'tokens' | 'lengths'>): NDArray;
}

/**
 * A sequence model with discrete latents: a binary tree LSTM (Tai et al. 2015, section 3.2) that merges two neighbours at a
 * time and draws which (as the Gumbel tree LSTM of Choi et al. 2018 does). Small, with learnt embeddings: not the experiment
 * of Liu et al. 2023, which uses pretrained ones.
 */
export function listOpsTree(options: ListOpsTreeOptions): ListOpsTree {
  const { estimator, width = 32 } = options;
  checkCount('listOpsTree', 'width', width);
  const merge = nn.dense({ in: 2 * width, out: 5 * width, init: nn.initializers.glorotNormal });
  const score = nn.dense({ in: width, out: 1, init: nn.initializers.glorotNormal });
  const classifier = nn.dense({ in: width, out: 10, init: nn.initializers.glorotNormal });

  /** The state [n, t − 1, 2d] of every pair of neighbours of [n, t, 2d], merged. */
  const mergePairs = (params: ListOpsTreeParams, nodes: NDArray): NDArray => {
    const t = nodes.shape[1] as number;
    const hidden = nodes.slice(null, null, [0, width]);
    const cells = nodes.slice(null, null, [width, 2 * width]);
    const left = (x: NDArray) => x.slice(null, [0, t - 1]);
    const right = (x: NDArray) => x.slice(null, [1, t]);
    const gates = merge.apply(params.merge, np.concatenate([left(hidden), right(hidden)], 2));
    const [input, forgetLeft, forgetRight, output, update] = np.split(gates, 5, 2) as [
      NDArray,
      NDArray,
      NDArray,
      NDArray,
      NDArray,
    ];
    const kept = nn
      .sigmoid(forgetLeft.add(1))
      .mul(left(cells))
      .add(nn.sigmoid(forgetRight.add(1)).mul(right(cells)));
    const cell = kept.add(nn.sigmoid(input).mul(np.tanh(update)));
    return np.concatenate([nn.sigmoid(output).mul(np.tanh(cell)), cell], 2);
  };

  /** Class logits [n, 10], and the choices as one draw whose logProb (if any) is [n, T − 1]. */
  const run = (
    params: ListOpsTreeParams,
    { tokens, lengths }: Pick<ListOpsData, 'tokens' | 'lengths'>,
    key: random.Key,
    choose: Estimator,
  ): { logits: NDArray; draws: (Draw | ScoreDraw)[] } => {
    let nodes = np.take(params.leaves, tokens);
    const draws: (Draw | ScoreDraw)[] = [];
    const steps = (tokens.shape[1] as number) - 1;
    for (let step = 0; step < steps; step++) {
      const pairs = steps - step;
      const merged = mergePairs(params, nodes);
      const wanted = score.apply(params.score, merged.slice(null, null, [0, width])).reshape([-1, pairs]);
      const left = lengths.sub(step + 1).reshape([-1, 1]);
      // Where the tree is finished nothing changes any more, and the choice is a matter of form.
      const unfinished = left.greater(0);
      const mask = np.arange(pairs).less(np.maximum(left, 1));
      const draw = choose(wanted, random.foldIn(key, step), { mask });
      draws.push(draw);
      const here = np.where(unfinished, draw.sample, 0);
      const upToHere = np.cumsum(here, 1);
      const at = (x: NDArray) => x.reshape([-1, pairs, 1]);
      nodes = nodes
        .slice(null, [0, pairs])
        .mul(at(upToHere.neg().add(1)))
        .add(merged.mul(at(here)))
        .add(nodes.slice(null, [1, pairs + 1]).mul(at(upToHere.sub(here))));
    }
    const root = nodes.slice(null, null, [0, width]).reshape([-1, width]);
    return { logits: classifier.apply(params.classifier, root), draws };
  };

  return {
    init(key) {
      const [leafKey, mergeKey, scoreKey, classifierKey] = random.split(key, 4);
      return {
        leaves: random.normal(leafKey, { shape: [listOpsTokens.length, 2 * width] }).mul(0.5),
        merge: merge.init(mergeKey),
        score: score.init(scoreKey),
        classifier: classifier.init(classifierKey),
      };
    },
    loss(params, data, key) {
      const { logits, draws } = run(params, data, key, estimator);
      const cost = nn.losses.softmaxCrossEntropy(logits, data.labels);
      const scores = draws.flatMap((draw) => ('logProb' in draw ? [draw.logProb] : []));
      const [first] = draws;
      if (first === undefined || scores.length === 0) return cost;
      return surrogateCost(cost, { ...first, logProb: np.stack(scores, 1) }, { baseline: leaveOneOut(cost) });
    },
    predict: (params, data) => np.argmax(run(params, data, random.key(0), mostLikely).logits, 1),
  };
}

/** The most likely category instead of a sample. */
function mostLikely(...[logits, , options = {}]: Parameters<Estimator>): Draw {
  const allowed = options.mask ? np.where(options.mask, logits, Number.NEGATIVE_INFINITY) : logits;
  return { sample: oneHotArgmax(allowed), probs: nn.softmax(allowed) };
}
