import { describe } from 'vitest';
import { catalogue, check } from './catalogue';
import { backends, compilation, compiledGradient, completeOutputs, isSmooth } from './laws';

describe('jit changes no bit, whatever the layout of the operands', () => check(compilation, catalogue, 12));
describe('grad and jit commute', () => check(compiledGradient, catalogue.filter(isSmooth), 8));
describe('reference and wasm agree', () => check(backends, catalogue, 12));
describe('kernels write all of their outputs and nothing else', () => check(completeOutputs, catalogue, 4));
