// The memory of the WASM backend: arrays that stay there, the working memory of the program that runs, and code that the
// threads share. Blocks begin at multiples of 64 bytes.

import { bytesPerElement, type DType, type StorageOf, type TypedArray } from '../../array/dtype';
import { BackendError } from '../../errors';

const pageBytes = 65536;
/** Addresses are non-negative 32-bit integers. */
export const largestHeap = 2 ** 31 - pageBytes;
const alignment = 64;
/** What stays unused at the end, so that the last elements can be read as a whole vector. */
const slackBytes = 64;

interface Span {
  address: number;
  bytes: number;
}

type FullViews = { [D in DType]: StorageOf[D] };

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly limits: WebAssembly.MemoryDescriptor & { maximum: number };
  readonly #sizes = new Map<number, number>();
  /** Free spans by address; none touches the next. */
  readonly #free: Span[] = [];
  #views: FullViews;
  #used = 0;
  #peak = 0;
  /** Asked to free a block when the memory cannot grow; answers whether it has. */
  reclaim: () => boolean = () => false;

  /** The first `reserved` bytes are nobody's block. `limitBytes` is rounded down to pages. */
  constructor(options: { shared: boolean; reserved?: number; limitBytes?: number }) {
    const maximum = Math.floor(Math.min(options.limitBytes ?? largestHeap, largestHeap) / pageBytes);
    this.limits = { initial: 1, maximum, shared: options.shared };
    this.memory = new WebAssembly.Memory(this.limits);
    const first = roundUp(Math.max(options.reserved ?? 0, alignment), alignment);
    this.#free.push({ address: first, bytes: pageBytes - slackBytes - first });
    this.#views = viewsOf(this.memory.buffer);
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes of blocks. */
  get usedBytes(): number {
    return this.#used;
  }

  /** The most that they ever were. */
  get peakBytes(): number {
    return this.#peak;
  }

  /**
   * The address of a new block; its contents are arbitrary.
   *
   * @throws BackendError if there is not that much memory.
   */
  allocate(bytes: number): number {
    const size = roundUp(Math.max(bytes, 1), alignment);
    const address = this.#take(size) ?? this.#makeRoom(size);
    this.#sizes.set(address, size);
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    return address;
  }

  free(address: number): void {
    const bytes = this.#sizes.get(address);
    if (bytes === undefined) return;
    this.#sizes.delete(address);
    this.#used -= bytes;
    this.#release({ address, bytes });
  }

  /** Elements from a byte address on. Growing may detach views: take them when they are needed. */
  view<D extends DType>(dtype: D, address: number, length: number): StorageOf[D] {
    const all = this.all(dtype) as TypedArray;
    const first = address / bytesPerElement(dtype);
    return all.subarray(first, first + length) as StorageOf[D];
  }

  /** The whole memory as elements; valid until the next `allocate`. */
  all<D extends DType>(dtype: D): StorageOf[D] {
    if (this.#views.bool.buffer !== this.memory.buffer) this.#views = viewsOf(this.memory.buffer);
    return this.#views[dtype];
  }

  #take(bytes: number): number | undefined {
    let best: Span | undefined;
    for (const span of this.#free) {
      if (span.bytes >= bytes && (best === undefined || span.bytes < best.bytes)) best = span;
    }
    if (best === undefined) return undefined;
    const { address } = best;
    best.address += bytes;
    best.bytes -= bytes;
    if (best.bytes === 0) this.#free.splice(this.#free.indexOf(best), 1);
    return address;
  }

  #makeRoom(bytes: number): number {
    const last = this.#free.at(-1);
    const tail = last && last.address + last.bytes === this.bytes - slackBytes ? last.bytes : 0;
    const missing = bytes - tail;
    // A quarter more, so that slowly rising demands do not grow the memory each time.
    if (this.#grow(Math.max(missing, this.bytes / 4)) || this.#grow(missing)) return this.#take(bytes) as number;
    while (this.reclaim()) {
      const address = this.#take(bytes);
      if (address !== undefined) return address;
    }
    throw new BackendError(
      `wasm: out of memory: ${bytes} bytes are needed, ${this.bytes} of at most ${this.limits.maximum * pageBytes} are in ` +
        'use; use smaller batches or models, or the reference backend',
    );
  }

  #grow(missing: number): boolean {
    const pages = Math.ceil(missing / pageBytes);
    const before = this.bytes;
    if (before / pageBytes + pages > this.limits.maximum) return false;
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.#release({ address: before - slackBytes, bytes: pages * pageBytes });
    return true;
  }

  #release(span: Span): void {
    const list = this.#free;
    let at = list.findIndex((other) => other.address > span.address);
    if (at < 0) at = list.length;
    const before = list[at - 1];
    const after = list[at];
    const joinsBefore = before !== undefined && before.address + before.bytes === span.address;
    const joinsAfter = after !== undefined && span.address + span.bytes === after.address;
    if (joinsBefore) before.bytes += span.bytes;
    if (joinsBefore && joinsAfter) {
      before.bytes += after.bytes;
      list.splice(at, 1);
    } else if (joinsAfter) {
      after.address = span.address;
      after.bytes += span.bytes;
    } else if (!joinsBefore) {
      list.splice(at, 0, { ...span });
    }
  }
}

function viewsOf(buffer: ArrayBuffer): FullViews {
  return {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    uint32: new Uint32Array(buffer),
    bool: new Uint8Array(buffer),
  };
}

export function roundUp(value: number, multiple: number): number {
  return multiple * Math.ceil(value / multiple);
}
