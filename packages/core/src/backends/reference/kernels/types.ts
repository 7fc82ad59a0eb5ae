/** Dense row-major data; `Uint8Array` holds bool as 0 or 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Runs on buffers of the sizes it was made for and writes every element of its outputs, which hold stale data. */
export type Kernel = (inputs: readonly TypedArray[], outputs: readonly TypedArray[]) => void;

export type Shape = readonly number[];

/** The dtypes that have an arithmetic: floats accumulate in double precision, integers wrap. */
export type NumericDtype = 'float32' | 'float64' | 'int32' | 'uint32';
