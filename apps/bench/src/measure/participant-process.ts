import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Answers, Request } from '../participants/messages';

/** How to start a measured process. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The participant answered that it cannot do what was asked. */
export class UnsupportedError extends Error {}

/** The process died, did not answer in time, or answered with an error. */
export class ParticipantError extends Error {}

interface Pending {
  readonly id: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

const keptOutput = 2000;

/** A process that runs cases for one library, so that its heap and its threads are its own. */
export class ParticipantProcess {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private pending: Pending | null = null;
  private lastId = 0;
  private errors = '';
  private dead: ParticipantError | null = null;

  constructor(
    readonly name: string,
    command: Command,
  ) {
    this.child = spawn(command.file, command.args, {
      env: { ...process.env, ...command.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Out of reach of the terminal's Ctrl-C, which is for us to handle. It ends when its input does.
      detached: process.platform !== 'win32',
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-keptOutput);
    });
    // Writing to a process that has died is reported by its end.
    this.child.stdin?.on('error', () => {});
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on('line', (line) => this.receive(line));
    this.ended = new Promise((ended) => {
      this.child.on('error', (error) => {
        this.die(`could not be started: ${error.message}`);
        ended();
      });
      this.child.on('close', (code, signal) => {
        this.die(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
        ended();
      });
    });
  }

  /**
   * Asks for one thing. One request at a time.
   *
   * @throws UnsupportedError if the participant says that it cannot; ParticipantError for everything else that fails.
   */
  async request<Kind extends Request['do']>(
    request: Extract<Request, { do: Kind }>,
    seconds: number,
  ): Promise<Answers[Kind]> {
    if (this.dead !== null) throw this.dead;
    const id = ++this.lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answers[Kind]>((resolve, reject) => {
        this.pending = { id, resolve: resolve as (value: unknown) => void, reject };
        timer = setTimeout(() => {
          this.die(`did not answer "${request.do}" within ${seconds} s`);
          this.child.kill('SIGKILL');
        }, seconds * 1000);
        this.child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.pending = null;
    }
  }

  /** Ends the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private receive(line: string): void {
    let answer: Answer;
    try {
      answer = JSON.parse(line) as Answer;
    } catch {
      // A library printed something.
      return;
    }
    if (this.pending === null || answer?.id !== this.pending.id) return;
    if ('ok' in answer) this.pending.resolve(answer.ok);
    else if (answer.unsupported) this.pending.reject(new UnsupportedError(answer.error));
    else this.pending.reject(new ParticipantError(`${this.name}: ${answer.error}`));
  }

  private die(how: string): void {
    const said = this.errors.trim();
    this.dead ??= new ParticipantError(`${this.name} ${how}${said === '' ? '' : `. Its last words: ${said}`}`);
    this.pending?.reject(this.dead);
  }
}
