import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NDArray } from '../array/ndarray';
import { FormatError, TreeError } from '../errors';
import { array, zeros } from '../numpy';
import { key, normal, split } from '../random';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import { fromSafetensors, load, save, toSafetensors } from '.';
import { bytesOf } from './test-support';

/** A tree that toEqual compares bit by bit. */
function exposed(tree: unknown): unknown {
  if (tree instanceof NDArray) return bytesOf(tree);
  if (Array.isArray(tree)) return tree.map(exposed);
  if (typeof tree === 'object' && tree !== null) {
    return {
      keys: Object.keys(tree).sort(),
      values: Object.keys(tree)
        .sort()
        .map((k) => exposed((tree as Record<string, unknown>)[k])),
    };
  }
  if (typeof tree === 'number') return { number: Object.is(tree, -0) ? '-0' : String(tree) };
  return tree === undefined ? { undefined: true } : tree;
}

const text = fc.string({ unit: 'binary', maxLength: 6 });
const bits = fc.array(fc.nat(2 ** 32 - 1), { maxLength: 6 });
const arrays = fc.oneof(
  bits.map((w) => array(new Float32Array(Uint32Array.from(w).buffer))),
  bits.map((w) => array(new Float64Array(Uint32Array.from([...w, ...w]).buffer))),
  bits.map((w) => array(Uint32Array.from(w))),
  bits.map((w) => array(Int32Array.from(w))),
  fc.array(fc.boolean()).map((b) => array(b, { dtype: 'bool' })),
  fc.double().map((x) => array(x)),
  fc.array(fc.nat(2), { maxLength: 4 }).map((shape) => zeros(shape)),
);
const { tree: trees } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    arrays,
    fc.oneof(fc.double(), fc.integer(), text, fc.boolean(), fc.constantFrom(null, undefined, -0, Number.NaN)),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      fc
        .oneof(text, fc.constantFrom('a.b', '%', '0', '', 'constructor', '__metadata__', 'tensor', 'record', '\ud800'))
        .filter((k) => k !== '__proto__'),
      tie('tree'),
      { maxKeys: 4 },
    ),
  ),
}));

