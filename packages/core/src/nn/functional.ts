// The operations behind the layers of the same names, for weights and keys that the caller has.

export { conv, convTranspose } from './convolution';
export { dropout } from './dropout';
export { avgPool, maxPool } from './pooling';
