import type { TypedArray } from './dtype';

/** The elements of an array in the memory of a backend. */
export interface RemoteElements {
  /** A copy. */
  read(): TypedArray;
  /** Nobody will read them again. */
  release(): void;
}

/** Where the elements of an array are: here, in a backend's memory, or in both. Backends may hold this, never the array. */
export interface Whereabouts {
  local: TypedArray | null;
  remote: RemoteElements | null;
}

/** The elements of an array. They never change, but they can be given away. */
export class Storage {
  readonly whereabouts: Whereabouts;
  /**
   * Lives as long as the storage. A backend that asks a weak reference to it whether the array is still in use keeps nothing
   * else alive, which the elements behind a reference to the storage would be until the current job ends.
   */
  readonly sign: object | null;
  #takenBy: string | null = null;
  /** How often programs have read the elements from here. */
  reads = 0;

  constructor(local: TypedArray | null, remote: RemoteElements | null = null, sign: object | null = null) {
    this.whereabouts = { local, remote };
    this.sign = sign;
  }

  /** Who took the elements; null while they are here. */
  get takenBy(): string | null {
    return this.#takenBy;
  }

  get remote(): RemoteElements | null {
    return this.whereabouts.remote;
  }

  /** Callers must not write to them. */
  get local(): TypedArray {
    const { whereabouts } = this;
    whereabouts.local ??= (whereabouts.remote as RemoteElements).read();
    return whereabouts.local;
  }

  /** Remembers that the elements are in a backend's memory too, and no longer in another's. */
  keepRemote(remote: RemoteElements): void {
    this.remote?.release();
    this.whereabouts.remote = remote;
  }

  giveAway(to: string): void {
    this.#takenBy = to;
    this.remote?.release();
    this.whereabouts.local = null;
    this.whereabouts.remote = null;
  }
}
