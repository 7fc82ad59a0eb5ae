import { bytesPerElement, type DType, type TypedArray } from '../../array/dtype';
import { type RemoteElements, Storage } from '../../array/storage';
import type { Heap } from './heap';

/**
 * Why elements are in the heap: as the state of a program that gets it donated, or as the input of programs that have read the
 * array more than once, which JavaScript has too.
 */
export type Purpose = 'state' | 'input';

/** An array's elements in the heap. */
export class Resident implements RemoteElements {
  /** A program that runs is using them. */
  pinned = false;
  /** The last run that used them. */
  lastRun = 0;

  constructor(
    private readonly home: Home,
    private storage: Storage,
    readonly dtype: DType,
    readonly length: number,
    readonly address: number,
    public purpose: Purpose,
  ) {}

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
    this.storage.dropRemote();
    this.purpose = 'state';
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

/** Who gives places to residents. */
export interface Home {
  readonly heap: Heap;
  moveOut(resident: Resident): void;
}
