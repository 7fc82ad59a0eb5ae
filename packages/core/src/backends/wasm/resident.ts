import { bytesPerElement, type DType, type TypedArray } from '../../array/dtype';
import { type RemoteElements, Storage, type Whereabouts } from '../../array/storage';
import type { Heap } from './heap';

/**
 * Why elements are in the heap: as the state of a program that gets it donated, as the result of one, or as the input of
 * programs that have read the array more than once, which JavaScript has too.
 */
export type Purpose = 'state' | 'result' | 'input';

/** What the elements are. */
export interface Contents {
  readonly dtype: DType;
  readonly length: number;
  readonly address: number;
  readonly purpose: Purpose;
}

/** An array's elements in the heap. */
export class Resident implements RemoteElements {
  /** A program that runs is using them. */
  pinned = false;
  /** The last run that used them. */
  lastRun = 0;
  readonly dtype: DType;
  readonly length: number;
  readonly address: number;
  #purpose: Purpose;
  #whereabouts: Whereabouts;
  /** Of the array's sign, if it has one: without, the array counts as in use. */
  #owner: WeakRef<object> | null;

  constructor(
    private readonly home: Home,
    storage: Storage,
    { dtype, length, address, purpose }: Contents,
  ) {
    this.dtype = dtype;
    this.length = length;
    this.address = address;
    this.#purpose = purpose;
    this.#whereabouts = storage.whereabouts;
    this.#owner = storage.sign && new WeakRef(storage.sign);
  }

  get purpose(): Purpose {
    return this.#purpose;
  }

  get bytes(): number {
    return this.length * bytesPerElement(this.dtype);
  }

  isAt(home: Home): boolean {
    return this.home === home;
  }

  read(): TypedArray {
    return this.home.heap.view(this.dtype, this.address, this.length).slice();
  }

  release(): void {
    this.home.moveOut(this);
  }

  /** The place holds the elements of another array now, whose storage is returned. */
  passOn(): Storage {
    this.#whereabouts.remote = null;
    this.#purpose = 'state';
    const storage = new Storage(null, this);
    this.#whereabouts = storage.whereabouts;
    this.#owner = null;
    return storage;
  }

  /** Keeps the elements in JavaScript instead, if somebody still has the array. */
  evacuate(): void {
    const inUse = this.#owner === null || this.#owner.deref() !== undefined;
    if (inUse) this.#whereabouts.local ??= this.read();
    this.#whereabouts.remote = null;
    this.release();
  }
}

/** Who gives places to residents. */
export interface Home {
  readonly heap: Heap;
  moveOut(resident: Resident): void;
}
