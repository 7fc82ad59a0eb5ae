/** What is read of an `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

// Declared through globalThis so that the types also compile where neither DOM nor Node types are installed.
/** The platform's `fetch`. */
export type Fetch = typeof globalThis extends { fetch: infer F } ? F : (url: string, init: object) => Promise<object>;

/** How far the download of one file is. */
export interface DownloadProgress {
  /** Name of the data set. */
  readonly dataset: string;
  readonly file: string;
  readonly url: string;
  /** Bytes of the file that are here, those of an earlier, interrupted download included. */
  readonly received: number;
  /** Bytes of the whole file; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** Where a data set is looked for, and how it is downloaded. */
export interface LocateOptions {
  /** Folder that holds data sets. It is searched first, and downloads are kept in it instead of in the cache folder. */
  readonly dataDir?: string | undefined;
  /** Whether to download what is on no disk. Default true. */
  readonly download?: boolean | undefined;
  /** Base addresses that hold the published files, instead of the official mirrors. */
  readonly mirrors?: readonly string[] | undefined;
  /** Stops a download; what has arrived is kept for the next attempt. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignalLike | undefined;
  /** Is called for every piece that arrives. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Milliseconds in which a mirror must answer. Default 5000. */
  readonly connectTimeout?: number | undefined;
  /** Replaces the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
}
