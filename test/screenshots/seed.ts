/** Fills a real server with a month of a small company's access tokens. */

import type { DescService } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AccessTokenService, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { codeIn, visit } from '../people/invited-setup.ts';
import { clientOf } from '../server/api.ts';
import type { TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';

const dayMs = 86_400_000;
const days = 30;

interface Service {
  name: string;
  owner: string;
  kind: Kind;
  scopes: string[];
  /** Uses on an ordinary day. */
  uses: number;
  /** In so many days it expires; absent for never. */
  expires?: number;
}

const services: Service[] = [
  {
    name: 'checkout web',
    owner: 'payments',
    kind: Kind.JWT,
    scopes: ['orders.read', 'orders.write'],
    uses: 90,
  },
  {
    name: 'billing production',
    owner: 'payments',
    kind: Kind.STATIC,
    scopes: ['invoices.write'],
    uses: 60,
    expires: 61,
  },
  {
    name: 'billing staging',
    owner: 'payments',
    kind: Kind.STATIC,
    scopes: ['invoices.write'],
    uses: 4,
    expires: 9,
  },
  {
    name: 'catalog search',
    owner: 'catalog',
    kind: Kind.STATIC,
    scopes: ['catalog.read'],
    uses: 120,
    expires: 200,
  },
  {
    name: 'mobile app',
    owner: 'mobile',
    kind: Kind.JWT,
    scopes: ['catalog.read', 'orders.read'],
    uses: 140,
  },
  {
    name: 'warehouse scanner',
    owner: 'logistics',
    kind: Kind.STATIC,
    scopes: ['stock.write'],
    uses: 35,
    expires: 12,
  },
  {
    name: 'nightly reports',
    owner: 'data',
    kind: Kind.STATIC,
    scopes: ['reports.export'],
    uses: 2,
    expires: 120,
  },
  {
    name: 'partner Nordwind',
    owner: 'partners',
    kind: Kind.STATIC,
    scopes: ['orders.read'],
    uses: 18,
    expires: 340,
  },
  {
    name: 'deploy pipeline',
    owner: 'platform',
    kind: Kind.STATIC,
    scopes: ['usher.tokens.read'],
    uses: 6,
    expires: 45,
  },
  { name: 'old importer', owner: 'data', kind: Kind.STATIC, scopes: ['reports.export'], uses: 5 },
];

/** What was made. */
export interface Seeded {
  /** The id of what to show, by the first segment of its path. */
  ids: Record<string, string>;
  /** A link that invites someone, which was not used yet. */
  invitation: string;
}

/** Makes the tokens, uses and changes of the last days, people, a webhook and a job. */
export async function seed(server: TestServer): Promise<Seeded> {
  const { clock } = server;
  const now = clock.ms;
  const manager = createConnectTransport({
    ...{ baseUrl: `http://${server.manager}`, httpVersion: '1.1' },
    interceptors: [
      next => request => {
        request.header.set('authorization', server.adminToken);
        return next(request);
      },
    ],
  });
  const tokens = createClient(AccessTokenService, manager);
  const verifier = createClient(VerifierService, manager);
  clock.ms = now - days * dayMs;
  const made: { id: string; header: string; service: Service }[] = [];
  for (const service of services) {
    clock.ms += 1_740_000;
    const { name, owner, kind, scopes, expires } = service;
    const shown = await tokens.create({
      ...{ name, owner, kind, scopes, metadata: { plan: 'pro', region: 'eu-1' } },
      ...(expires !== undefined && { expireTime: timestampFromMs(now + expires * dayMs) }),
      ...(name === 'warehouse scanner' && { allowedSources: ['192.0.2.0/24'] }),
      ...(name === 'partner Nordwind' && { quota: { requests: 5_000n, period: 2 } }),
    });
    const id = shown.accessToken?.id ?? '';
    const header = shown.token || (await jwtOf(verifier, id, now));
    made.push({ id, header, service });
  }
  for (let day = 0; day < days; day++) {
    clock.ms = now - (days - day) * dayMs + 2 * 3_600_000;
    for (const [place, { header, service }] of made.entries()) {
      const wave = 1 + Math.sin((day + place * 3) / 2.2) * 0.35;
      const isWeekend = new Date(clock.ms).getUTCDay() % 6 === 0;
      const uses = Math.round(service.uses * wave * (isWeekend ? 0.4 : 1));
      const refused = service.name === 'warehouse scanner' && day > 20 ? (day % 5) * 3 : 0;
      await ask(verifier, header, uses, '192.0.2.17');
      await ask(verifier, header, refused, '198.51.100.9');
    }
  }
  clock.ms = now - 2 * dayMs;
  const idOf = (name: string) => made.find(({ service }) => service.name === name)?.id ?? '';
  await tokens.rotate({ id: idOf('warehouse scanner'), grace: { seconds: 432_000n } });
  clock.ms = now - dayMs;
  await tokens.revoke({ id: idOf('old importer'), reason: 'replaced by nightly reports' });
  const scopes = ['catalog.read', 'orders.read', 'orders.write'];
  const mobile = await tokens.get({ id: idOf('mobile app') });
  await tokens.update({
    accessToken: { id: idOf('mobile app'), revision: mobile.accessToken?.revision ?? 0n, scopes },
    updateMask: { paths: ['scopes'] },
  });
  clock.ms = now;
  const others = await seedOthers(server, idOf('partner Nordwind'));
  return { ...others, ids: { ...others.ids, tokens: idOf('warehouse scanner') } };
}

/** People, a webhook, and a job that gives one access token another owner. */
async function seedOthers(server: TestServer, tokenId: string): Promise<Seeded> {
  const api = <S extends DescService>(service: S) =>
    clientOf(service, server.manager, server.adminToken);
  const invitations = api(InvitationService);
  const invite = async (name: string, role: Role, owners: string[] = []) =>
    await invitations.createInvitation({ name, role, owners });
  const keeper = await invite('Zoë Keeper', Role.KEEPER, ['payments', 'catalog']);
  await visit(server).signIn({ invitation: codeIn(keeper.url) });
  const { webhook } = await api(WebhookService).createWebhook({
    webhook: {
      ...{ url: 'https://alerts.example.com/usher', description: 'on-call alerts', enabled: true },
      ...{ events: ['token.leaked', 'token.expiring', 'limit.reached'], expiringDays: [14, 3] },
    },
  });
  const jobs = api(JobService);
  const { job } = await jobs.createJob({
    act: { act: { case: 'setOwner', value: { owner: 'partner team' } } },
    selection: { selection: { case: 'ids', value: { ids: [tokenId] } } },
    start: true,
  });
  await until(async () => (await jobs.getJob({ id: job?.id ?? '' })).job?.endTime !== undefined);
  const { url } = await invite('Mia Auditor', Role.AUDITOR);
  const people = keeper.invitation?.personId ?? '';
  return { ids: { people, webhooks: webhook?.id ?? '', jobs: job?.id ?? '' }, invitation: url };
}

type Verifier = ReturnType<typeof createClient<typeof VerifierService>>;

async function jwtOf(verifier: Verifier, tokenId: string, now: number): Promise<string> {
  const exp = BigInt(Math.floor(now / 1000) + 86_400);
  const { jwt } = await verifier.issueJwt({
    ...{ tokenId, subject: 'user-8217', expiry: { case: 'exp', value: exp } },
  });
  return `Bearer ${jwt}`;
}

const batch = 50;

async function ask(verifier: Verifier, header: string, count: number, source: string) {
  for (let left = count; left > 0; left -= batch) {
    const requests = Array.from({ length: Math.min(left, batch) }, () => ({ header, source }));
    await verifier.batchVerify({ requests });
  }
}
