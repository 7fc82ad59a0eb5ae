import type { Settings } from '../settings';

/** What a method gets beside the two columns. */
export interface MethodContext {
  readonly settings: Settings;
  /** Reports progress, lets other work run and stops on the signal. */
  report(stage: 'fit' | 'independence', direction: 'x->y' | 'y->x', done: number): Promise<void>;
}
