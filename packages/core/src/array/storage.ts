import type { TypedArray } from './dtype';

/** The elements of an array in the memory of a backend. */
export interface RemoteElements {
  /** A copy. */
  read(): TypedArray;
  /** Nobody will read them again. */
  release(): void;
}

/** The elements of an array: here, in a backend's memory, or in both. They never change, but they can be given away. */
export class Storage {
  #local: TypedArray | null;
  #remote: RemoteElements | null;
  #takenBy: string | null = null;
  /** How often programs have read the elements from here. */
  reads = 0;

  constructor(local: TypedArray | null, remote: RemoteElements | null = null) {
    this.#local = local;
    this.#remote = remote;
  }

  /** Who took the elements; null while they are here. */
  get takenBy(): string | null {
    return this.#takenBy;
  }

  get remote(): RemoteElements | null {
    return this.#remote;
  }

  /** Callers must not write to them. */
  get local(): TypedArray {
    this.#local ??= (this.#remote as RemoteElements).read();
    return this.#local;
  }

  /** Remembers that the elements are in a backend's memory too, and no longer in another's. */
  keepRemote(remote: RemoteElements): void {
    this.#remote?.release();
    this.#remote = remote;
  }

  /** The backend's memory is needed for something else, or has another owner. */
  dropRemote(): void {
    this.#remote = null;
  }

  giveAway(to: string): void {
    this.#takenBy = to;
    this.#local = null;
    this.#remote?.release();
    this.#remote = null;
  }
}
