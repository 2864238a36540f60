/** The events have one table: the schema, the page of the docs and the web app say the same. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventChoices } from '../../src/manager/web/webhooks/events.ts';
import type { AccessTokenRecord, JsonObject } from '../../src/store/record.ts';
import {
  type EventType,
  events,
  eventTypes,
  membersOf,
  payloadOf,
  payloadSchema,
  typeOfAction,
} from '../../src/webhooks/events.ts';

test('docs/webhook-events.schema.json is the schema', () => {
  const file = readFileSync('docs/webhook-events.schema.json', 'utf8');
  expect(JSON.parse(file)).toEqual(payloadSchema());
});

test('docs/webhooks.md has the table', () => {
  const page = readFileSync('docs/webhooks.md', 'utf8');
  const rows = Object.entries(events).map(([type, { meaning, members }]) => {
    const names = Object.keys(members).map(name => `\`${name}\``);
    return `| \`${type}\` | ${meaning} | ${names.join(', ') || 'none'} |`;
  });
  expect(page.split('\n').filter(line => /^\| `\w+\.\w+` \|/.test(line))).toEqual(rows);
});

test('the web app offers the same events', () => {
  expect(eventChoices.map(({ event }) => event)).toEqual(eventTypes);
  for (const { event, meaning } of eventChoices) {
    expect(meaning).toBe(`${events[event as EventType].meaning}.`);
  }
});

test('each payload has what its schema requires, and nothing that it does not know', () => {
  const record = {
    ...{ id: '01a21ec8-8924-77ff-87d9-3d909115a56e', name: 'a', kind: 'static', owner: 'ann' },
    ...{ expiresAt: 1_700_000_000_000, secrets: [{ value: 'hidden' }], metadata: { x: 'hidden' } },
  } as unknown as AccessTokenRecord;
  const entry = {
    ...{ id: 'e', time: 1, action: '', actor: '', peer: '192.0.2.1', tokenId: '', requestId: '' },
    ...{ detail: 'words', after: { previousGoodUntil: 2 } },
  };
  const schemas = payloadSchema().oneOf as JsonObject[];
  for (const schema of schemas) {
    const type = schema.title as EventType;
    const members = type === 'token.expiring' ? { daysLeft: 3 } : membersOf(type, entry);
    const actor = { id: 'admin', name: 'admin token' };
    const hasToken = type !== 'store.rolled_back' && type !== 'webhook.test';
    const text = payloadOf({
      ...{ id: 'e', type, time: 1_700_000_000_000, actor, members },
      ...(hasToken && { record, tokenId: record.id }),
    });
    const payload = JSON.parse(text);
    expect(Object.keys(payload)).toEqual(schema.required);
    const data = (schema.properties as { data: { properties: object; required: string[] } }).data;
    expect(Object.keys(data.properties), type).toEqual(
      expect.arrayContaining(Object.keys(payload.data)),
    );
    expect(Object.keys(payload.data), type).toEqual(expect.arrayContaining(data.required));
    expect(text).not.toContain('hidden');
    expect(text).not.toContain('192.0.2.1');
  }
});

test('a record that cannot be read is named by its id', () => {
  const payload = payloadOf({
    ...{ id: 'e', type: 'token.revoked', time: 0, tokenId: 'gone', members: {} },
    actor: { id: 'usher', name: 'Usher' },
  });
  expect(JSON.parse(payload).data.accessToken).toEqual({ id: 'gone' });
});

test.each([
  ['token.create', 'token.created'],
  ['token.import', 'token.created'],
  ['token.rotate', 'token.rotated'],
  ['token.revoke', 'token.revoked'],
  ['token.leaked', 'token.leaked'],
  ['limit.reached', 'limit.reached'],
  ['store.healed', 'store.rolled_back'],
  ['token.update', undefined],
  ['session.create', undefined],
  ['webhook.test', undefined],
])('the entry %s is told as %s', (action, type) => {
  expect(typeOfAction(action)).toBe(type);
});
