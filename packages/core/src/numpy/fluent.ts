// What the methods of NDArray need.
export {
  add,
  astype,
  divide,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  multiply,
  negative,
  notEqual,
  power,
  subtract,
} from './elementwise';
export { at, iterableLength, type SliceRange, slice } from './indexing';
export { reshape, transpose } from './manipulation';
export { matmul } from './products';
export { type Axes, max, mean, min, type ReduceOptions, sum } from './reductions';
