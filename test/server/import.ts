/** An import by command into a real server. */

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
import { runServer, type TestServer } from './run-server.ts';

/** A token of another system. */
export const imported = () => `sk_live_${randomBytes(16).toString('hex')}`;
/** What a server says of it. */
export const reasonOf = async (server: TestServer, header: string) =>
  (await clientOf(VerifierService, server.http, '').verify({ header })).reason;

/** Tests an import by command on a store. */
export function describeImport(store: string, place: () => Promise<Place>): void {
  test(`on ${store}, a file of a thousand is imported by command, once`, async () => {
    const { url, end } = await place();
    onTestFinished(end);
    const server = await runServer({ USHER_STORE: url });
    onTestFinished(server.stop);
    const tokens = Array.from({ length: 1000 }, imported);
    const lines = tokens.map((token, n) => JSON.stringify({ token, name: `n${n}`, owner: 'ann' }));
    const [first = ''] = tokens;
    // Remembered as unknown, until it is not any more.
    expect(await reasonOf(server, first)).toBe(Reason.INVALID_TOKEN);
    const run = (...args: string[]) =>
      runUsher(
        ['token', 'import', ...args, '--json'],
        {
          USHER_MANAGER_URL: `http://${server.manager}`,
          USHER_ADMIN_TOKEN: server.adminToken,
        },
        { stdin: lines.join('\n') },
      );
    expect(JSON.parse((await run('--dry-run')).out)).toMatchObject({ imported: 1000 });
    expect(JSON.parse((await run()).out)).toMatchObject({ imported: 1000, refused: 0 });
    for (const token of [first, ...tokens.slice(-20)]) {
      expect(await reasonOf(server, token)).toBe(Reason.NONE);
    }
    expect(JSON.parse((await run()).out)).toMatchObject({ imported: 0, existing: 1000 });

    const admin = adminOf(server);
    const { totalSize, accessTokens } = await admin.list({ owner: 'ann', pageSize: 1 });
    expect([totalSize, accessTokens[0]?.imported]).toEqual([1000n, 'plain']);
    const { events } = await admin.listAuditEvents({ pageSize: 1000 });
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set(['token.import']));
    expect(new Set(events.map(({ tokenId }) => tokenId)).size).toBe(1000);
    for (const text of [server.logged.join(''), JSON.stringify(events, replacer)]) {
      expect(text).not.toContain('sk_live_');
    }
  });
}

/** Tests on a store that what an import calls imported verifies, whatever its form is. */
export function describeChecks(store: string, place: () => Promise<Place>): void {
  test(`on ${store}, what was imported is verified by --check`, async () => {
    const { url, end } = await place();
    onTestFinished(end);
    const server = await runServer({ USHER_STORE: url });
    onTestFinished(server.stop);
    const dotted = `SG.${imported()}.${imported()}`;
    const hashed = `SG.${imported()}.${imported()}`;
    const kid = randomUUID();
    const key = randomBytes(48).toString('base64');
    const lines = [
      { token: dotted, name: 'dotted' },
      { token: `Token ${imported()}`, name: 'spaced' },
      { sha256: createHash('sha256').update(hashed).digest('hex'), name: 'hashed' },
      { kind: 'jwt', id: kid, secret_base64: key, name: 'jwt', audiences: ['web'] },
      { id: randomUUID(), secret: 'a passphrase that is long enough', name: 'text' },
    ];
    const run = () =>
      runUsher(
        ['token', 'import', '--check', '--json'],
        { USHER_MANAGER_URL: `http://${server.manager}`, USHER_ADMIN_TOKEN: server.adminToken },
        { stdin: lines.map(line => JSON.stringify(line)).join('\n') },
      );
    const first = await run();
    expect(first.err).toBe('');
    expect(JSON.parse(first.out)).toMatchObject({ imported: 5, refused: 0, verified: 4 });
    expect(await reasonOf(server, hashed)).toBe(Reason.NONE);
    expect(await reasonOf(server, `Bearer ${hashed}`)).toBe(Reason.NONE);

    await adminOf(server).revoke({ id: kid });
    const again = await run();
    expect([again.code, JSON.parse(again.err)]).toEqual([
      1,
      { note: 'line 4: was imported, and is refused: token has been revoked (REVOKED)' },
    ]);
    expect(JSON.parse(again.out)).toMatchObject({ imported: 0, existing: 5, verified: 3 });
    expect(server.logged.join('')).not.toContain(key);
  });
}

const replacer = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

/** The number of key reads that a Redis has executed. */
