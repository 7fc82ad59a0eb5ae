// Compressed N:M matrices and their products: what masks, training and users build on.

export type { CompressBackwardOptions, Compressed, CompressOptions } from './compress';
export { compress, compressBackward } from './compress';
export type { DecompressOptions } from './entries';
export { decompress, takeEntries } from './entries';
export type { CompressedNetwork, CompressedWeight, SaveCompressedOptions } from './file';
export { loadCompressed, saveCompressed } from './file';
export { sparseMatmul, sparseMatmulTransposed } from './product';
