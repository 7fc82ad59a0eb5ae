import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  array,
  ConcretizationError,
  checkpoint,
  customJvp,
  customVjp,
  DifferentiationError,
  DonatedArrayError,
  DTypeError,
  ForbackError,
  grad,
  hessian,
  hvp,
  init,
  jacfwd,
  jacrev,
  jit,
  jvp,
  LeakedTracerError,
  linalg,
  linearize,
  linearTranspose,
  type NDArray,
  np,
  printProgram,
  ShapeError,
  TreeError,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from '../src/index';

type Failure = [run: () => unknown, kind: new (message: string) => Error, message: string];

/** Each call throws an error of that class with exactly that message. */
function failures(table: Record<string, Failure>): void {
  test.each(Object.entries(table))('%s', (_name, [run, kind, message]) => {
    let caught: unknown;
    try {
      run();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(kind);
    expect((caught as Error).message).toBe(message);
    if (kind !== RangeError) {
      expect((caught as Error).name).toBe(kind.name);
      expect(ForbackError.isInstance(caught)).toBe(true);
    }
  });
}

/** For calls that the types forbid. */
const wrong = (value: unknown) => value as never;

const x = array([1, 2, 3]);
const m = np.ones([2, 3]);
const i = array([1, 2], { dtype: 'int32' });
const leafHelp = 'a tree holds arrays, numbers and booleans in plain objects and lists (null where there is nothing)';
const leakHelp =
  'whose function has already returned. Do not store intermediate arrays outside the function: return them (hasAux) instead.';
const tracedHelp =
  'Use np.where instead of if, shapes instead of values, or pass the value as a static argument (staticArgnums).';
const scalarHelp = 'Reduce it with mean() or sum(), use hasAux for further outputs, or jacrev for the whole Jacobian.';

describe('shapes', () => {
  failures({
    'that do not broadcast': [
      () => x.add(array([1, 2])),
      ShapeError,
      'add: shapes [3] and [2] do not broadcast: axis -1 has sizes 3 and 2; make them equal or one of them 1',
    ],
    'of a matrix product': [
      () => np.matmul(m, m),
      ShapeError,
      'matmul: shapes [2, 3] and [2, 3] do not fit: the last axis of the first has size 3, axis 0 of the second 2',
    ],
    'of a scalar in a matrix product': [
      () => np.matmul(array(1), m),
      ShapeError,
      'matmul: expected vectors or matrices, got a scalar; use multiply',
    ],
    'of contracted axes': [
      () => np.tensordot(m, m, 1),
      ShapeError,
      'dot: contracted axes must have equal sizes, got axis 1 of float32[2, 3] and axis 0 of float32[2, 3]',
    ],
    'with an axis contracted twice': [
      () =>
        np.dotGeneral(m, m, {
          contract: [
            [0, 0],
            [0, 0],
          ],
          batch: [[], []],
        }),
      ShapeError,
      'dot: expected each axis once, got axes [0, 0]',
    ],
    'that a reshape cannot have': [
      () => m.reshape([4]),
      ShapeError,
      'reshape: [2, 3] has 6 elements, which do not fit in [4]',
    ],
    'with two unknown sizes': [
      () => m.reshape([-1, -1]),
      ShapeError,
      'reshape: at most one size may be -1, got [-1, -1]',
    ],
    'with NaN': [
      () => np.zeros([Number.NaN]),
      ShapeError,
      'zeros: expected sizes to be whole numbers of 0 or more, got shape [NaN]',
    ],
    'that are no lists': [() => np.zeros(wrong(3)), ShapeError, 'zeros: expected shape to be an array of sizes, got 3'],
    'to broadcast to': [() => np.broadcastTo(m, [3]), ShapeError, 'broadcastTo: [2, 3] does not broadcast to [3]'],
    'to concatenate': [
      () => np.concatenate([m, x]),
      ShapeError,
      'concatenate: expected shapes that agree outside axis 0, got float32[2, 3], float32[3]',
    ],
    'to stack': [() => np.stack([m, x]), ShapeError, 'stack: expected arrays of one shape, got [2, 3] and [3]'],
    'that do not split': [() => np.split(x, 2), ShapeError, 'split: axis 0 of [3] does not fall into 2 equal parts'],
    'of updates': [() => np.scatterAdd(x, [0], m), ShapeError, 'scatterAdd: expected updates of shape [1], got [2, 3]'],
    'of nothing to reduce': [
      () => np.max(np.zeros([2, 0]), 1),
      ShapeError,
      'reduceMax: float32[2, 0] has no elements to take the extremum of',
    ],
    'of no smallest position': [
      () => np.argmin(np.zeros([0, 2]), 0),
      ShapeError,
      'argmin: axis 0 of float32[0, 2] is empty',
    ],
    'of matrices that are not square': [
      () => linalg.cholesky(m),
      ShapeError,
      'cholesky: expected square matrices, got shape [2, 3]',
    ],
    'of an item': [
      () => x.item(),
      ArgumentError,
      'item: expected an array with one element, got float32[3]; reduce or index it first',
    ],
    'to iterate over': [() => [...array(1)], ArgumentError, 'a scalar cannot be iterated over; read it with item()'],
    'of lists of lists': [
      () => array([[1, 2], [3]]),
      ShapeError,
      'array: ragged list: expected 2 at data[1], got 1 elements',
    ],
    'of a list among numbers': [
      () => array(wrong([1, [2]])),
      ShapeError,
      'array: ragged list: expected a number at data[1], got 1 elements',
    ],
    'of a number among lists': [
      () => array(wrong([[1], 2])),
      ShapeError,
      'array: ragged list: expected a list of 1 at data[1], got 2',
    ],
    'of flat data': [() => array([1, 2, 3], { shape: [2] }), ShapeError, 'array: shape [2] takes 2 elements, got 3'],
  });
});

describe('axes and positions', () => {
  failures({
    'out of range': [
      () => np.sum(x, 3),
      ShapeError,
      'sum: axis 3 does not exist: expected a whole number from -1 to 0 for an array of rank 1',
    ],
    'that are fractions': [
      () => np.sum(x, 0.5),
      ShapeError,
      'sum: axis 0.5 does not exist: expected a whole number from -1 to 0 for an array of rank 1',
    ],
    'of a scalar': [
      () => np.sum(array(1), 0),
      ShapeError,
      'sum: axis 0 does not exist: a scalar has no axes for an array of rank 0',
    ],
    'named twice': [() => np.sum(m, [0, -2]), ShapeError, 'sum: expected each axis once, got axes [0, 0]'],
    'that are no permutation': [
      () => m.transpose([0, 0]),
      ShapeError,
      'transpose: expected a permutation of the 2 axes, got [0, 0]',
    ],
    'at an index outside': [() => x.at(7), ShapeError, 'at: index 7 lies outside axis 0 of [3]'],
    'of too many ranges': [() => x.slice([0, 1], [0, 1]), ShapeError, 'slice: 2 ranges for an array of shape [3]'],
    'in negative steps': [
      () => x.slice([0, 1, -1]),
      ArgumentError,
      'slice: expected a whole step of 1 or more, got -1',
    ],
    'of a slice that are NaN': [
      () => x.slice([Number.NaN, 1]),
      ArgumentError,
      'slice: expected whole positions, got NaN',
    ],
    'to take that are fractions': [() => np.take(x, [0.5]), ArgumentError, 'take: expected whole indices, got 0.5'],
    'to take that are floats': [
      () => np.take(x, x),
      DTypeError,
      "take: expected integer indices, got float32[3]; convert with astype('int32')",
    ],
    'to take outside the axis': [
      () => np.take(x, [7]),
      RangeError,
      'gather: index 7 at position [0] of the indices (shape [1]) is out of range: axis 0 of the operand (shape [3]) takes ' +
        'indices in [0, 3). Clip the indices, or mask what they select.',
    ],
    'to take outside the axis, known only when it runs': [
      () => jit((a: NDArray, at: NDArray) => np.take(a, at))(x, array([0, -4], { dtype: 'int32' })),
      RangeError,
      'gather: index -1 at position [1] of the indices (shape [2]) is out of range: axis 0 of the operand (shape [3]) takes ' +
        'indices in [0, 3). Clip the indices, or mask what they select.',
    ],
    'of a block': [
      () => np.dynamicSlice(x, [0, 0], [1]),
      ShapeError,
      'dynamicSlice: expected 1 start positions, one for each axis, got 2',
    ],
    'of more than there is': [
      () => np.topK(x, 9),
      ArgumentError,
      'topK: expected k from 0 to 3, the size of axis -1, got 9',
    ],
    'that would go on for ever': [
      () => np.arange(0, Number.NaN),
      ArgumentError,
      'arange: expected finite numbers and a step other than 0, got 0, NaN, 1',
    ],
  });
});

describe('dtypes and operands', () => {
  failures({
    'that do not exist': [
      () => np.zeros([1], { dtype: wrong('float16') }),
      DTypeError,
      'zeros: expected a dtype (bool, uint32, int32, float32, float64), got float16',
    ],
    'of bytes': [
      () => array(new Uint8Array(3)),
      DTypeError,
      "array: a Uint8Array has no dtype of its own here; say which you want: { dtype: 'float32' }, ...",
    ],
    'without bits': [
      () => np.bitwiseAnd(x, x),
      DTypeError,
      'and: expected int32 or uint32 or bool, got float32; convert with astype',
    ],
    'without arithmetic': [
      () => array(true).neg(),
      DTypeError,
      'neg: expected float32 or float64 or int32 or uint32, got bool; convert with astype',
    ],
    'that are lists': [
      () => np.add(wrong([1, 2]), x),
      ArgumentError,
      'add: expected an array, a number or a boolean, got a list; make arrays with array(...)',
    ],
    'that are undefined': [
      () => x.mul(wrong(undefined)),
      ArgumentError,
      'multiply: expected an array, a number or a boolean, got undefined; make arrays with array(...)',
    ],
    'that are texts': [
      () => array(wrong(['a'])),
      ArgumentError,
      'array: expected numbers or booleans, got string at data[0]',
    ],
    'of a backend': [
      () => init({ backend: wrong('gpu') }),
      ArgumentError,
      "init: expected backend to be 'wasm' or 'reference', got gpu",
    ],
    'of a norm': [() => linalg.norm(x, 0, { order: 3 }), ArgumentError, 'norm: expected order 1, 2 or Infinity, got 3'],
  });
});

describe('einsum', () => {
  failures({
    'cannot be read': [
      () => np.einsum('i-j', m),
      ArgumentError,
      "einsum: cannot read 'i-j'; expected letters, commas and at most one '->', such as 'ij,jk->ik'",
    ],
    'of another number of arrays': [
      () => np.einsum('ij,jk', m),
      ArgumentError,
      "einsum: 'ij,jk' has 2 operands, got 1 arrays",
    ],
    'with a result from nowhere': [
      () => np.einsum('ij->ik', m),
      ArgumentError,
      "einsum: 'k' in the result of 'ij->ik' is in no operand",
    ],
    'with a letter twice in the result': [
      () => np.einsum('ij->ii', m),
      ArgumentError,
      "einsum: a letter occurs twice in the result of 'ij->ii'",
    ],
    'of another rank': [
      () => np.einsum('ijk->i', m),
      ShapeError,
      "einsum: 'ijk' names 3 axes, but the array has shape [2, 3]",
    ],
    'of two sizes for a letter': [
      () => np.einsum('ij,ji->', m, m),
      ShapeError,
      "einsum: 'j' in 'ij,ji->' stands for sizes 3 and 2",
    ],
    'of a diagonal that is none': [
      () => np.einsum('ii->i', m),
      ShapeError,
      'einsum: a repeated letter needs equal sizes, got 2 and 3',
    ],
  });
});

describe('trees', () => {
  class Model {
    w = x;
  }
  failures({
    'with an object of a class': [
      () => jit((p: Model) => p.w)(new Model()),
      TreeError,
      `jit: argument 0 is an object of class Model; ${leafHelp}`,
    ],
    'with a function': [() => jit((p: unknown) => p)(() => 1), TreeError, `jit: argument 0 is a function; ${leafHelp}`],
    'with a text deep inside': [
      () => grad((p: { layers: unknown[] }) => p.layers.length)(wrong({ layers: [x, { mode: 'b' }] })),
      TreeError,
      `grad: argument 0.layers[1].mode is string b; ${leafHelp}`,
    ],
    'with a text in the result': [
      () => jit((p: NDArray) => [p, 'x'])(x),
      TreeError,
      `jit: the result[1] is string x; ${leafHelp}`,
    ],
    'with a typed array': [
      () => tree.flatten({ w: new Float32Array(3) }),
      TreeError,
      `tree.flatten: w is an object of class Float32Array; ${leafHelp}`,
    ],
    'of different structures': [
      () => tree.map((a) => a, { a: x }, { b: x }),
      TreeError,
      'tree.map: tree 2 has another structure than the first: {"b": *} and {"a": *}',
    ],
    'with too few leaves': [
      () => tree.unflatten(tree.flatten([x, x]).treedef, [x]),
      TreeError,
      'tree.unflatten: the structure has 2 leaves, got 1',
    ],
    'in a checkpoint': [
      () => checkpoint((s: unknown) => s)('a'),
      TreeError,
      `checkpoint: argument 0 is string a; ${leafHelp}`,
    ],
    'to map over': [() => vmap((a: unknown) => a)('a'), TreeError, `vmap: argument 0 is string a; ${leafHelp}`],
  });
});

describe('derivatives', () => {
  const identity = (a: NDArray) => a;
  const oneWay = customVjp(identity, { forward: (a) => [a, null], backward: (_none, c) => [c] });
  const custom = (backward: () => unknown) =>
    customVjp(identity, { forward: (a) => [a, null], backward: wrong(backward) });
  failures({
    'of a function that is none': [() => grad(wrong(3)), ArgumentError, 'grad: expected a function, got number'],
    'of a vector': [
      () => grad(wrong(identity))(wrong(x)),
      ArgumentError,
      `grad: expected the function to return a float scalar, got float32[3]. ${scalarHelp}`,
    ],
    'of a whole number': [
      () => valueAndGrad(wrong((a: NDArray) => np.argmax(a)))(wrong(x)),
      ArgumentError,
      `valueAndGrad: expected the function to return a float scalar, got int32[]. ${scalarHelp}`,
    ],
    'of nothing': [
      () => grad(wrong(() => undefined))(wrong(x)),
      ArgumentError,
      `grad: expected the function to return a float scalar, got undefined. ${scalarHelp}`,
    ],
    'of a vector, twice': [
      () => hessian(identity)(x),
      ArgumentError,
      `grad: expected the function to return a float scalar, got float32[3]. ${scalarHelp}`,
    ],
    'of a promise': [
      () => grad(wrong(async (a: NDArray) => a.sum()))(wrong(x)),
      ArgumentError,
      'grad: the function returned a promise; a transformed function must be synchronous',
    ],
    'in an integer': [
      () => grad((a: NDArray) => np.sum(a))(i),
      DTypeError,
      'grad: argument 0 is int32; only float arrays have a gradient. Convert it with astype, or choose other argnums.',
    ],
    'in an integer deep inside': [
      () => grad((p: { w: NDArray[] }) => np.sum(p.w[0] as NDArray))({ w: [i] }),
      DTypeError,
      'grad: argument 0.w[0] is int32; only float arrays have a gradient. Convert it with astype, or choose other argnums.',
    ],
    'in an argument that is missing': [
      () => grad((a: NDArray) => a.sum(), { argnums: 3 })(x),
      ArgumentError,
      'grad: argument 3 is asked for, but the call has 1 arguments',
    ],
    'in no argument': [
      () => grad((a: NDArray) => a.sum(), { argnums: [] }),
      ArgumentError,
      'grad: expected argnums to be different positions from 0 on, got []',
    ],
    'in one argument twice': [
      () => grad((a: NDArray) => a.sum(), { argnums: [0, 0] }),
      ArgumentError,
      'grad: expected argnums to be different positions from 0 on, got [0, 0]',
    ],
    'without the promised aux': [
      () => grad((a: NDArray) => a.sum(), { hasAux: true })(x),
      ArgumentError,
      'grad: with hasAux the function must return [loss, aux], got float32[]',
    ],
    'with a tangent of another shape': [
      () => jvp(identity, [x], [m]),
      DTypeError,
      'jvp: expected leaf 0 of tangent 0 to be float32[3], got float32[2, 3]',
    ],
    'with a tangent of another structure': [
      () => jvp((p: { w: NDArray }) => p.w, [{ w: x }], wrong([x])),
      TreeError,
      'jvp: expected tangent 0 to have the structure {"w": *}, got *',
    ],
    'with too few tangents': [
      () => jvp(identity, [x], wrong([])),
      ArgumentError,
      'jvp: expected primals and tangents to be lists of equal length, one entry for each argument',
    ],
    'with a cotangent of another shape': [
      () => vjp(identity, [x])[1](m),
      DTypeError,
      'vjp: expected leaf 0 of the cotangent to be float32[3], got float32[2, 3]',
    ],
    'with a tangent of another dtype': [
      () => linearize(identity, x)[1](i),
      DTypeError,
      'linearize: expected leaf 0 of tangent 0 to be float32[3], got int32[2]',
    ],
    'with a direction of another shape': [
      () => hvp((p: NDArray) => p.sum(), [x], m),
      DTypeError,
      'jvp: expected leaf 0 of tangent 0 to be float32[3], got float32[2, 3]',
    ],
    'in a tree, as a matrix': [
      () => jacfwd(wrong((p: never) => p))(wrong({ a: x })),
      ArgumentError,
      'jacfwd: expected argument 0 to be one array; for trees use jvp, vjp or linearize',
    ],
    'of positions, as a matrix': [
      () => jacrev((p: NDArray) => np.argmax(p))(x),
      DTypeError,
      'jacrev: expected the function to return floats, got int32[]',
    ],
    'of a wide QR decomposition': [
      () => jvp((a: NDArray) => linalg.qr(a)[0], [m], [m]),
      DifferentiationError,
      'qr: no derivative for a wide matrix, got float32[2, 3]; it needs rows >= columns',
    ],
    'of what is not linear, by transposition': [
      () => linearTranspose((a: NDArray) => np.sin(a), [x])(x),
      DTypeError,
      'transpose: sin is not linear',
    ],
    'of a square, by transposition': [
      () => linearTranspose((a: NDArray) => a.mul(a), [x])(x),
      DTypeError,
      'transpose: mul is not linear in both operands together',
    ],
    'of a quotient, by transposition': [
      () => linearTranspose((a: NDArray) => np.ones([3]).div(a), [x])(x),
      DTypeError,
      'transpose: div by an operand is not linear',
    ],
    'of a quadratic form, by transposition': [
      () => linearTranspose((a: NDArray) => np.matmul(a, a), [x])(array(1)),
      DTypeError,
      'transpose: dot is not linear in both operands together',
    ],
    'forward, of a reverse rule': [
      () => jvp(oneWay, [x], [x]),
      DifferentiationError,
      'jvp: a function made with customVjp has a reverse derivative only; use grad or vjp, or define it with customJvp',
    ],
    'with too many gradients from a rule': [
      () => grad((v: NDArray) => custom(() => [x, x])(v).sum())(x),
      DifferentiationError,
      'customVjp: expected backward to return a list of 1 cotangents, one for each argument',
    ],
    'with a gradient of another shape from a rule': [
      () => grad((v: NDArray) => custom(() => [m])(v).sum())(x),
      DTypeError,
      'customVjp: expected leaf 0 of the gradient of argument 0 to be float32[3], got float32[2, 3]',
    ],
    'without a rule': [
      () => customVjp(identity, wrong({})),
      ArgumentError,
      'customVjp: expected a function, got undefined',
    ],
    'of a rule with a traced array of grad': [
      () =>
        grad((v: NDArray) =>
          customVjp((a: NDArray) => a.mul(v), { forward: (a) => [a.mul(v), null], backward: (_r, c) => [c] })(v).sum(),
        )(x),
      DifferentiationError,
      'customVjp: the function uses an array of grad from outside, through its closure; pass it as an argument',
    ],
    'of a rule with a traced array of jvp': [
      () =>
        jvp(
          (v: NDArray) =>
            customJvp(
              (a: NDArray) => a.mul(v),
              ([a], [t]) => [a.mul(v), t],
            )(v),
          [x],
          [x],
        ),
      DifferentiationError,
      'customJvp: the function uses an array of jvp from outside, through its closure; pass it as an argument',
    ],
    'of a rule with a traced array of vmap': [
      () =>
        vmap((v: NDArray) =>
          customJvp(
            (a: NDArray) => a.mul(v),
            ([a], [t]) => [a.mul(v), t],
          )(v),
        )(x),
      DifferentiationError,
      'customJvp: the function uses an array of vmap from outside, through its closure; pass it as an argument',
    ],
    'of a rule with a traced array of jit': [
      () =>
        jit((v: NDArray) =>
          customJvp(
            (a: NDArray) => a.mul(v),
            ([a], [t]) => [a.mul(v), t],
          )(v),
        )(x),
      DifferentiationError,
      'customJvp: the function uses float32[3] of jit from outside, through its closure; pass it as an argument',
    ],
    'of a value that depends on a tangent': [
      () =>
        grad((v: NDArray) =>
          customJvp(
            (a: NDArray) => a,
            (_as, [t]) => [t, t],
          )(v).sum(),
        )(x),
      DifferentiationError,
      "customJvp: the rule's values must not depend on the tangents",
    ],
  });
});

describe('vmap', () => {
  const identity = (a: NDArray) => a;
  failures({
    'over different sizes': [
      () => vmap((a: NDArray, b: NDArray) => a.add(b))(x, i),
      ShapeError,
      'vmap: mapped axes must have one size, got 3 and 2',
    ],
    'over a scalar': [
      () => vmap(identity)(array(1)),
      ShapeError,
      'vmap: argument 0 (float32[]): axis 0 does not exist: a scalar has no axes for an array of rank 0',
    ],
    'over nothing': [
      () => vmap(identity, { inAxes: null })(x),
      ArgumentError,
      'vmap: nothing to map over: give at least one array whose inAxes is not null',
    ],
    'with axes for other arguments': [
      () => vmap(identity, { inAxes: [0, 0] })(x),
      ArgumentError,
      'vmap: inAxes has 2 entries, but the call has 1 arguments',
    ],
    'into an axis that is not there': [
      () => vmap(identity, { outAxes: 3 })(x),
      ShapeError,
      'vmap: outAxes: axis 3 does not exist: expected a whole number from -1 to 0 for an array of rank 1',
    ],
    'of a promise': [
      () => vmap(async (a: NDArray) => a)(x),
      ArgumentError,
      'vmap: the function returned a promise; a transformed function must be synchronous',
    ],
    'of a decision on a value': [
      () => vmap((a: NDArray) => (a.item() > 0 ? a : a.neg()))(x),
      ConcretizationError,
      `item: the numbers of this float32[] are not known while vmap traces the function. ${tracedHelp}`,
    ],
  });
});

describe('jit', () => {
  function step(a: NDArray): NDArray {
    return a.sum().item() > 0 ? a : a.neg();
  }
  failures({
    'of a decision on a value': [
      () => jit(step)(x),
      ConcretizationError,
      `item: the numbers of this float32[] are not known while step traces the function. ${tracedHelp}`,
    ],
    'of a decision on a value in a derivative': [
      () =>
        jit(
          grad((a: NDArray) => step(a).sum()),
          { name: 'train' },
        )(x),
      ConcretizationError,
      `item: the numbers of this float32[] are not known while train traces the function. ${tracedHelp}`,
    ],
    'of reading an array': [
      () => jit((a: NDArray) => a.mul((a.toJS() as number[]).length))(x),
      ConcretizationError,
      `toJS: the numbers of this float32[3] are not known while jit traces the function. ${tracedHelp}`,
    ],
    'of a promise': [
      () => jit(async (a: NDArray) => a)(x),
      ArgumentError,
      'jit: the function returned a promise; a transformed function must be synchronous',
    ],
    'of an argument that is static and donated': [
      () => jit(step, { donate: 0, staticArgnums: 0 }),
      ArgumentError,
      'jit: argument 0 cannot be both static and donated',
    ],
    'with positions from the end': [
      () => jit(step, { donate: -1 }),
      ArgumentError,
      'jit: expected donate to be positions of arguments from 0 on, got -1',
    ],
    'with a name for a position': [
      () => jit(step, { staticArgnums: wrong(['a']) }),
      ArgumentError,
      'jit: expected staticArgnums to be positions of arguments from 0 on, got a',
    ],
    'of something to print that is no function': [
      () => printProgram(wrong(3)),
      ArgumentError,
      'makeProgram: expected a function, got number',
    ],
  });
});

describe('donated arrays', () => {
  const consume = jit(
    function step(a: NDArray) {
      return a.add(1);
    },
    { donate: 0 },
  );
  const gone = array([1, 2]);
  consume(gone);
  const help =
    "was donated to step and its buffer has been reused. Use that call's result instead, or do not donate this argument.";
  const twice = "is used twice in one call, as another argument or through the function's closure; pass a copy";
  const fresh = array([1, 2]);
  const captured = array([1, 2]);
  failures({
    'read again': [() => gone.dataSync(), DonatedArrayError, `dataSync: this float32[2] ${help}`],
    'used again': [() => gone.add(1), DonatedArrayError, `add: this float32[2] ${help}`],
    'passed again': [() => consume(gone), DonatedArrayError, `step: this float32[2] ${help}`],
    'twice in one call': [
      () => jit((a: NDArray, b: NDArray) => a.add(b), { donate: [0, 1] })(fresh, fresh),
      DonatedArrayError,
      `jit: a donated float32[2] ${twice}`,
    ],
    'and used as another argument': [
      () => jit((a: NDArray, b: NDArray) => a.add(b), { donate: 0 })(fresh, fresh),
      DonatedArrayError,
      `jit: a donated float32[2] ${twice}`,
    ],
    'and used through a closure': [
      () => jit((a: NDArray) => a.add(captured), { donate: 0 })(captured),
      DonatedArrayError,
      `jit: a donated float32[2] ${twice}`,
    ],
  });

  test('can still be looked at, and a refused donation takes nothing', () => {
    expect(fresh.toJS()).toEqual([1, 2]);
    expect(captured.toJS()).toEqual([1, 2]);
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    expect((gone as unknown as Record<symbol, () => string>)[inspect]?.()).toBe('float32[2] donated');
  });

  test('an array that shares the buffer is gone with them', () => {
    const a = array([1, 2]);
    const same = vjp((v: NDArray) => v, [a])[0];
    consume(a);
    expect(() => same.dataSync()).toThrow(DonatedArrayError);
  });
});

describe('values that leave their transform', () => {
  function leak(run: (keep: (a: NDArray) => NDArray) => unknown): NDArray {
    let kept: NDArray | undefined;
    run((a) => {
      kept = a;
      return a;
    });
    return kept as NDArray;
  }
  const leaks = {
    grad: leak((keep) => grad((a: NDArray) => keep(a.mul(2)).sum())(x)),
    jvp: leak((keep) => jvp((a: NDArray) => keep(a), [x], [x])),
    linearize: leak((keep) => linearize((a: NDArray) => keep(a), x)),
    vmap: leak((keep) => vmap((a: NDArray) => keep(a))(x)),
    jit: leak((keep) => jit((a: NDArray) => keep(a))(x)),
  };
  failures(
    Object.fromEntries(
      Object.entries(leaks).flatMap(([name, value]): [string, Failure][] => [
        [
          `used after ${name}`,
          [() => value.add(1), LeakedTracerError, `add: got a value from inside ${name}, ${leakHelp}`],
        ],
        [
          `read after ${name}`,
          [() => value.toJS(), LeakedTracerError, `toJS: got a value from inside ${name}, ${leakHelp}`],
        ],
        [
          `passed to a compiled function after ${name}`,
          [() => jit((a: NDArray) => a)(value), LeakedTracerError, `jit: got a value from inside ${name}, ${leakHelp}`],
        ],
      ]),
    ),
  );

  test('can still be printed', () => {
    expect(String(leaks.jit)).toBe('float32[3] traced by jit');
    expect(String(leaks.jvp)).toBe('float32[3] [1, 2, 3]');
  });

  test('also through the closure of a compiled function', () => {
    let kept = x;
    const f = jit((a: NDArray) => a.add(kept));
    const use = () =>
      grad((a: NDArray) => {
        kept = a.mul(2);
        return f(a).sum();
      })(x);
    expect(use().toJS()).toEqual([3, 3, 3]);
    expect(use).toThrow(LeakedTracerError);
  });

  test('the trace stack is whole again after an error inside', () => {
    expect(() =>
      jit((a: NDArray) => vmap((b: NDArray) => grad((c: NDArray) => c.mul(x).sum().add(m.at(9).sum()))(b))(a))(x),
    ).toThrow(ShapeError);
    expect(grad((a: NDArray) => a.mul(a).sum())(x).toJS()).toEqual([2, 4, 6]);
  });
});
