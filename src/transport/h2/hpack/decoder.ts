/** Decodes field blocks (RFC 7541 sections 3 and 6). */

import { compressionError } from './compression-error.ts';
import { DynamicTable } from './dynamic-table.ts';
import { Field } from './field.ts';
import { decodeHuffman } from './huffman.ts';
import { type BlockCursor, readInteger } from './integer.ts';
import { staticTable } from './static-table.ts';

/** The size of the table unless it is announced otherwise, in bytes (RFC 9113 section 6.5.2). */
export const tableBytesDefault = 4096;

/** Bounds of one list of fields. */
export interface FieldListLimits {
  /** Most bytes of a list, counted as in RFC 9113 section 6.5.2. */
  headerListBytesMax: number;
  /** Most fields of a list. */
  headerFieldsMax: number;
}

/** Longest block that is compared with the one before, in bytes. */
const remembered = 512;

/** The decoder of one connection. */
export class HpackDecoder implements BlockCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  readonly #limits: FieldListLimits;
  readonly #table = new DynamicTable(tableBytesDefault);
  /** The last block that changed no table, and what it means while the table stays as it is. */
  #lastBlock: Buffer | undefined;
  #lastBytes = 0;
  #lastChanges = 0;
  #lastFields: readonly Field[] = [];

  constructor(limits: FieldListLimits) {
    this.#limits = limits;
  }

  /**
   * The fields of a block, in their order; undefined if they exceed a limit, with the tables as the
   * block leaves them. Equal blocks may get the same array. Throws ConnectionError.
   */
  decode(bytes: Buffer, at: number, end: number): readonly Field[] | undefined {
    if (this.#isLast(bytes, at, end)) return this.#lastFields;
    const changes = this.#table.changes;
    const fields = this.#decode(bytes, at, end);
    if (fields !== undefined && changes === this.#table.changes && end - at <= remembered) {
      this.#remember(bytes, at, end, fields);
    }
    return fields;
  }

  #isLast(bytes: Buffer, at: number, end: number): boolean {
    const last = this.#lastBlock;
    if (last === undefined || end - at !== this.#lastBytes) return false;
    if (this.#lastChanges !== this.#table.changes) return false;
    // From the end, where what differs from call to call usually is.
    for (let n = this.#lastBytes - 1; n >= 0; n--) if (last[n] !== bytes[at + n]) return false;
    return true;
  }

  #remember(bytes: Buffer, at: number, end: number, fields: readonly Field[]): void {
    this.#lastBlock ??= Buffer.allocUnsafe(remembered);
    this.#lastBytes = bytes.copy(this.#lastBlock, 0, at, end);
    this.#lastChanges = this.#table.changes;
    this.#lastFields = fields;
  }

  #decode(bytes: Buffer, at: number, end: number): Field[] | undefined {
    const { headerListBytesMax, headerFieldsMax } = this.#limits;
    const fields: Field[] = [];
    let size = 0;
    let count = 0;
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    while (this.at < end) {
      const first = bytes[this.at] as number;
      if (first >= 0x20 && first < 0x40) {
        if (count > 0) throw compressionError('a table size follows a field');
        this.#resize();
        continue;
      }
      const field = first >= 0x80 ? this.#entry(readInteger(this, 0x7f)) : this.#literal(first);
      size += field.size;
      count++;
      if (size <= headerListBytesMax && count <= headerFieldsMax) fields.push(field);
    }
    return size <= headerListBytesMax && count <= headerFieldsMax ? fields : undefined;
  }

  /** The entry of an index (2.3.3). */
  #entry(index: number): Field {
    const known = index > 0 && index <= staticTable.length;
    const field = known ? staticTable[index - 1] : this.#table.at(index);
    if (field === undefined) throw compressionError('an index has no entry');
    return field;
  }

  /** A literal (6.2): of the three forms, only one is added to the table. */
  #literal(first: number): Field {
    const isIndexed = first >= 0x40;
    const index = readInteger(this, isIndexed ? 0x3f : 0x0f);
    let field: Field;
    if (index === 0) {
      const name = this.#text();
      field = new Field(name, this.#text());
    } else {
      const { name, id } = this.#entry(index);
      field = new Field(name, this.#text(), id);
    }
    if (isIndexed) this.#table.insert(field);
    return field;
  }

  /** A string (5.2). */
  #text(): string {
    const isHuffman = this.at < this.end && (this.bytes[this.at] as number) >= 0x80;
    const length = readInteger(this, 0x7f);
    const start = this.at;
    this.at += length;
    if (this.at > this.end) throw compressionError('a string is cut short');
    if (isHuffman) return decodeHuffman(this.bytes, start, this.at);
    return this.bytes.toString('latin1', start, this.at);
  }

  /** A new size of the table (6.3), at most what this server allows. */
  #resize(): void {
    const bytesMax = readInteger(this, 0x1f);
    if (bytesMax > tableBytesDefault) throw compressionError('a table is larger than allowed');
    this.#table.resize(bytesMax);
  }
}
