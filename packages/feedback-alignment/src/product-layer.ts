import {
  ArgumentError,
  bind,
  isLinearOperand,
  type LinearEquation,
  linearTranspose,
  type NDArray,
  np,
  type Shape,
  type TransposeOperand,
} from '@forback/core';
import { type DotAxes, dotAxes } from './dot-axes';
import { productKinds, type WeightUse } from './weight-use';

/** Numbers of the examples (batch, tokens) in front, what belongs to one of them in the last axis. */
export interface Rows {
  /** [n, features], where n is the product of `examples`. */
  readonly array: NDArray;
  /** The sizes of the axes that number examples. */
  readonly examples: Shape;
}

/** How a layer's weights look to it: its operand, seen as groups of matrices from inputs to outputs. */
export interface WeightShape {
  /** Independent blocks: groups of a convolution, or axes that a product carries along (heads of an attention). */
  readonly groups: number;
  /** Units or channels out of a block. */
  readonly outputs: number;
  /** Units into a block. */
  readonly inputs: number;
  /** Sizes of a convolution's kernel; empty for products of matrices. */
  readonly kernel: Shape;
}

interface ConvolutionShapes {
  readonly input: Shape;
  readonly weight: Shape;
  readonly output: Shape;
  readonly groups: number;
}

type Standard = (operands?: readonly TransposeOperand[]) => (NDArray | null)[];

type Kind = (typeof productKinds)[keyof typeof productKinds];

interface LayerParameter {
  /** Path of the parameter in the tree of parameters, such as `[0].weight`. */
  readonly path: string;
  /** The path, with `@-2`, `@-3`, ... for all but the last use of a weight that is used several times. */
  readonly name: string;
  /** 1 for the last use of the weight in the model, 2 for the one before it. */
  readonly use: number;
  /** Position of the parameter among the leaves of the tree. */
  readonly leaf: number;
  /** The parameter, as it stands in the tree. */
  readonly weight: NDArray;
}

/**
 * A product of a parameter and an input (a dense layer, an einsum, a convolution) at the moment when its error is about
 * to be sent to its input.
 */
export class ProductLayer implements LayerParameter {
  readonly path: string;
  readonly name: string;
  readonly use: number;
  readonly leaf: number;
  readonly weight: NDArray;
  readonly kind: Kind;
  /** The error at the layer's output, ∂L/∂z or what stands for it; shape of the output. */
  readonly error: NDArray;
  private readonly inputSide: 0 | 1;

  constructor(
    parameter: LayerParameter,
    private readonly equation: LinearEquation,
    private readonly standard: Standard,
    private readonly weightUse: WeightUse,
    error: NDArray,
  ) {
    this.path = parameter.path;
    this.name = parameter.name;
    this.use = parameter.use;
    this.leaf = parameter.leaf;
    this.weight = parameter.weight;
    this.kind = productKinds[equation.primitive.name as keyof typeof productKinds];
    this.error = error;
    this.inputSide = weightUse.side === 1 ? 0 : 1;
  }

  /** What backpropagation sends to the input. */
  exact(): NDArray {
    return this.standard()[this.inputSide] as NDArray;
  }

  /** The same through another array of the parameter's shape. */
  through(replacement: NDArray): NDArray {
    const operands = [...this.equation.operands];
    operands[this.weightUse.side] = this.weightUse.rearrange(replacement);
    return this.standard(operands)[this.inputSide] as NDArray;
  }

  /** The product with another input. */
  apply(input: NDArray): NDArray {
    return this.bind(input, this.weight);
  }

  /** The gradient of the weight, in the parameter's shape, for another input and another error. */
  weightGradient(input: NDArray, error: NDArray): NDArray {
    return linearTranspose((weight: NDArray) => this.bind(input, weight), [this.weight])(error)[0];
  }

  private bind(input: NDArray, weight: NDArray): NDArray {
    const used = this.weightUse.rearrange(weight);
    const operands = this.weightUse.side === 1 ? [input, used] : [used, input];
    return bind(this.equation.primitive, operands, this.equation.params)[0] as NDArray;
  }

  get weightShape(): WeightShape {
    if (this.kind === 'dense') {
      const { pairs, weightFree, contracted } = this.axes;
      return { groups: size(pairs), outputs: size(weightFree), inputs: size(contracted), kernel: [] };
    }
    const { weight, groups } = this.equation.params as ConvolutionShapes;
    const [first, second, ...kernel] = weight as [number, number, ...number[]];
    return this.kind === 'conv'
      ? { groups, outputs: first / groups, inputs: second, kernel }
      : { groups, outputs: second, inputs: first / groups, kernel };
  }

  /** For initialisers, which cannot tell them from the shapes of einsums, groups and transposed convolutions. */
  get fans(): { readonly fanIn: number; readonly fanOut: number } {
    const { inputs, outputs, kernel } = this.weightShape;
    const taps = size(kernel);
    return { fanIn: inputs * taps, fanOut: outputs * taps };
  }

  /**
   * An array of the parameter's shape as the layer sees it: [groups · outputs, inputs, ...kernel], in the paper's
   * orientation (outputs first).
   */
  arrangeWeight(parameter: NDArray): NDArray {
    const operand = this.weightUse.rearrange(parameter);
    if (this.kind === 'conv') return operand;
    this.refuseTransposed();
    const { repeated } = this.weightUse;
    const once = operand.slice(...operand.shape.map((n, axis): [number, number] => [0, repeated[axis] ? 1 : n]));
    const { pairs, weightFree, contracted, weightOrder } = this.axes;
    return once.transpose(weightOrder).reshape([size(pairs) * size(weightFree), size(contracted)]);
  }

