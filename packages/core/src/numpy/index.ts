export * from './creation';
export * from './einsum';
export * from './elementwise';
export {
  argsort,
  at,
  diag,
  diagonal,
  dynamicSlice,
  dynamicUpdateSlice,
  type SliceRange,
  type SortOptions,
  scatterAdd,
  slice,
  sort,
  take,
  takeAlongAxis,
  topK,
  trace,
} from './indexing';
export * from './manipulation';
export * from './products';
export * from './reductions';
