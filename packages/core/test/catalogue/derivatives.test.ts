import { describe } from 'vitest';
import { catalogue, check } from './catalogue';
import {
  forwardDerivative,
  isSmooth,
  linearization,
  reverseDerivative,
  secondForwardDerivative,
  secondReverseDerivative,
  transposition,
} from './laws';

const smooth = catalogue.filter(isSmooth);
const forward = smooth.filter((c) => !c.reverseOnly);

describe('jvp is the derivative', () => check(forwardDerivative, forward, 12));
describe('jvp of jvp is the second derivative', () => check(secondForwardDerivative, forward, 8));
describe('vjp is the adjoint of jvp', () => check(reverseDerivative, smooth, 12));
describe('grad of grad and jvp of grad are the second derivative', () => check(secondReverseDerivative, smooth, 8));
describe('linearize is jvp', () => check(linearization, forward, 8));
describe('linearTranspose is the adjoint', () =>
  check(
    transposition,
    smooth.filter((c) => c.linear),
    20,
  ));
