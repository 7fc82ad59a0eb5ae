// One engine is one memory, its threads, and the modules that are linked to them.

import type { TypedArray } from '../../array/dtype';
import type { Storage } from '../../array/storage';
import { LruCache } from '../../program/lru-cache';
import { ModuleBuilder } from './assembler';
import { Heap } from './heap';
import type { Features, NativeFunction, NativeModule } from './native';
import { type Lease, Resident } from './resident';
import { controlBytes, type PartRunner, type SharedFunction, Team } from './team';

export interface EngineOptions {
  readonly threads: number;
  readonly features: Features;
  /** For tests of what happens at the limit. */
  readonly limitBytes?: number;
}

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
    const namespaces: Record<string, WebAssembly.ModuleImports> = { heap: { memory: heap.memory } };
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

export class Engine {
  readonly heap: Heap;
  readonly team: Team;
  readonly features: Features;
  readonly #modules = new LruCache<LinkedModule>(4096);
  #arena = { address: 0, bytes: 0 };
  #depth = 0;
  #sweptSize = 64;
  readonly #residents = new Set<{ readonly reference: WeakRef<Resident>; readonly lease: Lease }>();
  readonly #collected = new FinalizationRegistry<Lease>((lease) => lease.end());

  constructor({ threads, features, ...rest }: EngineOptions) {
    this.heap = new Heap({ shared: threads > 1, reserved: controlBytes, ...rest });
    this.team = new Team(this.heap, threads);
    this.features = features;
    this.heap.reclaim = (urgent) => this.#reclaim(urgent);
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

  /** The place of an array's elements in this engine's memory, if they are there. */
  residentOf(storage: Storage): Resident | null {
    const { remote } = storage;
    return remote instanceof Resident && remote.heap === this.heap ? remote : null;
  }

  /** Brings an array's elements into the memory. */
  settle(storage: Storage, { dtype, length }: Pick<Resident, 'dtype' | 'length'>): Resident {
    const { heap } = this;
    const data: TypedArray = storage.local;
    const address = heap.allocate(data.byteLength);
    heap.view(dtype, address, length).set(data);
    const resident = new Resident(heap, storage, dtype, length, address);
    storage.keepRemote(resident);
    const { lease } = resident;
    this.#residents.add({ reference: new WeakRef(resident), lease });
    this.#collected.register(resident, lease);
    if (this.#residents.size > 2 * this.#sweptSize) this.#sweep();
    return resident;
  }

  /** Frees what nobody can reach; when it is urgent, moves an array that is not in use out of the memory. */
  #reclaim(urgent: boolean): boolean {
    if (!urgent) return this.#sweep();
    for (const { reference } of this.#residents) {
      const resident = reference.deref();
      if (resident === undefined || resident.pinned || resident.lease.ended) continue;
      resident.evacuate();
      return true;
    }
    return false;
  }

  #sweep(): boolean {
    let freed = false;
    for (const entry of this.#residents) {
      const unreachable = entry.reference.deref() === undefined;
      if (!unreachable && !entry.lease.ended) continue;
      freed ||= !entry.lease.ended;
      entry.lease.end();
      this.#residents.delete(entry);
    }
    this.#sweptSize = Math.max(64, this.#residents.size);
    return freed;
  }
}
