/** The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B). */

import { compressionError } from './compression-error.ts';

/**
 * The lengths of the codes in bits, by symbol; the last symbol is EOS. The code is canonical: codes of
 * one length are consecutive numbers in the order of their symbols.
 */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfString = 256;
/** The shortest code, in bits: a string is at most 8/5 as long as its code. */
const shortestBits = 5;
/** The longest padding, in bits; it is the start of EOS, all ones. */
const paddingBitsMax = 7;

const codes = codesOf(lengths);

function codesOf(bits: readonly number[]): number[] {
  const result: number[] = new Array(bits.length);
  const order = bits.map((length, symbol) => ({ length, symbol }));
  order.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let last = 0;
  for (const { length, symbol } of order) {
    code <<= length - last;
    last = length;
    result[symbol] = code++;
  }
  return result;
}

// The decoder is a machine whose states are the inner nodes of the code's tree. Four bits at a time
// lead from one to the next, and complete at most one symbol, since no code is shorter than five.
const hasSymbol = 0x100;
const fails = 0x200;
const nextShift = 10;
/** For each state and four bits: the next state, whether a symbol is complete, and the symbol. */
const steps = new Int32Array(256 * 16);
/** Whether a string may end in a state: since the last symbol there were only up to seven ones. */
const mayEnd = new Uint8Array(256);

fillSteps();

function fillSteps(): void {
  // A node has the two that follow it: another node, or -1 less a symbol.
  const nodes: [number, number][] = [[0, 0]];
  codes.forEach((code, symbol) => {
    let node = 0;
    for (let bit = (lengths[symbol] as number) - 1; bit >= 0; bit--) {
      const branch = (code >>> bit) & 1;
      const children = nodes[node] as [number, number];
      if (bit === 0) children[branch] = -1 - symbol;
      else if (children[branch] === 0) children[branch] = nodes.push([0, 0]) - 1;
      node = children[branch] as number;
    }
  });
  nodes.forEach((_, state) => {
    for (let bits = 0; bits < 16; bits++) steps[state * 16 + bits] = stepOf(nodes, state, bits);
  });
  for (let state = 0, depth = 0; depth <= paddingBitsMax; depth++) {
    mayEnd[state] = 1;
    state = nodes[state]?.[1] ?? 0;
  }
}

function stepOf(nodes: [number, number][], state: number, bits: number): number {
  let node = state;
  let symbol = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = nodes[node]?.[(bits >>> bit) & 1] ?? 0;
    if (next === -1 - endOfString) return fails;
    if (next < 0) symbol = hasSymbol | (-1 - next);
    node = Math.max(next, 0);
  }
  return (node << nextShift) | symbol;
}

let decoded = Buffer.allocUnsafe(1024);

/** Decodes the bytes from `at` up to `end`. Throws ConnectionError for EOS and for wrong padding. */
export function decodeHuffman(bytes: Buffer, at: number, end: number): string {
  const longest = Math.ceil(((end - at) * 8) / shortestBits);
  if (decoded.length < longest) decoded = Buffer.allocUnsafe(longest);
  let state = 0;
  let length = 0;
  for (let n = at; n < end; n++) {
    const byte = bytes[n] as number;
    const high = steps[(state << 4) | (byte >>> 4)] as number;
    if ((high & hasSymbol) !== 0) decoded[length++] = high;
    const low = steps[((high >>> nextShift) << 4) | (byte & 15)] as number;
    if ((low & hasSymbol) !== 0) decoded[length++] = low;
    if (((high | low) & fails) !== 0) throw compressionError('a Huffman code has EOS in it');
    state = low >>> nextShift;
  }
  if (mayEnd[state] === 0) throw compressionError('a Huffman code has wrong padding');
  return decoded.toString('latin1', 0, length);
}

/** The length of the text in this code, in bytes; it has one character per byte. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let n = 0; n < text.length; n++) bits += lengths[text.charCodeAt(n) & 0xff] as number;
  return Math.ceil(bits / 8);
}

/** Writes the text in this code; returns the offset after it. */
export function encodeHuffman(text: string, bytes: Buffer, at: number): number {
  let next = at;
  let held = 0;
  let heldBits = 0;
  for (let n = 0; n < text.length; n++) {
    const symbol = text.charCodeAt(n) & 0xff;
    let bits = lengths[symbol] as number;
    const code = codes[symbol] as number;
    // Up to seven bits are held, and the longest code has thirty: a part at a time.
    while (bits > 0) {
      const taken = Math.min(bits, 8 - heldBits);
      bits -= taken;
      held = (held << taken) | ((code >>> bits) & ((1 << taken) - 1));
      heldBits += taken;
      if (heldBits < 8) continue;
      bytes[next++] = held;
      held = 0;
      heldBits = 0;
    }
  }
  if (heldBits > 0) bytes[next++] = (held << (8 - heldBits)) | (0xff >>> heldBits);
  return next;
}
