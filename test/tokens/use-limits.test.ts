/** Rate limits and quotas: what is accepted, what a record holds, and what a restricted caller gives. */

import { describe, expect, test } from 'vitest';
import type { Quota, RateLimit } from '../../src/store/record.ts';
import { adminScope, type Caller } from '../../src/tokens/caller.ts';
import type { Fields } from '../../src/tokens/fields.ts';
import { isWithinQuota, isWithinRate } from '../../src/tokens/use-limits.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, audit, importTokens } = openOffice();

const rate = (requests = 100, windowSeconds = 60, per: RateLimit['per'] = 'token'): RateLimit => ({
  ...{ requests, windowSeconds, per },
});
const quota = (requests = 1000, period: Quota['period'] = 'day', per: Quota['per'] = 'token') => ({
  ...{ requests, period, per },
});

describe('an invalid limit is reported at the part that is wrong', () => {
  test.each<[string, Partial<Fields>]>([
    ['rate_limit.requests: must be at least 1', { rateLimit: rate(0) }],
    ['rate_limit.requests: must be a whole number, 1 to 2^53 - 1', { rateLimit: rate(-1) }],
    ['rate_limit.requests: must be a whole number, 1 to 2^53 - 1', { rateLimit: rate(2 ** 53) }],
    ['rate_limit.requests: must be a whole number', { rateLimit: rate(1.5) }],
    ['rate_limit.window: must be whole seconds, 1 to 86400 (a day)', { rateLimit: rate(1, 0) }],
    ['rate_limit.window: must be whole seconds', { rateLimit: rate(1, -5) }],
    ['rate_limit.window: must be whole seconds', { rateLimit: rate(1, 0.5) }],
    ['rate_limit.window: must be whole seconds', { rateLimit: rate(1, 86_401) }],
    ['quota.requests: must be at least 1', { quota: quota(0) }],
    ['quota.requests: must be a whole number', { quota: quota(2 ** 60) }],
    ['rate_limit.per: LIMIT_PER_SUBJECT is for kind jwt', { rateLimit: rate(1, 1, 'subject') }],
    ['quota.per: LIMIT_PER_SUBJECT is for kind jwt', { quota: quota(1, 'day', 'subject') }],
  ])('%s', async (text, some) => {
    const { record } = await tokens.create(admin, 'static', fields());
    const mask = Object.keys(some) as (keyof Fields)[];
    for (const call of [
      tokens.create(admin, 'static', fields(some)),
      tokens.update(admin, record.id, 1, some, mask),
    ]) {
      await expectRefused(call, 'INVALID_ARGUMENT', text);
    }
    expect((await store.get(record.id))?.revision).toBe(1);
  });
  test('all parts at once', async () => {
    const some = fields({ rateLimit: rate(0, 0), quota: quota(0) });
    const all = /^rate_limit\.requests: .*; rate_limit\.window: .*; quota\.requests: /;
    await expectRefused(tokens.create(admin, 'static', some), 'INVALID_ARGUMENT', all);
  });
});

test.each([rate(1, 1), rate(2 ** 53 - 1, 86_400, 'subject')])(
  '%j is kept as it is',
  async limit => {
    const both = { rateLimit: limit, quota: quota(limit.requests, 'month', limit.per) };
    const { record } = await tokens.create(admin, 'jwt', fields(both));
    expect(await store.get(record.id)).toMatchObject(both);
  },
);

test('an update sets, changes and clears each alone, and the audit log has the change', async () => {
  const { record } = await tokens.create(admin, 'static', fields({ rateLimit: rate() }));
  const { id } = record;
  await tokens.update(admin, id, 1, { quota: quota() }, ['quota']);
  expect(await store.get(id)).toMatchObject({ rateLimit: rate(), quota: quota() });
  await tokens.update(admin, id, 2, { rateLimit: rate(5) }, ['rateLimit']);
  await tokens.update(admin, id, 3, {}, ['rateLimit']);
  const after = await store.get(id);
  expect(after).not.toHaveProperty('rateLimit');
  expect(after?.quota).toEqual(quota());
  const { events } = await audit.list(admin, { pageSize: 3, oldestFirst: false });
  expect(events.map(each => [each.before?.rateLimit, each.after?.rateLimit])).toEqual([
    [rate(5), undefined],
    [rate(), rate(5)],
    [undefined, undefined],
  ]);
  expect(events[2]?.after?.quota).toEqual(quota());
});

test('an import sets all three, and refuses wrong ones', async () => {
  const some = { rateLimit: rate(), quota: quota(), allowedSources: ['::FFFF:192.0.2.7'] };
  const item = (more: Partial<Fields>, n: number) => ({
    secret: { token: `a token to import ${n}` },
    fields: fields(more),
  });
  const items = [item(some, 1), item({ rateLimit: rate(0) }, 2), item({ quota: quota(0) }, 3)];
  const results = await importTokens(admin, items, { dryRun: false, allowWeak: true });
  expect(results.map(({ problem }) => problem.split(':')[0])).toEqual([
    ...['', 'rate_limit.requests', 'quota.requests'],
  ]);
  const record = await store.get(results[0]?.id ?? '');
  expect(record).toMatchObject({ ...some, allowedSources: ['192.0.2.7'] });
});

