import { describe } from 'vitest';
import { catalogue, check } from './catalogue';
import { isSmooth, mappedGradient, mapping } from './laws';

describe('vmap is a loop', () => check(mapping, catalogue, 12));
describe('vmap of grad is a loop', () => check(mappedGradient, catalogue.filter(isSmooth), 8));
