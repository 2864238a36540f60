/** Estimates how much memory a JSON value takes. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What each part of a JSON value takes, in bytes. */
export interface JsonWeights {
  /** A number, true, false or null. */
  leaf: number;
  /** A string without its characters, or the name of a member. */
  text: number;
  /** A character below U+0100; with a higher one in it, each character of a string takes twice that. */
  character: number;
  /** A list without its entries. */
  list: number;
  /** An object without its members. */
  object: number;
  /** The place of an entry or a member in what holds it. */
  place: number;
}

/**
 * In V8's heap, measured (test/caching/json-bytes.test.ts). Objects count as if each had a hidden
 * class and names of its own, since the signer of a JWT chooses them.
 */
export const heapWeights: JsonWeights = {
  leaf: 8,
  text: 32,
  character: 1,
  list: 48,
  object: 112,
  place: 12,
};

/** In the heap, and once each in Protobuf's binary and JSON encodings. */
export const answerWeights: JsonWeights = {
  leaf: heapWeights.leaf + 24,
  text: heapWeights.text + 32,
  character: 3 * heapWeights.character,
  list: heapWeights.list + 12,
  object: heapWeights.object + 12,
  place: heapWeights.place + 4,
};

const isWide = /[\u0100-\uffff]/;

/** The bytes that a value takes by these weights. Members that are undefined take none. */
export function jsonBytes(value: unknown, weights: JsonWeights): number {
  return weigh(value as Json | undefined, weights);
}

function weigh(value: Json | undefined, weights: JsonWeights): number {
  if (typeof value === 'string') return textBytes(value, weights);
  if (value === undefined) return 0;
  if (typeof value !== 'object' || value === null) return weights.leaf;
  if (Array.isArray(value)) {
    let bytes = weights.list + weights.place * value.length;
    for (const each of value) bytes += weigh(each, weights);
    return bytes;
  }
  let bytes = weights.object;
  const members = value as { readonly [key: string]: Json };
  for (const name in members) {
    bytes += weights.place + textBytes(name, weights) + weigh(members[name], weights);
  }
  return bytes;
}

function textBytes(text: string, { text: fixed, character }: JsonWeights): number {
  return fixed + text.length * (isWide.test(text) ? 2 * character : character);
}
