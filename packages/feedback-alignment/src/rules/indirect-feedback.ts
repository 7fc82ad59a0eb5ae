import { ArgumentError, type NDArray, nn, random } from '@forback/core';
import { type LinearStep, runForward } from '../linear-steps';
import { type ProductLayer, size } from '../product-layer';
import type { FeedbackPass, FeedbackRule, OutputError } from '../rule';
import { checkInit } from './check-init';
import { commonExamples } from './direct-feedback';
import { useKey } from './layer-key';

/** Settings of indirect feedback. */
export interface IfaOptions {
  /** Draws B. Default: `nn.initializers.glorotUniform`, as for direct feedback. */
  init?: nn.Initializer;
}

/**
 * Indirect feedback alignment: the output's error e enters the first layer through a fixed random matrix and travels from
 * there forward, through the network's own weights: δ₁ = e B₁ ⊙ f′, δ₍l+1₎ = (δ_l W₍l+1₎) ⊙ f′, W with inputs first (after
 * Nøkland 2016; other readings put further random matrices in the place of W). The first layer is the first product of a
 * parameter on the way from the input; what lies in front of it learns nothing. Learning rates have to be small: the
 * weights amplify the error from layer to layer.
 *
 * It is defined for chains of products with elementwise activations between them (reshapes and transpositions are fine).
 * Residual sums, pooling and normalisation between two products of parameters get an error.
 *
 * @param key - uint32 [2].
 */
export function ifa(key: random.Key, options: IfaOptions = {}): FeedbackRule {
  const { init = nn.initializers.glorotUniform } = options;
  checkInit('ifa', init);
  return {
    name: 'ifa',
    sendForward: (steps, pass) => sendForward(steps, (layer, errors) => entering(layer, errors, pass, key, init)),
    sendBack: (layer, pass) => pass.forwarded.get(layer.name) ?? null,
  };
}

/** e B at the output of a first layer, summed over the output layers that it feeds. */
function entering(
  layer: ProductLayer,
  errors: readonly OutputError[],
  pass: FeedbackPass,
  key: random.Key,
  init: nn.Initializer,
): NDArray {
  const own = useKey(key, layer);
  return errors
    .map((error, i) => {
      const n = commonExamples(layer, error);
      const rows = error.array.reshape([n, -1]);
      const shape = [rows.shape[1] as number, size(layer.error.shape) / n];
      const name = errors.length === 1 ? layer.name : `${layer.name} from ${error.name}`;
      const make = () => init(i === 0 ? own : random.foldIn(own, i), shape, { dtype: layer.weight.dtype });
      return layer.outputFromRows(rows.matmul(pass.fixed(layer, name, shape, make)));
    })
    .reduce((sum, next) => sum.add(next));
}

/** What a variable of the linear program carries. */
interface Signal {
  /** The number of the product that it came out of. */
  readonly from: number;
  /** Its value, activations' derivatives included. */
  readonly tangent: NDArray;
  /** What came out of the last product, rearranged like the value but not multiplied by f′; null where that means nothing. */
  readonly ungated: NDArray | null;
}

function sendForward(
  steps: readonly LinearStep[],
  enter: (layer: ProductLayer, errors: readonly OutputError[]) => NDArray,
): Map<string, NDArray> {
  const signals = new Map<number, Signal>();
  const withInput = new Set(
    steps.flatMap(({ layer, through }) => (layer && through === 'input' ? [layer.operation] : [])),
  );
  const sent = new Map<string, NDArray>();
  // Where several products read one layer, errors add up on the way back: the first of them brings it.
  const answered = new Set<number>();
  for (const step of steps) {
    const { equation, layer, through, errors } = step;
    const arriving = equation.inputs.map((atom) => (atom.kind === 'var' && signals.get(atom.id)) || null);
    const [signal] = arriving.filter((found) => found !== null);
    let next: Signal | null = null;
    if (layer === null) {
      next = signal ? carry(step, arriving) : null;
    } else if (through === 'input' || !withInput.has(layer.operation)) {
      if (signal?.ungated === null) throw notAChain(layer);
      if (signal && !answered.has(signal.from)) {
        answered.add(signal.from);
        sent.set(layer.name, signal.ungated as NDArray);
      }
      if (errors.length > 0 && errors.every(({ name }) => name !== layer.name)) {
        const value = signal ? tangentOf(step, arriving) : enter(layer, errors);
        next = { from: layer.operation, tangent: value, ungated: value };
      }
    }
    if (next) signals.set((equation.outputs[0] as { id: number }).id, next);
  }
  return sent;
}

/** An operation between two products. */
function carry(step: LinearStep, arriving: readonly (Signal | null)[]): Signal {
  const { primitive } = step.equation;
  const present = arriving.filter((signal) => signal !== null);
  const [first] = present as [Signal];
  const tangent = tangentOf(step, arriving);
  const source = present.every(({ ungated }) => ungated === first.ungated) ? first.ungated : null;
  const carried = () => {
    if (source === null || tangent.size !== source.size) return null;
    if (primitive.relayout) return runForward(step, [source])[0] as NDArray;
    return primitive.elementwise ? source : null;
  };
  return { from: first.from, tangent, ungated: carried() };
}

function tangentOf(step: LinearStep, arriving: readonly (Signal | null)[]): NDArray {
  const tangents = arriving.map((signal) => signal?.tangent ?? null);
  return runForward(step, tangents)[0] as NDArray;
}

function notAChain({ name }: ProductLayer): ArgumentError {
  return new ArgumentError(
    `ifa: between ${name} and the product of a parameter before it stands more than elementwise operations (pooling, ` +
      'normalisation, a residual sum?); indirect feedback is defined for chains of layers. Use another rule, such as dfa',
  );
}
