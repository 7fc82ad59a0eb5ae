export type { CompressBackwardOptions, Compressed, CompressOptions, DecompressOptions } from './compressed';
export {
  compress,
  compressBackward,
  decompress,
  sparseMatmul,
  sparseMatmulTransposed,
  takeEntries,
} from './compressed';
export { keptOf, type Pattern } from './pattern';
