import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCase, Metric } from '../cases/case';
import type { Measured, StoredArray } from '../participants/messages';
import { calibrate } from './calibrate';
import { difference, type Result } from './compare';
import { writeInputs } from './inputs';
import { ParticipantProcess, UnsupportedError } from './participant-process';
import type { Contestant, Roster } from './roster';
import { ratios, type Spread, spread } from './statistics';

export interface MeasureSettings {
  readonly repetitions: number;
  /** How long a sample should last. */
  readonly sampleMilliseconds: number;
  /** How long everybody runs before samples are taken. */
  readonly warmMilliseconds: number;
}

/** What came out of one case. */
export interface CaseResult {
  readonly case: BenchCase;
  /** Values in the case's unit, forback's first. Empty if the case failed. */
  readonly values: Readonly<Record<string, Spread>>;
  /** Ours over the peer's in throughput. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** Iterations of a sample. */
  readonly iterations: Readonly<Record<string, number>>;
  /** Samples: one for each round, fewer of whoever is very slow. */
  readonly rounds: Readonly<Record<string, number>>;
  /** The most memory that each process had resident, in MB. */
  readonly peakMemory: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly settings: Readonly<Record<string, string>>;
  /** Peers that cannot do this case, or sit it out, and why. */
  readonly notRun: Readonly<Record<string, string>>;
  /** What went wrong; nothing was timed if it is a mismatch. */
  readonly failures: readonly string[];
}

export type OnProgress = (phase: string) => void;

const seconds = { start: 120, prepare: 120, check: 600, run: 600 } as const;
/** Threads that wait for work by spinning stop doing so in the meantime. */
const pauseMilliseconds = 20;
/** Whoever needs longer than this for one iteration takes part in fewer rounds, for about `patienceSeconds`. */
const longIterationSeconds = 1;
const patienceSeconds = 10;