test.each([
  [rate(10, 60), rate(10, 60), true],
  [rate(9, 60), rate(10, 60), true],
  [rate(10, 61), rate(10, 60), true],
  [rate(11, 60), rate(10, 60), false],
  [rate(10, 59), rate(10, 60), false],
  [rate(10, 60, 'subject'), rate(10, 60), false],
  [rate(10, 60), rate(10, 60, 'subject'), true],
])('%j within %j: %s', (limit, other, isWithin) =>
  expect(isWithinRate(limit, other)).toBe(isWithin),
);

test.each([
  [quota(10, 'day'), quota(10, 'day'), true],
  [quota(10, 'month'), quota(10, 'day'), true],
  [quota(10, 'day'), quota(10, 'month'), false],
  [quota(11, 'month'), quota(10, 'month'), false],
  [quota(10, 'day', 'subject'), quota(10, 'day'), false],
])('%j within %j: %s', (limit, other, isWithin) =>
  expect(isWithinQuota(limit, other)).toBe(isWithin),
);

describe('a caller with a restricted token', () => {
  const bounds = { allowedSources: ['192.0.2.0/24'], rateLimit: rate(10), quota: quota(100) };
  const callerWith = async (more: Partial<Fields>, owner?: string): Promise<Caller> => {
    const some = fields({ scopes: [adminScope], owner, ...more });
    const { record } = await tokens.create(admin, 'static', some);
    return { ...admin, actor: record.id, ...(owner === undefined ? {} : { owners: [owner] }) };
  };
  const withRights = (more: Partial<Fields> = {}) => fields({ scopes: ['usher.verify'], ...more });
  const owners = [undefined, 'ann'];

  test.each(owners)('gives rights in Usher only with its restrictions (owner %s)', async owner => {
    const caller = await callerWith(bounds, owner);
    const within = { ...bounds, allowedSources: ['192.0.2.128/25'], rateLimit: rate(9) };
    await tokens.create(caller, 'static', withRights(within));
    for (const [field, some] of [
      ['allowed_sources', { ...bounds, allowedSources: undefined }],
      ['allowed_sources', { ...bounds, allowedSources: [] }],
      ['allowed_sources', { ...bounds, allowedSources: ['192.0.2.7', '198.51.100.7'] }],
      ['rate_limit', { ...bounds, rateLimit: undefined }],
      ['rate_limit', { ...bounds, rateLimit: rate(11) }],
      ['quota', { ...bounds, quota: undefined }],
      ['quota', { ...bounds, quota: quota(101) }],
      ['rate_limit', { ...bounds, rateLimit: rate(10, 59) }],
    ] as const) {
      const call = tokens.create(caller, 'static', withRights(some as Partial<Fields>));
      const named = new RegExp(`^${field}: `);
      await expectRefused(call, 'PERMISSION_DENIED', named);
    }
  });

  test.each(owners)('does not loosen those of its own token (owner %s)', async owner => {
    const caller = await callerWith(bounds, owner);
    for (const name of ['allowedSources', 'rateLimit', 'quota'] as const) {
      const update = tokens.update(caller, caller.actor, 1, {}, [name]);
      await expectRefused(update, 'PERMISSION_DENIED', /must allow no more than the caller's own/);
    }
    await tokens.update(caller, caller.actor, 1, { rateLimit: rate(1) }, ['rateLimit']);
    const back = tokens.update(caller, caller.actor, 2, { rateLimit: rate(2) }, ['rateLimit']);
    await expectRefused(back, 'PERMISSION_DENIED');
  });

  test('gives no rights in Usher to an access token that has fewer restrictions', async () => {
    const caller = await callerWith(bounds);
    const { record } = await tokens.create(caller, 'static', fields());
    const scopes = ['usher.verify'];
    const update = tokens.update(caller, record.id, 1, { scopes }, ['scopes']);
    await expectRefused(update, 'PERMISSION_DENIED');
    const mask = ['scopes', 'allowedSources', 'rateLimit', 'quota'] as const;
    await tokens.update(caller, record.id, 1, { scopes, ...bounds }, mask);
  });

  test('leaves what others gave as it is, and sets any of these without such scopes', async () => {
    const caller = await callerWith({ allowedSources: ['192.0.2.0/24'] });
    const free = await tokens.create(admin, 'static', withRights());
    await tokens.update(caller, free.record.id, 1, { name: 'n' }, ['name']);
    const other = await tokens.create(admin, 'static', withRights({ allowedSources: ['::1'] }));
    const { id } = other.record;
    const more = (allowedSources: string[]) => ({ allowedSources });
    await tokens.update(caller, id, 1, more(['::1', '192.0.2.7']), ['allowedSources']);
    const wider = tokens.update(caller, id, 2, more(['::/0']), ['allowedSources']);
    await expectRefused(wider, 'PERMISSION_DENIED', /^allowed_sources: /);
    const { record } = await tokens.create(caller, 'static', fields(more(['10.0.0.0/8'])));
    await tokens.update(caller, record.id, 1, {}, ['allowedSources']);
  });

  test('imports none with rights in Usher and fewer restrictions', async () => {
    const caller = await callerWith({ rateLimit: rate(10) }, 'ann');
    const item = { secret: { token: 'another token to import' }, fields: withRights() };
    const [result] = await importTokens(caller, [item], { dryRun: false, allowWeak: true });
    expect(result?.problem).toMatch(/^rate_limit: must allow no more/);
  });
});

test('an administrator of one owner sets and clears them on its access tokens', async () => {
  const ann: Caller = { ...admin, actor: 'admin of ann', owners: ['ann'] };
  const some = { rateLimit: rate(), quota: quota(), allowedSources: ['::1'] };
  const { record } = await tokens.create(ann, 'static', fields({ ...some, scopes: [] }));
  expect(record).toMatchObject({ ...some, owner: 'ann' });
  const mask = ['rateLimit', 'quota', 'allowedSources'] as const;
  const cleared = await tokens.update(ann, record.id, 1, {}, mask);
  for (const name of mask) expect(cleared).not.toHaveProperty(name);
});

describe('what an operator set is a ceiling for callers limited to owners', () => {
  const ann: Caller = { ...admin, actor: 'admin of ann', owners: ['ann'] };
  const most = {
    rateLimit: rate(100, 60),
    quota: quota(1000, 'day'),
    allowedSources: ['10.0.0.0/8'],
  };
  const mask = ['rateLimit', 'quota', 'allowedSources'] as const;
  const make = () => tokens.create(admin, 'static', fields({ ...most, owner: 'ann', scopes: [] }));

  test('they tighten it, and loosen it again up to there', async () => {
    const { id } = (await make()).record;
    const less = { rateLimit: rate(5, 60), quota: quota(10), allowedSources: ['10.1.0.0/16'] };
    expect(await tokens.update(ann, id, 1, less, mask)).toMatchObject(less);
    expect(await tokens.update(ann, id, 2, most, mask)).toMatchObject(most);
    // What the mask does not name is no matter.
    expect(await tokens.update(ann, id, 3, { name: 'new' }, ['name'])).toMatchObject(most);
  });

  test.each<[string, Partial<Fields>]>([
    ['rate_limit', { rateLimit: rate(101, 60) }],
    ['rate_limit', { rateLimit: rate(100, 59) }],
    ['rate_limit', {}],
    ['quota', { quota: quota(1001) }],
    ['quota', {}],
    ['allowed_sources', { allowedSources: ['10.0.0.1', '11.0.0.0/8'] }],
    ['allowed_sources', { allowedSources: ['::/0'] }],
    ['allowed_sources', {}],
  ])('they do not loosen or clear %s: %o', async (field, some) => {
    const { id } = (await make()).record;
    const name = { rate_limit: 'rateLimit', quota: 'quota', allowed_sources: 'allowedSources' };
    const only = [name[field as keyof typeof name] as keyof Fields];
    const text = `${field}: an administrator of all owners set it`;
    await expectRefused(tokens.update(ann, id, 1, some, only), 'PERMISSION_DENIED', text);
    expect(await store.get(id)).toMatchObject({ revision: 1, ...most });
  });

  test('it is raised by operators alone, and gone once they clear it', async () => {
    const { id } = (await make()).record;
    await tokens.update(admin, id, 1, { rateLimit: rate(200) }, ['rateLimit']);
    await tokens.update(ann, id, 2, { rateLimit: rate(150) }, ['rateLimit']);
    await tokens.update(admin, id, 3, {}, ['rateLimit']);
    const free = await tokens.update(ann, id, 4, { rateLimit: rate(9000) }, ['rateLimit']);
    expect(free.rateLimit).toEqual(rate(9000));
    expect((await tokens.update(ann, id, 5, {}, ['rateLimit'])).rateLimit).toBeUndefined();
  });

  test('an import by an operator sets it, too', async () => {
    const token = 'live_0123456789abcdefghijklmnop';
    const item = { secret: { token }, fields: fields({ ...most, owner: 'ann', scopes: [] }) };
    const [result] = await importTokens(admin, [item], { dryRun: false, allowWeak: true });
    const id = result?.id ?? '';
    await expectRefused(tokens.update(ann, id, 1, {}, ['quota']), 'PERMISSION_DENIED', 'quota: an');
  });
});
