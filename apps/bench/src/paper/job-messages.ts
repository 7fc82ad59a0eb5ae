import type { Json, Values } from './row';

/** What the process of a job is sent: first the job, then perhaps that it should stop. */
export type ToJob =
  | {
      readonly do: 'run';
      readonly file: string;
      readonly experiment: string;
      readonly seed: number;
      readonly settings: Json;
      readonly dataDir: string | null;
      /** Of the engine. */
      readonly threads: number;
    }
  | { readonly do: 'stop' };

/** What it answers: progress, and at last one of the others. */
export type FromJob =
  | { readonly kind: 'progress'; readonly share: number }
  | {
      readonly kind: 'done';
      readonly values: Values;
      readonly seconds: number;
      /** In MB. */
      readonly memory: number;
    }
  | { readonly kind: 'no data'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
