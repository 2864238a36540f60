/** Requests for lists of access tokens, and what is wrong with them. */

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  Field,
  Kind,
  ListAccessTokensRequestSchema,
  ListValuesRequestSchema,
  Sort,
  State,
} from '../../../src/gen/usher/v1/access_token_pb.ts';
import { listQueryOf, valuesQueryOf } from '../../../src/transport/services/list-request.ts';

const queryOf = (request: MessageInitShape<typeof ListAccessTokensRequestSchema>) =>
  listQueryOf(create(ListAccessTokensRequestSchema, request));

test('every field is passed on, empty ones as absent', () => {
  const query = queryOf({
    ...{ pageSize: 10, pageToken: 'p', kind: Kind.STATIC, owner: 'o', text: 't', scope: 's' },
    ...{ state: State.EXPIRED, sort: Sort.EXPIRY, reverse: true, createdBy: 'admin' },
    expiresWithin: { seconds: 1n, nanos: 500_000_000 },
    unusedFor: { seconds: 2n },
  });
  expect(query).toEqual({
    ...{ pageSize: 10, pageToken: 'p', kind: 'static', owner: 'o', text: 't', scope: 's' },
    ...{ state: 'expired', sort: 'expiry', reverse: true, madeBy: 'admin' },
    ...{ expiresWithinMs: 1500, unusedMs: 2000 },
  });
  expect(queryOf({})).toEqual({ pageSize: 0, sort: 'newest' });
});

test.each([
  [Sort.UNSPECIFIED, 'newest'],
  [Sort.NEWEST, 'newest'],
  [Sort.OLDEST, 'oldest'],
  [Sort.EXPIRY, 'expiry'],
  [Sort.NAME, 'name'],
  [Sort.OWNER, 'owner'],
  [Sort.LAST_USED, 'last used'],
])('order %d', (sort, name) => {
  expect(queryOf({ sort }).sort).toBe(name);
});

test.each([Sort.UNSPECIFIED, Sort.NEWEST, Sort.OLDEST])('order %d has no reverse', sort => {
  expect(() => queryOf({ sort, reverse: true })).toThrow(/^reverse: /);
});

test('values of a field', () => {
  const valuesOf = (field: Field, pageSize = 0) =>
    valuesQueryOf(create(ListValuesRequestSchema, { field, pageSize, text: 't' }));
  expect(valuesOf(Field.OWNER)).toEqual({ field: 'owner', text: 't', limit: 50 });
  expect(valuesOf(Field.SCOPE, 7)).toEqual({ field: 'scope', text: 't', limit: 7 });
  expect(valuesOf(Field.CREATED_BY)).toMatchObject({ field: 'maker' });
  expect(() => valuesOf(Field.UNSPECIFIED)).toThrow('field: is required');
});

test.each<[MessageInitShape<typeof ListAccessTokensRequestSchema>, string]>([
  [{ state: 9 as State }, 'state: is not a known state'],
  [{ sort: 9 as Sort }, 'sort: is not a known order'],
  [{ kind: 9 as Kind }, 'kind: is neither static nor jwt'],
  [{ expiresWithin: { seconds: -1n } }, 'expires_within: must not be negative'],
  [{ unusedFor: { seconds: -1n } }, 'unused_for: must not be negative'],
])('mistake %#', (request, message) => {
  expect(() => queryOf(request)).toThrow(message);
});

test('a time longer than there is is no mistake', () => {
  expect(queryOf({ expiresWithin: { seconds: 300_000_000_000n } }).expiresWithinMs).toBe(3e14);
});
