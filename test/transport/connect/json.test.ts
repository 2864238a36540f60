/** JSON requests are read strictly, and answers hold their defaults. */

import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CreateAccessTokenRequestSchema, Kind } from '../../../src/gen/usher/v1/access_token_pb.ts';
import {
  BatchVerifyRequestSchema,
  BatchVerifyResponseSchema,
  VerifyRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { readJson, writeJson } from '../../../src/transport/connect/json.ts';

const verify = (json: string | Buffer) => () => readJson(VerifyRequestSchema, Buffer.from(json));
const make = (json: string) => () => readJson(CreateAccessTokenRequestSchema, Buffer.from(json));

test('names are read in both spellings, and enums by name', () => {
  const both = '{"kind":"KIND_JWT","expire_time":null,"jwtLifetimeMax":"60s","metadata":{"x":1}}';
  expect(make(both)()).toMatchObject({ kind: Kind.JWT, metadata: { x: 1 } });
});

test.each([
  [
    verify('{"header":"a","scopes":["admin"]}'),
    'scopes: is not a member of usher.v1.VerifyRequest; did you mean requiredScopes?',
  ],
  [
    make('{"expires_at":"2027-01-01T00:00:00Z"}'),
    'expires_at: is not a member of usher.v1.CreateAccessTokenRequest; did you mean expire_time?',
  ],
  [
    make('{"kind":"static"}'),
    'kind: is not one of KIND_UNSPECIFIED, KIND_STATIC, KIND_JWT; did you mean KIND_STATIC?',
  ],
  [verify('{"header":"a","header":"b"}'), 'header: is given twice'],
  [make('{"metadata":{"a":{"b":1,"b":2}}}'), 'metadata.a.b: is given twice'],
  [
    verify('{"required_scopes":["a"],"requiredScopes":["b"]}'),
    'required_scopes from JSON: set multiple times',
  ],
  [verify('{"header":7}'), 'the request is not a usher.v1.VerifyRequest message: '],
  [verify('{"header":'), 'the request is not a usher.v1.VerifyRequest message: '],
  [verify(''), 'the request is not a usher.v1.VerifyRequest message: '],
  [verify(Buffer.from('7b22686561646572223a22ff227d', 'hex')), 'it is not UTF-8'],
])('%# what is not understood is named', (read, words) => {
  expect(read).toThrow(words);
});

test('the error names the place of a mistake', () => {
  const json = '{"requests":[{"header":"a"},{"header":"b","audiences":["c"]}]}';
  expect(() => readJson(BatchVerifyRequestSchema, Buffer.from(json))).toThrow(
    'requests[1].audiences: is not a member of usher.v1.VerifyRequest; did you mean audience?',
  );
});

test('a long request is refused without a search, which would cost more than reading it', () => {
  const read = verify(`{"requiredScopes":[${'"a",'.repeat(20_000)}"a"],"header":"a","header":"b"}`);
  expect(read).not.toThrow('is given twice');
  expect(read).toThrow('the request is not a usher.v1.VerifyRequest message');
});

test.each([
  verify(`{"${'a'.repeat(100_000)}":1}`),
  verify(`{"header":"a"${',"b":1'.repeat(20_000)},"${'a'.repeat(100_000)}":1}`),
  make(`{"kind":"${'a'.repeat(100_000)}"}`),
  make(`{"expireTime":"${'a'.repeat(100_000)}"}`),
  make(`{"jwtLifetimeMax":"${'9'.repeat(60_000)}s"}`),
])('%# a refusal is short, however long the request is', read => {
  expect(messageOf(read).length).toBeLessThan(400);
});

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return String(error);
  }
  return '';
}

test('a token in the place of a name is not repeated', () => {
  const token = `usk_${'a'.repeat(43)}`;
  const read = verify(`{"${token}":1}`);
  expect(read).toThrow('["…"]: is not a member');
  expect(read).not.toThrow(token);
});

test('megabytes that are refused cost little more than their parsing', () => {
  const long = `{"a":[${'{"b":1},'.repeat(250_000)}1]}`;
  const began = process.cpuUsage().user;
  expect(verify(long)).toThrow('key "a" is unknown');
  expect((process.cpuUsage().user - began) / 1e6).toBeLessThan(2);
});

test('false, and all else that has its default, is written', () => {
  const answer = create(BatchVerifyResponseSchema, { responses: [{}] });
  const [response] = JSON.parse(writeJson(BatchVerifyResponseSchema, answer)).responses;
  expect(response).toMatchObject({ valid: false, reason: 'NONE', scopes: [], stale: false });
});
