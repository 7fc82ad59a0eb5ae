import type { DType, TypedArray } from '../../array/dtype';
import { type RemoteElements, Storage } from '../../array/storage';
import type { Heap } from './heap';

/** The right to a block of the heap; it ends once. */
export class Lease {
  #ended = false;

  constructor(
    private readonly heap: Heap,
    readonly address: number,
  ) {}

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.heap.free(this.address);
  }
}

/** An array's elements in the heap. */
export class Resident implements RemoteElements {
  readonly lease: Lease;
  /** A program that runs is using them. */
  pinned = false;

  constructor(
    readonly heap: Heap,
    private storage: Storage,
    readonly dtype: DType,
    readonly length: number,
    address: number,
  ) {
    this.lease = new Lease(heap, address);
  }

  get address(): number {
    return this.lease.address;
  }

  read(): TypedArray {
    return this.heap.view(this.dtype, this.address, this.length).slice();
  }

  release(): void {
    this.lease.end();
  }

  /** The place holds the elements of another array now, whose storage is returned. */
  passOn(): Storage {
    this.storage.dropRemote();
    this.storage = new Storage(null, this);
    return this.storage;
  }

  /** Keeps the elements in JavaScript instead. */
  evacuate(): void {
    void this.storage.local;
    this.storage.dropRemote();
    this.release();
  }
}
