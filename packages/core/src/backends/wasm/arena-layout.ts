// Where the values of a program lie in its working memory, decided when it is compiled.

import { bytesPerElement, type TypedArray } from '../../array/dtype';
import type { Plan, Slot } from '../plan';
import { roundUp } from './heap';

export const alignment = 64;
/** Between values, so that the last elements of each can be read as whole vectors. */
export const padding = 16;

/** From so many bytes on, an array that is a result, or is read again, is worth a place in the memory. */
const largeBytes = 2 ** 15;

export function bytesOf({ dtype, length }: Slot): number {
  return length * bytesPerElement(dtype);
}

export function isLarge(slot: Slot): boolean {
  return bytesOf(slot) >= largeBytes;
}

export function stays(slot: Slot): boolean {
  return slot.kind === 'result' && slot.donor === null && isLarge(slot);
}

/** What stands at the start of the arena. */
export class Head {
  #bytes = 0;
  readonly #literals: { at: number; data: TypedArray }[] = [];

  get bytes(): number {
    return this.#bytes;
  }

  reserve(bytes: number): number {
    const at = this.#bytes;
    this.#bytes = roundUp(at + bytes, 16);
    return at;
  }

  literal(data: TypedArray): number {
    const at = this.reserve(data.byteLength);
    this.#literals.push({ at, data });
    return at;
  }

  words(): Int32Array<ArrayBuffer> {
    const words = new Int32Array(this.#bytes / 4);
    const bytes = new Uint8Array(words.buffer);
    for (const { at, data } of this.#literals) {
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    }
    return words;
  }
}

/**
 * Gives every slot that a run fills anew a place such that no two that live at the same time overlap: large ones first,
 * each at the lowest place that is free throughout its life. Answers where the values end.
 */
export function layOut<K>(
  { slots, steps, results }: Plan<K>,
  heirs: readonly (number | undefined)[],
  start: number,
  offsets: Float64Array,
): number {
  const lives = slots.map(() => ({ first: Number.POSITIVE_INFINITY, last: -1 }));
  const touch = (slot: number, at: number) => {
    const life = lives[slot] as (typeof lives)[number];
    life.first = Math.min(life.first, at);
    life.last = Math.max(life.last, at);
  };
  slots.forEach((slot, i) => {
    if (slot.kind === 'input') touch(i, -1);
  });
  steps.forEach(({ inputs, outputs }, at) => {
    for (const slot of [...inputs, ...outputs]) touch(slot, at);
  });
  for (const slot of results) touch(slot, steps.length);

  const inArena = (slot: Slot) =>
    slot.kind === 'scratch' ||
    (slot.kind === 'result' && slot.donor === null && !stays(slot)) ||
    (slot.kind === 'input' && heirs[slot.index] === undefined);
  const order = slots
    .map((slot, index) => ({ index, bytes: roundUp(slot.length * bytesPerElement(slot.dtype) + padding, alignment) }))
    .filter(({ index }) => inArena(slots[index] as Slot))
    .sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const placed: { from: number; to: number; first: number; last: number }[] = [];
  let end = start;
  for (const { index, bytes } of order) {
    const { first, last } = lives[index] as (typeof lives)[number];
    let from = start;
    for (const other of placed) {
      if (other.first > last || other.last < first) continue;
      if (other.from >= from + bytes) break;
      from = Math.max(from, other.to);
    }
    const entry = { from, to: from + bytes, first, last };
    const at = placed.findIndex((other) => other.from > from);
    placed.splice(at < 0 ? placed.length : at, 0, entry);
    offsets[index] = from;
    end = Math.max(end, entry.to);
  }
  return end;
}
