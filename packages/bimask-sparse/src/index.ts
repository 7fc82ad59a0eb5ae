export type {
  CompressBackwardOptions,
  Compressed,
  CompressedNetwork,
  CompressedWeight,
  CompressOptions,
  DecompressOptions,
  SaveCompressedOptions,
} from './compressed';
export {
  compress,
  compressBackward,
  decompress,
  loadCompressed,
  saveCompressed,
  sparseMatmul,
  sparseMatmulTransposed,
  takeEntries,
} from './compressed';
export { keptOf, type Pattern } from './pattern';
