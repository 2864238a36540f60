/** The dynamic table of a decoder (RFC 7541 sections 2.3.2 and 4). */

import type { Field } from './field.ts';
import { staticTable } from './static-table.ts';

const firstIndex = staticTable.length + 1;

/** Entries in the order of their insertion, in a ring that grows with their number. */
export class DynamicTable {
  #ring: (Field | undefined)[] = new Array(8);
  /** How many were inserted so far; the newest is at this position less one, modulo the ring. */
  #inserted = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number;
  /** How often the table changed: entries that came or went, another size. */
  changes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The entry of an index above the static table; undefined where there is none. */
  at(index: number): Field | undefined {
    const age = index - firstIndex;
    if (age >= this.#count) return undefined;
    return this.#ring[(this.#inserted - 1 - age) & (this.#ring.length - 1)];
  }

  /** Adds an entry, for which older ones go. One that is larger than the table empties it (4.4). */
  insert(field: Field): void {
    this.changes++;
    this.#evict(this.#bytesMax - field.size);
    if (field.size > this.#bytesMax) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#inserted++ & (this.#ring.length - 1)] = field;
    this.#count++;
    this.#bytes += field.size;
  }

  /** Sets the size in bytes, for which entries may go (4.3). */
  resize(bytesMax: number): void {
    this.changes++;
    this.#bytesMax = bytesMax;
    this.#evict(bytesMax);
  }

  #evict(bytesMax: number): void {
    while (this.#bytes > bytesMax && this.#count > 0) {
      const oldest = (this.#inserted - this.#count) & (this.#ring.length - 1);
      this.#bytes -= this.#ring[oldest]?.size ?? 0;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (Field | undefined)[] = new Array(2 * old.length);
    for (let n = this.#inserted - this.#count; n < this.#inserted; n++) {
      ring[n & (ring.length - 1)] = old[n & (old.length - 1)];
    }
    this.#ring = ring;
  }
}
