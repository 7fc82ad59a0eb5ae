import { isLinearOperand, type LinearEquation, type NDArray, np, type Shape, type TransposeRule } from '@forback/core';
import { FeedbackStore } from './feedback';
import type { RecordedStep } from './linear-steps';
import { ProductLayer, sendsToInput } from './product-layer';
import type { FeedbackPass, FeedbackRule, OutputError, RuleOptions } from './rule';
import { weightUse } from './weight-use';

/** A parameter of the loss, in the order of the leaves. */
export interface Parameter {
  readonly path: string;
  readonly leaf: NDArray;
}

const none: ReadonlySet<OutputError> = new Set();

/** One gradient by a rule: the transpose rule for `grad`, and what it has seen. */
export class BackwardPass implements FeedbackPass {
  readonly store: FeedbackStore;
  /** Products that sent an error to their input, from the last to the first. */
  readonly layers: ProductLayer[] = [];
  /** The errors at the outputs of all products, by the layer's name. */
  readonly errors = new Map<string, NDArray>();
  /** What `record` has seen, from the last operation to the first. */
  readonly recorded: RecordedStep[] = [];
  /** What the rule sends to the inputs of layers by `sendForward`, by the layer's name. */
  forwarded: ReadonlyMap<string, NDArray> = new Map();
  /** What each product alone adds to the gradient of its weight, by the number of its operation. */
  private readonly weightGradients = new Map<number, NDArray | null>();
  private readonly rule: FeedbackRule;
  private readonly selected: readonly boolean[];
  /** Output layers whose error has come through a variable of the linear program. */
  private readonly reached = new Map<number, ReadonlySet<OutputError>>();
  private readonly outputErrorsOf = new Map<ProductLayer, ReadonlySet<OutputError>>();
  /** The products of each parameter, by the number of its leaf: their operations, from the last to the first. */
  private readonly uses = new Map<number, number[]>();

  constructor(
    options: RuleOptions,
    private readonly parameters: readonly Parameter[],
    readonly args: readonly unknown[],
  ) {
    const { rule, feedback, select = () => true } = options;
    this.rule = rule;
    this.store = new FeedbackStore(rule.name, feedback);
    this.selected = parameters.map(({ path, leaf }) => select(path, leaf));
  }

  fixed(layer: ProductLayer, name: string, shape: Shape, make: () => NDArray): NDArray {
    return this.store.get('fixed', name, { shape, dtype: layer.weight.dtype }, make);
  }

  learned(layer: ProductLayer, name: string, shape: Shape, make: () => NDArray): NDArray {
    return this.store.get('learned', name, { shape, dtype: layer.weight.dtype }, make);
  }

  outputErrors(layer: ProductLayer): readonly OutputError[] {
    return [...(this.outputErrorsOf.get(layer) ?? none)];
  }

  readonly transpose: TransposeRule = (equation, cotangents, standard) => {
    const { layer, through } = this.stepOf(equation, cotangents, standard);
    if (layer === null) return standard();
    if (through === 'weight') {
      this.errors.set(layer.name, layer.error);
      const sent = standard();
      this.weightGradients.set(layer.operation, sent[layer.weightSide] ?? null);
      return sent;
    }
    this.layers.push(layer);
    const sent = this.rule.sendBack(layer, this);
    return layer.weightSide === 1 ? [sent, null] : [null, sent];
  };

  /** Instead of `transpose`: writes down what lies between the errors and the parameters, at the cost of zeros. */
  readonly record: TransposeRule = (equation, cotangents, standard) => {
    const step = this.stepOf(equation, cotangents, standard);
    this.recorded.push({ equation, cotangents, ...step, errors: [...step.errors] });
    if (step.errors.size === 0) return standard();
    return equation.operands.map((x) => (isLinearOperand(x) ? np.zeros([...x.shape], { dtype: x.dtype }) : null));
  };

  /** The gradients of the learned feedback, given those of the parameters. */
  learn(gradients: readonly NDArray[]): { [name: string]: NDArray } {
    const learned: { [name: string]: NDArray } = {};
    for (const layer of this.layers) {
      const gradient = gradients[layer.leaf] as NDArray;
      // A sum of several contributions, or a rearranged one, would be another array.
      const alone = this.weightGradients.get(layer.operation) === gradient;
      const found = this.rule.learn?.(layer, this, { gradient, alone });
      if (found) learned[found[0]] = found[1];
    }
    return learned;
  }

  private stepOf(
    equation: LinearEquation,
    cotangents: readonly (NDArray | null)[],
    standard: Parameters<TransposeRule>[2],
  ): { layer: ProductLayer | null; through: 'input' | 'weight'; errors: ReadonlySet<OutputError> } {
    const arrived = union(equation.outputs.map((v) => this.reached.get(v.id) ?? none));
    const weight = weightUse(equation, this.parameters);
    const [error] = cotangents;
    if (weight === null || !error || !this.selected[weight.leaf]) {
      this.leave(equation, arrived);
      return { layer: null, through: 'input', errors: arrived };
    }
    const toInput = sendsToInput(equation, weight);
    const named = this.nameOf(weight.leaf, equation.source?.index ?? -1);
    const { leaf } = this.parameters[weight.leaf] as Parameter;
    const layer = new ProductLayer({ ...named, leaf: weight.leaf, weight: leaf }, equation, standard, weight, error);
    if (!toInput) return { layer, through: 'weight', errors: arrived };
    const errors = arrived.size > 0 ? arrived : new Set([{ name: layer.name, ...layer.errorRows() }]);
    this.outputErrorsOf.set(layer, errors);
    this.leave(equation, errors);
    return { layer, through: 'input', errors };
  }

  /** Both halves of a product's derivative, to its input and to its weight, have one name. */
  private nameOf(leaf: number, operation: number): { path: string; name: string; use: number } {
    const operations = this.uses.get(leaf) ?? [];
    this.uses.set(leaf, operations);
    if (!operations.includes(operation)) operations.push(operation);
    const use = operations.indexOf(operation) + 1;
    const path = (this.parameters[leaf] as Parameter).path || 'parameter';
    return { path, name: use === 1 ? path : `${path}@-${use}`, use };
  }

  private leave({ inputs }: LinearEquation, errors: ReadonlySet<OutputError>): void {
    if (errors.size === 0) return;
    for (const atom of inputs) {
      if (atom.kind === 'var') this.reached.set(atom.id, union([this.reached.get(atom.id) ?? none, errors]));
    }
  }
}

function union(sets: readonly ReadonlySet<OutputError>[]): ReadonlySet<OutputError> {
  const filled = sets.filter((set) => set.size > 0);
  return filled.length === 1 ? (filled[0] as ReadonlySet<OutputError>) : new Set(filled.flatMap((set) => [...set]));
}
