/** `usher audit verify --records` against a real server whose records and documents somebody has changed by hand. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
import { runServer, secrets, type TestServer } from './run-server.ts';

/** Changes the store of a stopped server. Names are those of documents, or "tokens/" and a UUID. */
export interface Hand extends Place {
  read(name: string): Promise<string[]>;
  write(name: string, texts: string[]): Promise<void>;
  remove(name: string): Promise<void>;
  /** What is said of something that was removed. */
  removed: RegExp;
}

/** Defines the tests for one store. `place` is another store of the kind. */
export function describeRecordProof(
  store: string,
  start: () => Promise<Hand>,
  place: () => Promise<Place>,
): void {
  describe(`on ${store}`, () => {
    let hand: Hand;
    let server: TestServer;
    beforeEach(async () => {
      hand = await start();
      server = await runServer({ USHER_STORE: hand.url });
    });
    afterEach(async () => {
      await server.stop();
      await hand.end();
    });

    const usher = (...args: string[]) =>
      runUsher(args, {
        USHER_MANAGER_URL: `http://${server.manager}`,
        USHER_ADMIN_TOKEN: server.adminToken,
      });
    const verify = async () => {
      const { code, out } = await usher('audit', 'verify', '--records', '--json');
      const { wrong, ...report } = JSON.parse(out);
      const problems = (wrong as { id?: string; document?: string; problem: string }[]).map(
        ({ id, document, problem }) => [document ?? `tokens/${id}`, problem] as const,
      );
      return { code, ...report, problems: Object.fromEntries(problems) };
    };
    const token = async () => {
      // What JSON Lines hold must not begin a line for those who read them.
      const made = { kind: Kind.STATIC, name: 'a', metadata: { note: 'x\u2028y' } };
      const { accessToken } = await adminOf(server).create(made);
      return accessToken?.id ?? '';
    };
    const invitation = async () => {
      const service = clientOf(InvitationService, server.manager, server.adminToken);
      const made = await service.createInvitation({ name: 'Zoë', role: Role.VIEWER });
      return `invitations/${made.invitation?.id}`;
    };
    const hooks = () => clientOf(WebhookService, server.manager, server.adminToken);
    const webhook = async () => {
      const made = { url: 'https://hooks.example.com/', events: ['token.leaked'], enabled: false };
      return (await hooks().createWebhook({ webhook: made })).webhook?.id ?? '';
    };
    const signIn = () =>
      fetch(`http://${server.manager}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: server.issueLoginCode() }),
      });
    /** Changes the store while no server is on it. */
    const byHand = async (work: () => Promise<void>) => {
      await server.stop();
      await work();
      server = await runServer({ USHER_STORE: hand.url });
    };

    test('what agrees with the log is counted, also after the restore of a backup', async () => {
      const ids = await Promise.all([token(), token()]);
      await adminOf(server).revoke({ id: ids[0] ?? '' });
      const id = await webhook();
      await hooks().updateWebhook({
        webhook: { id, description: 'x' },
        updateMask: { paths: ['description'] },
      });
      const [revoked] = await Promise.all([invitation(), invitation()]);
      const service = clientOf(InvitationService, server.manager, server.adminToken);
      await service.revokeInvitation({ id: revoked.replace('invitations/', '') });
      expect((await signIn()).status).toBe(200);
      const good = { code: 0, whole: true, records: 2, unproven: 0, problems: {} };
      expect(await verify()).toMatchObject({ ...good, documents: 3 });
      const { out } = await usher('audit', 'verify', '--records');
      expect(out).toContain('all 2 records and 3 documents agree with the log');

      const folder = mkdtempSync(join(tmpdir(), 'usher-proof-'));
      const other = await place();
      try {
        const file = join(folder, 'backup');
        expect(await usher('backup', file)).toMatchObject({ code: 0 });
        const env = { ...secrets, USHER_STORE: other.url };
        expect(await runUsher(['restore', file], env)).toMatchObject({ code: 0 });
        await server.stop();
        server = await runServer({ USHER_STORE: other.url });
        // A backup holds no session.
        expect(await verify()).toMatchObject({ ...good, documents: 2 });
      } finally {
        await server.stop();
        await other.end();
        rmSync(folder, { recursive: true });
        server = await runServer({ USHER_STORE: hand.url });
      }
    });

    test('an older copy, a removed one and an altered one are found, of each kind', async () => {
      const [older, removed, altered] = await Promise.all([token(), token(), token()]);
      const [removedDocument, alteredDocument] = await Promise.all([invitation(), invitation()]);
      const [id, gone] = [await webhook(), await webhook()];
      await Promise.all([token(), invitation(), webhook()]);
      const names = [`tokens/${older}`, `webhooks/${id}`, `webhooks/${gone}`];
      const copies: string[][] = [];
      await byHand(async () => {
        for (const name of names) copies.push(await hand.read(name));
      });
      await adminOf(server).revoke({ id: older });
      await hooks().updateWebhook({
        webhook: { id, description: 'x' },
        updateMask: { paths: ['description'] },
      });
      await hooks().removeWebhook({ id: gone });
      await byHand(async () => {
        for (const [n, name] of names.entries()) await hand.write(name, copies[n] ?? []);
        for (const name of [`tokens/${removed}`, removedDocument]) await hand.remove(name);
        for (const name of [`tokens/${altered}`, alteredDocument]) {
          const texts = await hand.read(name);
          await hand.write(name, [
            (texts[0] ?? '').replace(/"(?:a|Zoë)"/, '"b"'),
            ...texts.slice(1),
          ]);
        }
      });
      const { code, problems } = await verify();
      expect(code).toBe(1);
      expect(problems).toEqual({
        [`tokens/${older}`]: expect.stringMatching(
          /^its record is an older one, of entry \d+ \(token\.create\); entry \d+ \(token\.revoke\)/,
        ),
        [`tokens/${removed}`]: expect.stringMatching(hand.removed),
        [`tokens/${altered}`]: expect.stringContaining('cannot be used'),
        [`webhooks/${id}`]: expect.stringMatching(
          /^it is an older one; entry \d+ \(webhook\.update/,
        ),
        [`webhooks/${gone}`]: expect.stringMatching(
          /^it is there, and entry \d+ \(webhook\.remove/,
        ),
        [removedDocument]: expect.stringMatching(hand.removed),
        [alteredDocument]: expect.stringContaining('cannot be used'),
      });
      const { out } = await usher('audit', 'verify', '--records');
      expect(out).toContain(`access token ${older}: its record is an older one`);
      expect(out).toContain(`document webhooks/${id}: it is an older one`);
      expect(out).not.toContain('agree');
    });

    test('with a file there is nothing to compare', async () => {
      expect((await usher('audit', 'verify', '--records', '-')).code).toBe(2);
    });
  });
}
