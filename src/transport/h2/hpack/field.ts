/** A header field, and the numbers of names (RFC 7541 section 1.3). */

/** What a field costs in a table or list besides its text, in bytes (RFC 7541 section 4.1). */
const overheadBytes = 32;

/** Numbers of names that code asks for: those of the static table, then those of `nameId`. */
const ids = new Map<string, number>();
let lastId = 0;

/** The number of a name, which it gets now if it has none. For names in code, never for received ones. */
export function nameId(name: string): number {
  const known = ids.get(name);
  if (known !== undefined) return known;
  lastId++;
  ids.set(name, lastId);
  return lastId;
}

/** What the layer above found when it looked at a field. */
export type Judgement = 'unseen' | 'good' | 'bad';

/** A header field. Tables and lists share it, so that an indexed one costs a reference. */
export class Field {
  /** One character per byte. */
  readonly name: string;
  /** One character per byte. */
  readonly value: string;
  /** The number of the name; 0 for one that no code asks for. */
  readonly id: number;
  /** Its size in a table or list, in bytes (RFC 7541 section 4.1). */
  readonly size: number;
  /** Whether its characters are allowed; looked at once, and kept with the field. */
  judgement: Judgement = 'unseen';

  constructor(name: string, value: string, id: number = ids.get(name) ?? 0) {
    this.name = name;
    this.value = value;
    this.id = id;
    this.size = name.length + value.length + overheadBytes;
  }
}