  /** The error as rows: examples by outputs. */
  errorRows(): Rows {
    const { error } = this;
    if (this.kind !== 'dense') return rowsOf(error, 1);
    const { examples, outputOrder } = this.axes;
    return rowsOf(error.transpose(outputOrder), examples.length);
  }

  /** The axes of the input that number examples. */
  get inputExamples(): Shape {
    return this.kind === 'dense' ? this.axes.examples : this.input.shape.slice(0, 1);
  }

  /** The input of a product of matrices as rows: examples by features. */
  inputRows(): NDArray {
    const { examples, inputOrder } = this.axes;
    const order = inputOrder.map((_, axis) => inputOrder.indexOf(axis));
    const input = this.equation.source?.inputs[this.inputSide] as NDArray;
    return input.transpose(order).reshape([size(examples), -1]);
  }

  /** Position of the weight among the operands of the operation. */
  get weightSide(): 0 | 1 {
    return this.weightUse.side;
  }

  /** The number of the layer's operation in the model. */
  get operation(): number {
    return this.equation.source?.index ?? -1;
  }

  /** An array of the input's shape from rows of what belongs to one example. */
  inputFromRows(rows: NDArray): NDArray {
    if (this.kind !== 'dense') return rows.reshape(this.input.shape);
    const { examples, pairs, contracted, inputOrder } = this.axes;
    return rows.reshape([...examples, ...pairs, ...contracted]).transpose(inputOrder);
  }

  /** An array of the output's shape from rows of what belongs to one example. */
  outputFromRows(rows: NDArray): NDArray {
    if (this.kind !== 'dense') return rows.reshape(this.error.shape);
    const { examples, pairs, weightFree, outputOrder } = this.axes;
    const order = outputOrder.map((_, axis) => outputOrder.indexOf(axis));
    return rows.reshape([...examples, ...pairs, ...weightFree]).transpose(order);
  }

  /**
   * The error through two arrays instead of one, (error · expand) · back: product feedback.
   *
   * @param expand - [groups · outputs, middle]: from the outputs of each group to its middle units.
   * @param back - [groups · middle, inputs, ...kernel].
   */
  throughProduct(expand: NDArray, back: NDArray): NDArray {
    this.refuseTransposed();
    const { groups, outputs, inputs } = this.weightShape;
    const middle = expand.shape[1] as number;
    if (this.kind === 'dense') {
      const { array } = this.errorRows();
      if (groups === 1) return this.inputFromRows(array.matmul(expand).matmul(back));
      const blocks = array.reshape([-1, groups, outputs]);
      const hidden = np.einsum('ngo,gom->ngm', blocks, expand.reshape([groups, outputs, middle]));
      return this.inputFromRows(np.einsum('ngm,gmi->ngi', hidden, back.reshape([groups, middle, inputs])));
    }
    const [n, , ...space] = this.error.shape as [number, number, ...number[]];
    const blocks = this.error.reshape([n, groups, outputs, size(space)]);
    const hidden = np
      .einsum('ngos,gom->ngms', blocks, expand.reshape([groups, outputs, middle]))
      .reshape([n, groups * middle, ...space]);
    return this.convolveBack(hidden, back, groups);
  }

  /** The error of every example, spread over the layer's positions, through a kernel [features, channels in, ...kernel]. */
  throughTiled(rows: NDArray, kernel: NDArray): NDArray {
    const { output } = this.equation.params as ConvolutionShapes;
    const [n, features] = rows.shape as [number, number];
    const space = output.slice(2);
    const tiled = np.broadcastTo(rows.reshape([n, features, ...space.map(() => 1)]), [n, features, ...space]);
    return this.convolveBack(tiled, kernel, 1);
  }

  /** The type of the layer's input. */
  get input(): { readonly shape: Shape; readonly dtype: NDArray['dtype'] } {
    return this.equation.operands[this.inputSide] as TransposeOperand;
  }

  private convolveBack(error: NDArray, kernel: NDArray, groups: number): NDArray {
    const params = { ...this.equation.params, weight: kernel.shape, output: error.shape, groups };
    const operands = [...this.equation.operands];
    operands[this.weightUse.side] = kernel;
    return this.equation.primitive.transpose([error], operands, params)[this.inputSide] as NDArray;
  }

  private refuseTransposed(): void {
    if (this.kind !== 'convTranspose') return;
    throw new ArgumentError(
      `feedback for ${this.path}: product feedback through a transposed convolution is not defined; ` +
        'leave the parameter out with `select`, or use another rule',
    );
  }

  private get axes(): DotAxes {
    const { operands, params } = this.equation;
    const shapes = operands.map((operand) => operand.shape) as [Shape, Shape];
    return dotAxes(params, shapes, this.weightUse.side, this.weightUse.repeated);
  }
}

/** Whether a linear operation of a product is the half that sends the error to the input. */
export function sendsToInput({ operands }: LinearEquation, { side }: WeightUse): boolean {
  return isLinearOperand(operands[side === 1 ? 0 : 1] as TransposeOperand);
}

function rowsOf(array: NDArray, exampleAxes: number): Rows {
  const examples = array.shape.slice(0, exampleAxes);
  return { array: array.reshape([size(examples), size(array.shape.slice(exampleAxes))]), examples };
}

/** Number of elements of a shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}
