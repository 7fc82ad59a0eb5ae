import { jit, type NDArray, nn, np, optim, type random, valueAndGrad } from '@forback/core';
import type { Examples } from '@forback/forward-forward';

export interface BackpropagationState {
  params: nn.MlpParams;
  optimiser: unknown;
}

/** The same layers as the Forward-Forward network with a softmax on top, trained end to end with Adam. */
export class Backpropagation {
  private readonly network: nn.Layer<nn.MlpParams>;
  private readonly optimiser = optim.adam({ learningRate: 1e-3 });
  private readonly advance: (
    state: BackpropagationState,
    images: NDArray,
    labels: NDArray,
  ) => [BackpropagationState, NDArray];
  private readonly logits: (params: nn.MlpParams, images: NDArray) => NDArray;
  private state: BackpropagationState;

  constructor(sizes: readonly number[], key: random.Key) {
    this.network = nn.mlp(sizes);
    this.logits = jit((params: nn.MlpParams, images: NDArray) => this.network.apply(params, images), {
      name: 'logits',
    });
    this.advance = jit(
      (state: BackpropagationState, images: NDArray, labels: NDArray) => {
        const loss = (params: nn.MlpParams) =>
          nn.losses.softmaxCrossEntropy(this.network.apply(params, images), labels).mean();
        const [value, gradient] = valueAndGrad(loss)(state.params);
        const [updates, optimiser] = this.optimiser.update(gradient, state.optimiser as never, state.params);
        return [{ params: optim.applyUpdates(state.params, updates), optimiser }, value];
      },
      { donate: 0, name: 'backpropagation' },
    );
    const params = this.network.init(key);
    this.state = { params, optimiser: this.optimiser.init(params) };
  }

  step(images: NDArray, labels: NDArray): void {
    [this.state] = this.advance(this.state, images, labels);
  }

  errorRate({ images, labels }: Examples): number {
    let wrong = 0;
    const n = labels.shape[0] as number;
    for (let start = 0; start < n; start += 1000) {
      const predicted = np.argmax(this.logits(this.state.params, images.slice([start, start + 1000])), 1);
      wrong += np
        .notEqual(predicted, labels.slice([start, start + 1000]))
        .sum()
        .item();
    }
    return wrong / n;
  }
}