describe('save and load', () => {
  test('any tree comes back, bit by bit', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const file = save(tree);
        const back = load(file);
        expect(exposed(back)).toEqual(exposed(tree));
        expect(save(back)).toEqual(file);
      }),
      { numRuns: 300 },
    );
  });

  test('names of tensors are the paths, and different paths have different names', () => {
    const x = array(1);
    expect(Object.keys(fromSafetensors(save({ layers: [{ weight: x }, { weight: x }], b: x })).tensors)).toEqual([
      'b',
      'layers.0.weight',
      'layers.1.weight',
    ]);
    expect(Object.keys(fromSafetensors(save(x)).tensors)).toEqual(['value']);
    const odd = {
      'a.b': x,
      a: { b: x, '': x, '%': x },
      '': x,
      '%': x,
      '%25': x,
      'tab\t': x,
      '\ud800': x,
      'größe 😀': x,
      __metadata__: x,
    };
    expect(Object.keys(fromSafetensors(save(odd)).tensors).sort()).toEqual(
      ['a%2eb', 'a.b', 'a.%', 'a.%25', '%', '%25', '%2525', 'tab%09', '%ud800', 'größe 😀', '%5f_metadata__'].sort(),
    );
  });

  test('escapes are reversible', () => {
    const decoded = (name: string) =>
      name === '%'
        ? ''
        : name.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/g, (_, u, c) =>
            String.fromCharCode(Number.parseInt(u ?? c, 16)),
          );
    fc.assert(
      fc.property(
        fc.array(
          text.filter((k) => k !== '__proto__'),
          { minLength: 1, maxLength: 4 },
        ),
        (path) => {
          const tree = path.reduceRight<unknown>((inner, k) => ({ [k]: inner }), array(1));
          const [name] = Object.keys(fromSafetensors(save(tree)).tensors);
          expect(name?.split('.').map(decoded)).toEqual(path);
        },
      ),
    );
  });

  test('the order of keys does not matter', () => {
    const [a, b] = [array(1), array([2])];
    expect(save({ a, b, c: { x: 1, y: 2 } })).toEqual(save({ c: { y: 2, x: 1 }, b, a }));
    expect(Object.keys(load<object>(save({ b: 1, a: 2 })))).toEqual(['a', 'b']);
  });

  test('a training state goes on with the same bits', () => {
    const step = (state: { key: NDArray; w: NDArray; step: number }) => {
      const [next, own] = split(state.key);
      return { key: next, w: state.w.add(normal(own, { shape: [3] })), step: state.step + 1 };
    };
    const start = { key: key(3), w: zeros([3]), step: 0 };
    const middle = step(start);
    expect(exposed(step(load<typeof middle>(save(middle))))).toEqual(exposed(step(middle)));
  });

  // Written by version 1 of the format. Every later version reads it.
  const fixture =
    'OAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JiYWNrIjoie1widmVyc2lvblwiOjEsXCJ0cmVlXCI6e1wicmVjb3JkXCI6e1wiYS5iXCI6e1widW' +
    '5kZWZpbmVkXCI6dHJ1ZX0sXCJiZXN0XCI6e1wibnVtYmVyXCI6XCJOYU5cIn0sXCJkb25lXCI6ZmFsc2UsXCJkb3VibGVcIjp7XCJ0ZW5zb3JcIjpc' +
    'ImRvdWJsZVwifSxcImVtcHR5XCI6e1widGVuc29yXCI6XCJlbXB0eVwifSxcImtleVwiOntcInRlbnNvclwiOlwia2V5XCJ9LFwibGF5ZXJzXCI6W3' +
    'tcInJlY29yZFwiOntcImJpYXNcIjpudWxsLFwid2VpZ2h0XCI6e1widGVuc29yXCI6XCJsYXllcnMuMC53ZWlnaHRcIn19fSx7XCJyZWNvcmRcIjp7' +
    'fX1dLFwibGlzdFwiOltdLFwibWFza1wiOntcInRlbnNvclwiOlwibWFza1wifSxcIm5hbWVcIjpcIsOpXCIsXCJyYXRlXCI6e1wibnVtYmVyXCI6XC' +
    'ItMFwifSxcInN0ZXBcIjp7XCJ0ZW5zb3JcIjpcInN0ZXBcIn19fX0ifSwiZG91YmxlIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOltdLCJkYXRhX29m' +
    'ZnNldHMiOlswLDhdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsMl0sImRhdGFfb2Zmc2V0cyI6WzgsOF19LCJrZXkiOnsiZHR5cG' +
    'UiOiJVMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls4LDE2XX0sImxheWVycy4wLndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpb' +
    'MiwyXSwiZGF0YV9vZmZzZXRzIjpbMTYsMzJdfSwic3RlcCI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMzIsMzZdfS' +
    'wibWFzayI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszNiwzOV19fSAgIJqZmZmZmbk/AAAAACoAAAAAAIA/AAAA' +
    'gAAAgH8AAMC/BwAAAAEAAQ==';

  test('a file of the first version', () => {
    const tree = {
      layers: [
        {
          weight: array([
            [1, -0],
            [Number.POSITIVE_INFINITY, -1.5],
          ]),
          bias: null,
        },
        {},
      ],
      step: array(7, { dtype: 'int32' }),
      key: array([0, 42], { dtype: 'uint32' }),
      mask: array([true, false, true]),
      double: array(0.1, { dtype: 'float64' }),
      empty: array([], { shape: [0, 2] }),
      'a.b': undefined,
      rate: -0,
      best: Number.NaN,
      name: 'é',
      done: false,
      list: [],
    };
    expect(exposed(load(Uint8Array.from(atob(fixture), (c) => c.charCodeAt(0))))).toEqual(exposed(tree));
    expect(btoa(String.fromCharCode(...save(tree)))).toBe(fixture);
  });
});

