/** The JSON bodies of Connect. */

import assert from 'node:assert/strict';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { CreateAccessTokenRequestSchema } from '../../../src/gen/usher/v1/access_token_pb.ts';
import {
  BatchVerifyRequestSchema,
  IssueJwtRequestSchema,
  VerifyRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { readJson, writeJson } from '../../../src/transport/connect/json.ts';
import type { Target } from '../target.ts';
import { depthOf, hasRepeated, readSlowly, type SlowJson } from './slow-json.ts';

const schemas: readonly DescMessage[] = [
  VerifyRequestSchema,
  BatchVerifyRequestSchema,
  CreateAccessTokenRequestSchema,
  IssueJwtRequestSchema,
];

/** The first byte is the message, the rest its JSON. */
function play(input: Buffer): void {
  const schema = schemas[(input[0] ?? 0) % schemas.length] ?? VerifyRequestSchema;
  const body = input.subarray(1);
  const message = outcome(schema, body);
  if (message === undefined) return;
  const text = body.toString('utf8');
  const slow = Buffer.from(text).equals(body) ? readSlowly(text) : undefined;
  assert(slow?.kind === 'object', 'not a JSON object, and taken');
  assert(!hasRepeated(slow), 'a member given twice is taken');
  assert(depthOf(slow) <= 101, 'deeper than Protobuf');
  for (const [name] of unknownIn(schema, slow)) assert.fail(`an unknown member is taken: ${name}`);
  const written = writeJson(schema, message);
  assert.deepEqual(readJson(schema, Buffer.from(written)), message, 'not read as it was written');
}

/** The message; undefined if it is refused, which it is in one way only. */
function outcome(schema: DescMessage, body: Buffer) {
  try {
    return readJson(schema, body);
  } catch (error) {
    assert(error instanceof ConnectError && error.code === Code.InvalidArgument, `${error}`);
    assert(error.message.length < 1000, 'the refusal is longer than needed');
    return undefined;
  }
}

/** The members that a message does not have, in messages that have no JSON form of their own. */
function unknownIn(schema: DescMessage, json: SlowJson): [string, SlowJson][] {
  if (json.kind !== 'object' || schema.typeName.startsWith('google.protobuf.')) return [];
  return json.members.flatMap(([name, value]) => {
    const field = schema.fields.find(each => [each.name, each.jsonName].includes(name));
    if (field === undefined) return [[name, value] as [string, SlowJson]];
    return valuesOf(field, value).flatMap(each =>
      field.message === undefined ? [] : unknownIn(field.message, each),
    );
  });
}

function valuesOf(field: DescField, value: SlowJson): SlowJson[] {
  if (field.fieldKind === 'list' && value.kind === 'list') return value.entries;
  if (field.fieldKind !== 'map' || value.kind !== 'object') return [value];
  return value.members.map(([, each]) => each);
}

const seed = (schema: DescMessage, json: string) =>
  Buffer.concat([Buffer.of(schemas.indexOf(schema)), Buffer.from(json)]);

/** The bodies. */
export const jsonTarget: Target = {
  name: 'json',
  share: 2,
  bytesMax: 6000,
  seeds: [
    seed(VerifyRequestSchema, '{"header":"x","audience":"api","requiredScopes":["a"]}'),
    seed(VerifyRequestSchema, '{"required_scopes":[],"headr":"x"}'),
    seed(BatchVerifyRequestSchema, '{"requests":[{"header":"a"},{}]}'),
    seed(
      CreateAccessTokenRequestSchema,
      '{"kind":"JWT","name":"n","scopes":["a"],"metadata":{"a":{"a":1}},"expireTime":"2027-01-01T00:00:00Z"}',
    ),
    seed(CreateAccessTokenRequestSchema, `{"metadata":{"a":${'['.repeat(4100)}`),
    seed(IssueJwtRequestSchema, '{"claims":{"a":[1,null,true,"x"]},"lifetime":"60s"}'),
    seed(VerifyRequestSchema, '{"header":"a","header":"b"}'),
  ],
  words: [
    ...[
      '"header"',
      '"audience"',
      '"requiredScopes"',
      '"requests"',
      '"kind"',
      '"metadata"',
      ':',
      ',',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\"',
      '\\u0000',
      'null',
      '"JWT"',
      '"STATIC"',
      '1e5',
      '"60s"',
      '"a"',
    ],
    ...[
      '"__proto__"',
      '"@type"',
      '"claims"',
      '"expireTime"',
      '"header":"x",',
      '\ufeff',
      '['.repeat(200),
    ],
  ].map(text => Buffer.from(text)),
  play,
};
