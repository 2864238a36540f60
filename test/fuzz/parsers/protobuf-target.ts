/** Requests in Protobuf: the readers in place against the library. */

import assert from 'node:assert/strict';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type CheckRequest,
  CheckRequestSchema,
} from '../../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import {
  BatchVerifyRequestSchema,
  StreamVerifyRequestSchema,
  VerifyRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { decode } from '../../../src/transport/codec/decode.ts';
import type { Target } from '../target.ts';

const schemas: readonly DescMessage[] = [
  VerifyRequestSchema,
  BatchVerifyRequestSchema,
  StreamVerifyRequestSchema,
  CheckRequestSchema,
];

function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return 'malformed';
  }
}

/** The first byte is the message, the rest its bytes. */
function play(input: Buffer): void {
  const schema = schemas[(input[0] ?? 0) % schemas.length] ?? VerifyRequestSchema;
  const bytes = input.subarray(1);
  if (schema === CheckRequestSchema) {
    checkCheck(bytes);
    return;
  }
  const ours = outcome(() => decode(schema, bytes));
  assert.deepEqual(
    ours,
    outcome(() => fromBinary(schema, bytes)),
    'read differently',
  );
}

/** Envoy's request is read only as far as Check looks at it. */
function checkCheck(bytes: Buffer): void {
  const theirs = outcome(() => fromBinary(CheckRequestSchema, bytes));
  const ours = outcome(() => decode(CheckRequestSchema, bytes));
  // Malformed bytes may pass in fields that Check does not read, and the library reads beyond the
  // end of fields.
  if (theirs === 'malformed') return;
  const message = theirs as CheckRequest;
  if (!bytes.equals(toBinary(CheckRequestSchema, message))) return;
  assert.notEqual(ours, 'malformed');
  assert.deepEqual(lookedAt(ours as CheckRequest), lookedAt(message), 'read differently');
}

function lookedAt({ attributes }: CheckRequest) {
  const http = attributes?.request?.http;
  const { authorization } = http?.headers ?? {};
  return { extensions: attributes?.contextExtensions, authorization, headerMap: http?.headerMap };
}

const seed = <M extends DescMessage>(schema: M, init: MessageInitShape<M>) =>
  Buffer.concat([Buffer.of(schemas.indexOf(schema)), toBinary(schema, create(schema, init))]);
const asked = { header: 'Bearer x', audience: 'api', requiredScopes: ['a', 'b'] };

/** The messages. */
export const protobufTarget: Target = {
  name: 'protobuf',
  share: 2,
  bytesMax: 3000,
  seeds: [
    seed(VerifyRequestSchema, asked),
    seed(VerifyRequestSchema, { header: 'é\ufeff' }),
    seed(BatchVerifyRequestSchema, { requests: [asked, {}] }),
    seed(StreamVerifyRequestSchema, { items: [{ id: 300n, request: asked }, { id: 2n ** 60n }] }),
    seed(CheckRequestSchema, {
      attributes: {
        source: { principal: 'spiffe://a/b' },
        request: {
          time: { seconds: 1_700_000_000n, nanos: 5 },
          http: { method: 'GET', headers: { authorization: 'Bearer x', accept: '*/*' }, size: -1n },
        },
        contextExtensions: { scopes: 'a b', audience: 'api' },
      },
    }),
    seed(CheckRequestSchema, {
      attributes: { request: { http: { headerMap: { headers: [{ key: 'authorization' }] } } } },
    }),
  ],
  words: [
    ...['authorization', 'Authorization', 'scopes', '__proto__'].map(text => Buffer.from(text)),
    ...['0a', '12', '1a', '22', '0a00', '08', 'ff01', 'ffffffffffffffffff01', '0d', '0b', '0c'].map(
      hex => Buffer.from(hex, 'hex'),
    ),
    Buffer.from(toBinary(VerifyRequestSchema, create(VerifyRequestSchema, asked))),
  ],
  play,
};