describe('trees that cannot be saved', () => {
  class Model {}
  test.each([
    [
      { a: [new Float32Array(2)] },
      'io.save: a.0 is an object of class Float32Array; a tree holds arrays, numbers, strings',
    ],
    [new Model(), 'io.save: the tree is an object of class Model'],
    [{ d: new Date(0) }, 'io.save: d is an object of class Date'],
    [{ m: new Map() }, 'io.save: m is an object of class Map'],
    [{ f: () => 1 }, 'io.save: f is a function'],
    [{ n: 1n }, 'io.save: n is a bigint'],
    [[Symbol('s')], 'io.save: 0 is a symbol'],
    [Object.fromEntries([['__proto__', 1]]), 'io.save: the tree has the key __proto__, which cannot be saved'],
    [{ a: { [Symbol('s')]: 1 } }, 'io.save: a has the key Symbol(s), which cannot be saved'],
  ])('%o', (tree, message) => {
    expect(() => save(tree)).toThrow(TreeError);
    expect(() => save(tree)).toThrow(message);
  });

  test('one that contains itself', () => {
    const tree: unknown[] = [];
    tree.push(tree, tree);
    expect(() => save(tree)).toThrow('io.save: the tree is nested more than 1000 levels deep, or contains itself');
  });

  test('one whose numbers are not there', () => {
    expect(() => jit((x: NDArray) => save({ x }) as never)(array(1))).toThrow('io.save: the numbers of this float32[]');
    expect(() => vmap((x: NDArray) => save({ x }) as never)(array([1]))).toThrow(
      'io.save: the numbers of this float32[]',
    );
  });

  test('objects without a prototype and lists with holes are taken for what they hold', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(load(save(bare))).toEqual({ a: 1 });
    // biome-ignore lint/suspicious/noSparseArray: that is what is tested.
    expect(load(save([1, , 2]))).toEqual([1, undefined, 2]);
  });

  test('1000 levels are fine', () => {
    let tree: unknown = array(1);
    for (let i = 0; i < 1000; i++) tree = i % 2 ? [tree] : { a: tree };
    expect(exposed(load(save(tree)))).toEqual(exposed(tree));
  });
});

describe('files whose manifest is not right', () => {
  const file = (manifest: string, tensors: Record<string, NDArray> = {}) =>
    toSafetensors(tensors, { forback: manifest });
  const tree = (node: string) => `{"version":1,"tree":${node}}`;
  const x = array(1);

  test.each([
    [file('{'), 'it is not JSON'],
    [file('3'), 'it has no version or no tree'],
    [file('null'), 'it has no version or no tree'],
    [file('{"version":1}'), 'it has no version or no tree'],
    [file(tree('{"record":{"a":1,"a":2}}')), 'it has the key "a" twice'],
    [file(tree('{"tensor":"a"}')), 'it names a tensor that is missing or used twice: "a"'],
    [file(tree('[{"tensor":"a"},{"tensor":"a"}]'), { a: x }), 'it names a tensor that is missing or used twice: "a"'],
    [file(tree('{"tensor":3}'), { a: x }), 'it names a tensor that is missing or used twice: 3'],
    [file(tree('{"tensor":"toString"}')), 'it names a tensor that is missing or used twice: "toString"'],
    [file(tree('null'), { a: x }), 'it does not name the tensor "a"'],
    [file(tree('{}')), 'unknown node {}'],
    [file(tree('{"list":[]}')), 'unknown node {"list":[]}'],
    [file(tree('{"number":"1"}')), 'unknown node {"number":"1"}'],
    [file(tree('{"undefined":false}')), 'unknown node {"undefined":false}'],
    [file(tree('{"record":[]}')), 'unknown node {"record":[]}'],
    [file(tree('{"record":null}')), 'unknown node {"record":null}'],
    [file(tree('{"tensor":"a","number":"NaN"}'), { a: x }), 'a node has the fields tensor, number; expected one'],
    [file(tree('{"record":{"__proto__":1}}')), 'the key __proto__ is not allowed'],
    [file(tree(`${'['.repeat(5000)}${']'.repeat(5000)}`)), 'it is nested more than 1000 levels deep'],
  ])('%#', (bytes, message) => {
    expect(() => load(bytes)).toThrow(FormatError);
    expect(() => load(bytes)).toThrow(`io.load: the manifest of the file is damaged: ${message}`);
  });

  test('a later version', () => {
    expect(() => load(file('{"version":2,"tree":null}'))).toThrow(
      'io.load: the file has the tree format 2, and this version of forback reads 1; update @forback/core',
    );
  });

  test('a file without one', () => {
    expect(() => load(toSafetensors({ a: x }))).toThrow(
      'io.load: a safetensors file, but not one of io.save; read its arrays with io.fromSafetensors',
    );
  });
});
