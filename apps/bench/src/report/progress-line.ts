const barWidth = 24;

/** A line that is redrawn in place on a terminal; elsewhere, a line for each case. */
export class ProgressLine {
  private last = '';

  constructor(
    private readonly stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number },
    private readonly total: number,
  ) {}

  /** `share` of the whole that is done, where it is not that of the titles. */
  show(done: number, title: string, phase: string, share = done / this.total): void {
    if (this.stream.isTTY !== true) {
      if (title !== this.last) this.stream.write(`${done + 1}/${this.total} ${title}\n`);
      this.last = title;
      return;
    }
    const filled = Math.round(share * barWidth);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    const line = `${bar} ${done + 1}/${this.total} ${title}: ${phase}`;
    this.stream.write(`\r\u001b[2K${line.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.stream.isTTY === true) this.stream.write('\r\u001b[2K');
  }
}
