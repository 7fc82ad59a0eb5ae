// Trees of arrays as bytes, in the safetensors format that other libraries read and write.
export { loadFile, saveFile } from './file';
export type { Safetensors } from './safetensors';
export { fromSafetensors, toSafetensors } from './safetensors';
export { load, save } from './save-load';
