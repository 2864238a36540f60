/**
 * Reads and writes the JSON of Connect and gRPC-Web. What a request holds and Usher does not understand is
 * refused, with its place: a misspelt requirement must not make a verdict "valid".
 */

import { isUtf8 } from 'node:buffer';
import {
  type DescMessage,
  fromJsonString,
  type JsonReadOptions,
  type JsonWriteOptions,
  type MessageShape,
  toJsonString,
} from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { pathOf } from '../../reading/place.ts';
import { repeatedMember } from '../../reading/repeated-member.ts';
import { malformedError } from './error.ts';
import { refuseDeepJson } from './json-depth.ts';
import { unknownMember } from './unknown-member.ts';

/** How requests are read, and answers written: `valid` is there when it is false, too. */
export const jsonOptions: Partial<JsonReadOptions & JsonWriteOptions> = {
  ignoreUnknownFields: false,
  alwaysEmitImplicit: true,
};

/** Longer requests are refused without a search for what is wrong, which costs more than reading them. */
const searchedBytesMax = 65_536;
/** Longest message of the library that is repeated, in characters: it can quote the request. */
const messageCharactersMax = 256;

/**
 * The message in a JSON request. Throws INVALID_ARGUMENT for anything else. Only a refused request costs
 * more than reading it: what is wrong is looked for when the library has refused it.
 */
export function readJson<D extends DescMessage>(desc: D, body: Buffer): MessageShape<D> {
  refuseDeepJson(body);
  if (!isUtf8(body)) throw malformedError(desc.typeName, 'it is not UTF-8');
  const text = body.toString('utf8');
  try {
    return fromJsonString(desc, text, jsonOptions);
  } catch (error) {
    throw refusalOf(desc, text, error);
  }
}

/** An answer as JSON. */
export function writeJson<D extends DescMessage>(desc: D, message: MessageShape<D>): string {
  return toJsonString(desc, message, jsonOptions);
}

/** The error of a refused request. It quotes the request, so it may only go to the caller. */
function refusalOf(desc: DescMessage, text: string, error: unknown): ConnectError {
  const found = text.length > searchedBytesMax ? undefined : notUnderstood(desc, text);
  if (found !== undefined) return new ConnectError(found, Code.InvalidArgument);
  const why = error instanceof Error ? error.message : '';
  return malformedError(desc.typeName, why.length > messageCharactersMax ? undefined : why);
}

function notUnderstood(desc: DescMessage, text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const repeated = repeatedMember(text);
  if (repeated !== undefined) return `${pathOf(repeated)}: is given twice`;
  return unknownMember(desc, value);
}
