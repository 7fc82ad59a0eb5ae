import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { duplicateKey } from './duplicate-key';

test('finds a key that an object has twice', () => {
  expect(duplicateKey('{"a":1,"a":2}')).toBe('a');
  expect(duplicateKey('{"b":[{"a":1, "\\u0061" \n: 2}]}')).toBe('a');
  expect(duplicateKey('{"a":{"a":{"a":1}},"b":["a","a",{"a":1}],"c":"a"}')).toBe(null);
  expect(duplicateKey('{"a\\"":1,"a":{"x":"{\\"a\\":1,\\"a\\":2}"}}')).toBe(null);
  expect(duplicateKey('{"a":{"b":1},"c":{"b":1},"a":0}')).toBe('a');
  expect(duplicateKey('"a"')).toBe(null);
});

test('what JSON.stringify writes has none', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(3), (json, indent) => {
      expect(duplicateKey(JSON.stringify(JSON.parse(json), null, indent))).toBe(null);
    }),
  );
});

test('a key written twice is found, however deep', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(5), fc.jsonValue(), (key, depth, other) => {
      const name = JSON.stringify(key);
      const inner = `{${name}:${JSON.stringify(other)},${name}:[]}`;
      expect(duplicateKey(`${'[{"k":'.repeat(depth)}${inner}${'}]'.repeat(depth)}`)).toBe(key);
    }),
  );
});
