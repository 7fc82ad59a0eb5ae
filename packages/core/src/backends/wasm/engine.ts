// One engine is one memory, its threads, and the modules that are linked to them.

import type { TypedArray } from '../../array/dtype';
import { Storage } from '../../array/storage';
import { LruCache } from '../../program/lru-cache';
import type { MemoryUse } from '../backend';
import { ModuleBuilder } from './assembler';
import { Heap } from './heap';
import type { Features, NativeFunction, NativeModule } from './native';
import { type Contents, type Home, type Purpose, Resident } from './resident';
import { controlBytes, type PartRunner, type SharedFunction, Team } from './team';

export interface EngineOptions {
  readonly threads: number;
  readonly features: Features;
  /** For tests of what happens at the limit. */
  readonly limitBytes?: number;
}

/**
 * Bytes of arrays that stay in the memory after their last use. The engine cannot tell at once whether anybody still has them,
 * so beyond this the longest unused are freed, or move back to JavaScript where they are collected as garbage.
 */
const residentBudget = 2 ** 27;
const recentRuns = 64;

let modules = 0;

class LinkedModule {
  readonly exports: Record<string, PartRunner>;
  readonly names: readonly string[];
  readonly #id = ++modules;
  readonly #code: Uint8Array<ArrayBuffer>;
  #record = 0;

  constructor(
    private readonly heap: Heap,
    definition: NativeModule,
    features: Features,
    private readonly imports: readonly LinkedModule[],
  ) {
    const builder = new ModuleBuilder();
    builder.importMemory('heap', 'memory', heap.limits);
    definition.define(builder, features);
    this.#code = builder.encode();
    const namespaces: Record<string, WebAssembly.ModuleImports> = {
      heap: { memory: heap.memory },
      math: Math as unknown as WebAssembly.ModuleImports,
    };
    imports.forEach((other, i) => {
      namespaces[i] = other.exports;
    });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(this.#code), namespaces);
    this.exports = instance.exports as Record<string, PartRunner>;
    this.names = Object.keys(this.exports);
  }

  /** Where workers find the code; it stays there as long as the heap. */
  record(): number {
    if (this.#record === 0) {
      const code = this.#code;
      const records = this.imports.map((other) => other.record());
      const address = this.heap.allocate(12 + 4 * records.length + code.length);
      this.heap.all('int32').set([this.#id, code.length, records.length, ...records], address >> 2);
      this.heap.all('bool').set(code, address + 12 + 4 * records.length);
      this.#record = address;
    }
    return this.#record;
  }
}

export class Engine implements Home {
  readonly heap: Heap;
  readonly team: Team;
  readonly features: Features;
  readonly #modules = new LruCache<LinkedModule>(4096);
  #arena = { address: 0, bytes: 0 };
  #depth = 0;
  /** Arrays in the memory, the longest unused first. */
  readonly #residents = new Set<Resident>();
  #residentBytes = 0;
  #runs = 0;

  constructor({ threads, features, ...rest }: EngineOptions) {
    this.heap = new Heap({ shared: threads > 1, reserved: controlBytes, ...rest });
    this.team = new Team(this.heap, threads);
    this.features = features;
    this.heap.reclaim = () => this.#evacuateOne(() => true);
  }

  memory(): MemoryUse {
    return {
      arrays: this.#residents.size,
      arrayBytes: this.#residentBytes,
      usedBytes: this.heap.usedBytes,
      peakBytes: this.heap.peakBytes,
      reservedBytes: this.heap.bytes,
    };
  }

  link({ module, name }: NativeFunction): SharedFunction {
    const linked = this.#linked(module);
    const run = linked.exports[name] as PartRunner;
    return { run, record: () => linked.record(), index: linked.names.indexOf(name) };
  }

  #linked(definition: NativeModule): LinkedModule {
    let linked = this.#modules.get(definition.key);
    if (linked === undefined) {
      const imports = (definition.imports ?? []).map((other) => this.#linked(other));
      linked = new LinkedModule(this.heap, definition, this.features, imports);
      this.#modules.set(definition.key, linked);
    }
    return linked;
  }

  /** Working memory for one run of a program; programs run to their end one after another, or one inside another. */
  enter(bytes: number): number {
    this.#runs++;
    if (this.#depth > 0) {
      const address = this.heap.allocate(bytes);
      this.#depth++;
      return address;
    }
    if (this.#arena.bytes < bytes) {
      this.heap.free(this.#arena.address);
      this.#arena = { address: 0, bytes: 0 };
      this.#arena = { address: this.heap.allocate(bytes), bytes };
    }
    this.#depth++;
    return this.#arena.address;
  }

  leave(address: number): void {
    this.#depth--;
    if (this.#depth > 0) this.heap.free(address);
  }

  /** The place of an array's elements in this engine's memory, if they are there. It must not move before `leave`. */
  residentOf(storage: Storage): Resident | null {
    const { remote } = storage;
    if (!(remote instanceof Resident && remote.isAt(this))) return null;
    if (remote.lastRun !== this.#runs) {
      remote.lastRun = this.#runs;
      this.#residents.delete(remote);
      this.#residents.add(remote);
    }
    return remote;
  }

  /** Brings an array's elements into the memory. */
  settle(storage: Storage, { dtype, length }: Pick<Contents, 'dtype' | 'length'>, purpose: Purpose): Resident {
    const data: TypedArray = storage.local;
    const address = this.allocateResident(data.byteLength);
    this.heap.view(dtype, address, length).set(data);
    const resident = this.#register(storage, { dtype, length, address, purpose });
    storage.keepRemote(resident);
    return resident;
  }

  /** The array whose elements a program has written to a block of `allocateResident`. */
  adopt(contents: Omit<Contents, 'purpose'>): Storage {
    const storage = new Storage(null, null, {});
    storage.keepRemote(this.#register(storage, { ...contents, purpose: 'result' }));
    return storage;
  }

  /** A block for elements that stay; others leave for it. */
  allocateResident(bytes: number): number {
    const isIdle = (r: Resident) => r.purpose !== 'state' || r.lastRun < this.#runs - recentRuns;
    while (this.#residentBytes + bytes > residentBudget && this.#evacuateOne(isIdle));
    return this.heap.allocate(bytes);
  }

  #register(storage: Storage, contents: Contents): Resident {
    const resident = new Resident(this, storage, contents);
    resident.lastRun = this.#runs;
    this.#residents.add(resident);
    this.#residentBytes += resident.bytes;
    return resident;
  }

  moveOut(resident: Resident): void {
    if (!this.#residents.delete(resident)) return;
    this.#residentBytes -= resident.bytes;
    this.heap.free(resident.address);
  }

  /** Moves the longest unused array that may leave out of the memory. */
  #evacuateOne(mayLeave: (resident: Resident) => boolean): boolean {
    for (const resident of this.#residents) {
      if (resident.pinned || !mayLeave(resident)) continue;
      resident.evacuate();
      return true;
    }
    return false;
  }
}
