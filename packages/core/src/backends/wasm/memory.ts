// The scratch memory of the WASM kernels. A kernel runs to its end before another starts, so each may use all of it
// from address 0; nothing in it outlives the call.

import { BackendError } from '../../errors';

const pageBytes = 65536;
/** Below 2^31, so that addresses are non-negative 32-bit integers. */
const largestBytes = 2 ** 31 - pageBytes;

export class ScratchMemory {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly #limitBytes: number;
  #float32 = new Float32Array(this.memory.buffer);
  #float64 = new Float64Array(this.memory.buffer);
  #int32 = new Int32Array(this.memory.buffer);

  /** Grows to at most `limitBytes`, by default and at most 2 GiB less one page. */
  constructor(limitBytes = largestBytes) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /**
   * Makes at least `bytes` bytes addressable. Growing detaches the views taken before.
   *
   * @throws BackendError if there is not that much memory.
   */
  reserve(bytes: number): void {
    const present = this.bytes;
    if (bytes <= present) return;
    if (bytes <= this.#limitBytes) {
      // Half as much again, so that slowly rising demands do not move the memory each time.
      const generous = Math.min(this.#limitBytes, Math.max(bytes, 1.5 * present));
      if (this.#grow(generous) || this.#grow(bytes)) return;
    }
    throw new BackendError(
      `wasm: expected ${bytes} bytes of scratch memory, got at most ${present} of a limit of ${this.#limitBytes}; ` +
        'use smaller batches or matrices, or the reference backend',
    );
  }

  /** The memory as elements; valid until the next `reserve`. */
  floats(dtype: 'float32' | 'float64'): Float32Array | Float64Array {
    return dtype === 'float32' ? this.float32 : this.float64;
  }

  get float32(): Float32Array<ArrayBuffer> {
    if (this.#float32.buffer !== this.memory.buffer) this.#float32 = new Float32Array(this.memory.buffer);
    return this.#float32;
  }

  get float64(): Float64Array<ArrayBuffer> {
    if (this.#float64.buffer !== this.memory.buffer) this.#float64 = new Float64Array(this.memory.buffer);
    return this.#float64;
  }

  get int32(): Int32Array<ArrayBuffer> {
    if (this.#int32.buffer !== this.memory.buffer) this.#int32 = new Int32Array(this.memory.buffer);
    return this.#int32;
  }

  #grow(bytes: number): boolean {
    const pages = Math.ceil((bytes - this.bytes) / pageBytes);
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}

let shared: ScratchMemory | undefined;

/** The memory that all kernels of this thread share. */
export function scratchMemory(): ScratchMemory {
  shared ??= new ScratchMemory();
  return shared;
}

/** Lays out a kernel's scratch memory: addresses of regions that follow one another, on 64-byte boundaries. */
export class ScratchLayout {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): number {
    const address = this.#bytes;
    this.#bytes += Math.ceil(bytes / 64) * 64;
    return address;
  }
}
