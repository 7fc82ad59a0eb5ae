import { expect, test } from 'vitest';
import { ArgumentError } from '../../errors';
import { key } from '../../random';
import { dropout as drop } from '../dropout';
import { elements, scattered } from '../test-support';
import { dropout } from './dropout';

const layer = dropout({ rate: 0.5 });
const x = scattered([40]);

test('acts in training alone, as the function does', () => {
  expect(layer.init(key(0))).toBeNull();
  expect(elements(layer.apply(null, x))).toEqual(elements(x));
  expect(elements(layer.apply(null, x, { train: true, key: key(5) }))).toEqual(elements(drop(key(5), 0.5, x)));
});

test('asks for a key', () => {
  expect(() => layer.apply(null, x, { train: true })).toThrow(
    new ArgumentError('nn.dropout: expected a key for training, got none; pass apply(params, x, { train: true, key })'),
  );
  expect(() => dropout({ rate: 2 })).toThrow(
    'nn.dropout: expected rate to be a probability of 0 or more, below 1, got 2',
  );
});
