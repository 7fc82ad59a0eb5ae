import { createLogUpdate } from 'log-update';

export interface LiveView {
  title: string;
  done: number;
  total: number;
  /** Shown under the bar. */
  lines: readonly string[];
}

const barWidth = 32;

/** A progress bar and a few lines that are redrawn in place; on a stream that is no terminal, a line every tenth. */
export class LiveDisplay {
  private readonly update: ReturnType<typeof createLogUpdate> | null;
  private lastDrawn = 0;
  private lastTenth = -1;
  private started = performance.now();

  constructor(private readonly stream: NodeJS.WriteStream) {
    this.update = stream.isTTY ? createLogUpdate(stream) : null;
  }

  show(view: LiveView): void {
    const now = performance.now();
    const share = view.done / view.total;
    if (view.done <= 1) {
      this.started = now;
      this.lastTenth = -1;
    }
    if (this.update === null) {
      const tenth = Math.floor(share * 10);
      if (tenth === this.lastTenth) return;
      this.lastTenth = tenth;
      this.stream.write(`${view.title}  ${percent(share)}  ${view.lines.join('  ')}\n`);
      return;
    }
    if (now - this.lastDrawn < 60 && view.done < view.total) return;
    this.lastDrawn = now;
    const filled = Math.round(share * barWidth);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    const elapsed = (now - this.started) / 1000;
    const left = share > 0 ? (elapsed / share) * (1 - share) : 0;
    this.update(
      [`${view.title}  ${bar} ${percent(share)}  ${seconds(left)} left`, ...view.lines.map((l) => `  ${l}`)].join('\n'),
    );
  }

  /** Leaves what stands on the screen and goes on below. */
  finish(): void {
    this.update?.done();
  }
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}

function seconds(s: number): string {
  return s >= 90 ? `${Math.round(s / 60)} min` : `${Math.round(s)} s`;
}