/** Measures one case: checks the results, warms up, and takes samples of everybody in turns. */
export async function measureCase(
  benchCase: BenchCase,
  roster: Roster,
  settings: MeasureSettings,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<CaseResult> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'forback-bench-'));
  const match = new Match(benchCase, roster, settings, folder, onProgress);
  const stop = () => match.abort(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await match.play();
  } finally {
    signal.removeEventListener('abort', stop);
    await match.end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Player {
  readonly contestant: Contestant;
  process: ParticipantProcess;
  iterations: number;
  /** Iterations before a sample that are not timed: others have used the caches. */
  warm: number;
  checkSeconds: number;
  /** In which it takes part: all of them, unless it is very slow. */
  rounds: number;
  /** Of each round: nanoseconds per iteration, or bytes. */
  readonly costs: number[];
  peakMemory: number;
}

class Match {
  private players: Player[] = [];
  private readonly processes = new Set<ParticipantProcess>();
  private aborted: { readonly reason: unknown } | null = null;
  private inputs: readonly StoredArray[] = [];
  private readonly versions: Record<string, Readonly<Record<string, string>>> = {};
  private readonly settingsOf: Record<string, string> = {};
  private readonly notRun: Record<string, string> = {};
  private readonly failures: string[] = [];

  constructor(
    private readonly benchCase: BenchCase,
    private readonly roster: Roster,
    private readonly settings: MeasureSettings,
    private readonly folder: string,
    private readonly onProgress: OnProgress,
  ) {}

  abort(reason: unknown): void {
    this.aborted = { reason };
    void this.end();
  }

  async end(): Promise<void> {
    const ended = [...this.processes].map((process) => process.kill());
    this.processes.clear();
    await Promise.all(ended);
  }

  async play(): Promise<CaseResult> {
    this.onProgress('writing inputs');
    this.inputs = await writeInputs(this.benchCase.inputs, this.folder);
    for (const contestant of [this.roster.ours, ...this.roster.peers]) await this.admit(contestant);
    const ours = this.ours();
    if (ours !== null && (await this.check(ours))) await this.takeSamples();
    return this.result();
  }

  /** Null once we are out: then there is nothing to compare with. */
  private ours(): Player | null {
    const first = this.players[0];
    return first?.contestant === this.roster.ours ? first : null;
  }

  private async admit(contestant: Contestant): Promise<void> {
    const { name } = contestant;
    const reason = this.outsider(contestant) ?? contestant.sitsOut?.(this.benchCase) ?? null;
    if (reason !== null) {
      this.notRun[name] = reason;
      return;
    }
    await this.guard(name, async () => {
      const process = await this.start(contestant);
      this.players.push({
        contestant,
        process,
        iterations: 1,
        warm: 1,
        checkSeconds: 0,
        rounds: 0,
        costs: [],
        peakMemory: 0,
      });
    });
  }

  private outsider(contestant: Contestant): string | null {
    const { against } = this.benchCase;
    if (contestant === this.roster.ours || against?.includes(contestant.name)) return null;
    if (against) return 'forback is compared with itself';
    return contestant.variantOfOurs ? 'takes part only where forback is compared with itself' : null;
  }

  /** Runs something of a contestant, who is out of the case if it fails. */
  private async guard(name: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.aborted !== null) throw this.aborted.reason;
      if (error instanceof UnsupportedError) this.notRun[name] = error.message;
      else this.failures.push(error instanceof Error ? error.message : String(error));
      this.players = this.players.filter((p) => p.contestant.name !== name);
    }
  }

  private async start({ name, command, threads, options }: Contestant): Promise<ParticipantProcess> {
    this.onProgress(`starting ${name}`);
    // What a process leaves behind, however it ends, goes with the case.
    const temporary = { TMPDIR: this.folder, TEMP: this.folder, TMP: this.folder };
    const environment = { ...command.environment, ...temporary };
    const process = new ParticipantProcess(name, { ...command, environment });
    this.processes.add(process);
    if (this.aborted !== null) await this.end();
    const started = await process.request({ do: 'start', threads, options }, seconds.start);
    this.versions[name] = started.versions;
    this.settingsOf[name] = started.settings;
    const { workload, metric } = this.benchCase;
    const traffic = metric.kind === 'rate' && metric.unit === 'GB/s' ? metric.work : 0;
    await process.request({ do: 'prepare', workload, inputs: this.inputs, traffic }, seconds.prepare);
    return process;
  }

  /** Compares everybody's results with ours. False if there is nothing worth timing. */
  private async check(ours: Player): Promise<boolean> {
    const expected = await this.resultsOf(ours);
    if (expected === null) return false;
    const mismatches: string[] = [];
    for (const player of this.players.slice(1)) {
      const results = await this.resultsOf(player);
      // A copy of memory computes nothing.
      if (results === null || results.size === 0) continue;
      for (const spec of this.benchCase.outputs) {
        const before = spec.change ? (await this.readInput(spec.name)).data : undefined;
        const found = difference(spec, expected.get(spec.name) as Result, results.get(spec.name), before);
        if (found !== null) mismatches.push(`MISMATCH: ${player.contestant.name}: ${found}`);
      }
    }
    this.failures.push(...mismatches);
    return mismatches.length === 0;
  }

  private async resultsOf(player: Player): Promise<Map<string, Result> | null> {
    const { name } = player.contestant;
    this.onProgress(`checking ${name}`);
    let results: Map<string, Result> | null = null;
    await this.guard(name, async () => {
      const start = performance.now();
      const { outputs } = await player.process.request({ do: 'check', folder: this.folder }, seconds.check);
      player.checkSeconds = (performance.now() - start) / 1000;
      const read = outputs.map(async (stored) => [stored.name, await readStored(stored)] as const);
      results = new Map(await Promise.all(read));
    });
    return results;
  }

  private async readInput(name: string): Promise<Result> {
    const stored = this.inputs.find((x) => x.name === name);
    if (stored === undefined)
      throw new Error(`case ${this.benchCase.id} compares the change of ${name}, which is no input`);
    return await readStored(stored);
  }

  private async takeSamples(): Promise<void> {
    for (const player of [...this.players]) {
      this.onProgress(`warming up ${player.contestant.name}`);
      await this.guard(player.contestant.name, () => this.warmUp(player));
    }
    const { repetitions } = this.settings;
    for (let round = 1; round <= repetitions && this.ours() !== null; round++) {
      this.onProgress(`round ${round} of ${repetitions}`);
      for (const player of this.players.filter((p) => round <= p.rounds)) {
        await this.guard(player.contestant.name, () => this.takeSample(player));
      }
    }
  }

  private async warmUp(player: Player): Promise<void> {
    const { repetitions, sampleMilliseconds, warmMilliseconds } = this.settings;
    player.rounds = repetitions;
    if (this.benchCase.fresh) {
      player.iterations = this.benchCase.fresh.iterations;
      await this.retire(player);
      return;
    }
    const fewRounds = (secondsEach: number) => {
      player.rounds = Math.max(1, Math.min(repetitions, Math.floor(patienceSeconds / secondsEach)));
      player.warm = 0;
    };
    if (player.checkSeconds > patienceSeconds) {
      fewRounds(player.checkSeconds);
      return;
    }
    const run = async (iterations: number) => (await this.run(player, iterations, 0)).nanoseconds;
    const { iterations, nanoseconds } = await calibrate(run, {
      sampleNanoseconds: sampleMilliseconds * 1e6,
      warmNanoseconds: warmMilliseconds * 1e6,
    });
    player.iterations = iterations;
    if (nanoseconds > 1e9 * longIterationSeconds) fewRounds(nanoseconds / 1e9);
  }

  private async takeSample(player: Player): Promise<void> {
    const { fresh } = this.benchCase;
    if (fresh) player.process = await this.start(player.contestant);
    else await new Promise((resume) => setTimeout(resume, pauseMilliseconds));
    this.record(player, await this.run(player, player.iterations, fresh?.warm ?? player.warm));
    if (fresh) await this.retire(player);
  }

  private async retire(player: Player): Promise<void> {
    this.processes.delete(player.process);
    await player.process.kill();
  }

  private async run(player: Player, iterations: number, warm: number): Promise<Measured> {
    return await player.process.request({ do: 'run', iterations, warm }, seconds.run);
  }

  private record(player: Player, { nanoseconds, peakMemory }: Measured): void {
    player.costs.push(this.benchCase.metric.kind === 'memory' ? peakMemory : nanoseconds / player.iterations);
    player.peakMemory = Math.max(player.peakMemory, peakMemory);
  }

  private result(): CaseResult {
    const { metric } = this.benchCase;
    const ours = this.ours();
    // Whoever failed on the way is out, and so is everybody if we are.
    const measured = ours !== null && ours.costs.length > 0 ? this.players : [];
    const by = <T>(players: readonly Player[], f: (player: Player) => T) =>
      Object.fromEntries(players.map((p) => [p.contestant.name, f(p)]));
    return {
      case: this.benchCase,
      values: by(measured, (p) => spread(p.costs.map((cost) => inUnit(metric, cost)))),
      ratios: by(measured.slice(1), (p) => spread(ratios(measured[0]?.costs ?? [], p.costs))),
      iterations: by(measured, (p) => p.iterations),
      rounds: by(measured, (p) => p.costs.length),
      peakMemory: by(measured, (p) => p.peakMemory / 1e6),
      versions: this.versions,
      settings: this.settingsOf,
      notRun: this.notRun,
      failures: this.failures,
    };
  }
}

/** What a sample's cost means in the unit of the case. */
function inUnit(metric: Metric, cost: number): number {
  if (metric.kind === 'rate') return metric.work / cost;
  if (metric.kind === 'memory') return cost / 1e6;
  return metric.unit === 'ms' ? cost / 1e6 : cost / 1e3;
}

async function readStored({ shape, file }: StoredArray): Promise<Result> {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  return { shape, data: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
}
