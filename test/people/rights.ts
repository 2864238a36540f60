/**
 * Which roles each rpc of the API Manager lets in. "VIKU" are viewer, issuer, keeper and auditor for all
 * owners; "viku" and "a" (administrator) are limited to the owner "ann".
 */

import { v7 } from 'uuid';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { NoticeService } from '../../src/gen/usher/v1/notices_pb.ts';
import { PeopleService } from '../../src/gen/usher/v1/people_pb.ts';
import { SignInService } from '../../src/gen/usher/v1/sign_in_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';

/** The services that the manager's listener has. */
export const services = [
  AccessTokenService,
  InvitationService,
  JobService,
  KeyService,
  LeakService,
  NoticeService,
  PeopleService,
  SignInService,
  StoreService,
  VerifierService,
  WebhookService,
] as const;

/** What is another owner's. */
interface Named {
  tokenId: string;
  jobId: string;
  webhookId: string;
  personId: string;
  jti: string;
}

interface Rpc {
  letIn: string;
  /** A good request about what is another owner's, or about `none`, the id of nothing. */
  request: (named: Named, none: string) => object;
  /** What someone without a session gets, where that is not "unauthenticated". */
  stranger?: string;
}

const rpc = (letIn: string, request: Rpc['request'] = () => ({}), stranger?: string): Rpc => ({
  ...{ letIn, request },
  ...(stranger !== undefined && { stranger }),
});
const everyone = 'VIKUvikua';
const readers = 'VIKvika';
const writers = 'Kka';
const issuers = 'IKika';
const admins = 'a';
/** For these an administrator for "ann" is not enough. */
const noneOfThese = '';
const ofToken: Rpc['request'] = ({ tokenId: id }) => ({ id });
const ofJob: Rpc['request'] = ({ jobId: id }) => ({ id });
const ofWebhook: Rpc['request'] = ({ webhookId: id }) => ({ id });
/** A change of what is not there: those who may change all owners' would change it otherwise. */
const ofNone: Rpc['request'] = (_, id) => ({ id });

const tables: Record<string, Record<string, Rpc>> = {
  AccessTokenService: {
    Create: rpc(writers, () => ({ kind: 'KIND_STATIC', name: 'x', owner: 'ann', scopes: ['a'] })),
    Get: rpc(readers, ofToken),
    List: rpc(readers, () => ({ text: 'hive' })),
    ListValues: rpc(readers, () => ({ field: 'FIELD_OWNER' })),
    Update: rpc(writers, (_, id) => ({
      ...{ accessToken: { id, revision: '1', name: 'y' }, updateMask: 'name' },
    })),
    Rotate: rpc(writers, ofNone),
    EndGrace: rpc(writers, ofNone),
    Revoke: rpc(writers, ofNone),
    RevokeJwts: rpc(writers, (_, id) => ({ id, jti: 'x' })),
    Import: rpc(admins, ({ tokenId }) => ({
      dryRun: true,
      items: [{ id: tokenId, name: 'x', owner: 'ann', token: 'x'.repeat(43) }],
    })),
    Reseal: rpc(noneOfThese),
    GetUsage: rpc(readers, ofToken),
    Explain: rpc(admins, () => ({ header: 'Bearer x' })),
    Lookup: rpc(readers, ({ jti }) => ({ text: jti })),
    ListAuditEvents: rpc(everyone, () => ({ pageSize: 500 })),
    FindJwtRevocations: rpc(everyone, ({ jti }) => ({ value: jti })),
  },
  InvitationService: {
    CreateInvitation: rpc(noneOfThese, () => ({ name: 'x', role: 'ROLE_ADMIN' })),
    ListInvitations: rpc(noneOfThese),
    RevokeInvitation: rpc(noneOfThese, () => ({ id: 'x' })),
    // To an administrator for "ann" there are no people but themselves: not found.
    ListPasskeys: rpc(admins, ({ personId }) => ({ personId })),
    RenamePasskey: rpc(admins, ({ personId }) => ({ personId, id: 'x', name: 'x' })),
    RemovePasskey: rpc(admins, ({ personId }) => ({ personId, id: 'x' })),
  },
  JobService: {
    CreateJob: rpc(writers, () => ({
      ...{ act: { revoke: { reason: 'x' } }, selection: { owner: 'nobody has this' } },
    })),
    // A keeper for all owners sees that job, but only its creator may go on with it.
    StartJob: rpc('ka', ({ jobId: id }) => ({ id, count: 1 })),
    GetJob: rpc(readers, ofJob),
    ListJobs: rpc(readers),
    CancelJob: rpc(writers, ofNone),
    ListJobFailures: rpc(readers, ofJob),
    ReadJobSecrets: rpc('ka', ofJob),
    ForgetJobSecrets: rpc('ka', ofJob),
  },
  KeyService: {
    GetKeys: rpc(noneOfThese),
    ReloadKeys: rpc(noneOfThese),
    RotateKeys: rpc(noneOfThese),
    RemoveKey: rpc(noneOfThese),
    CountKeyUse: rpc(noneOfThese),
  },
  LeakService: {
    ListLeaks: rpc(readers),
    DismissLeak: rpc(writers, () => ({ id: 'x' })),
  },
  NoticeService: { ListNotices: rpc(readers) },
  PeopleService: {
    ListPeople: rpc(noneOfThese),
    GetPerson: rpc(noneOfThese, ({ personId: id }) => ({ id })),
    UpdatePerson: rpc(noneOfThese, ({ personId: id }) => ({
      ...{ person: { id, role: 'ROLE_ADMIN' }, updateMask: 'role' },
    })),
    RemovePerson: rpc(noneOfThese, ({ personId: id }) => ({ id })),
    // Their own.
    ListSessions: rpc(everyone),
    EndSession: rpc(noneOfThese, () => ({ id: 'x' })),
    EndSessions: rpc(noneOfThese, () => ({ actor: 'admin' })),
  },
  SignInService: { CreateSignInCode: rpc(noneOfThese) },
  StoreService: {
    Migrate: rpc(noneOfThese),
    ListRecords: rpc(noneOfThese),
    ListDocuments: rpc(noneOfThese),
    ReadBackup: rpc(noneOfThese),
    GetStoreStatus: rpc(noneOfThese),
    AcceptStore: rpc(noneOfThese),
  },
  VerifierService: {
    Hello: rpc(noneOfThese),
    Verify: rpc(readers, () => ({ header: 'Bearer x' })),
    BatchVerify: rpc(readers, () => ({ requests: [{ header: 'Bearer x' }] })),
    IssueJwt: rpc(issuers, ({ tokenId }) => ({ tokenId, subject: 's', lifetime: '60s' })),
  },
  WebhookService: {
    CreateWebhook: rpc(admins, () => ({
      webhook: { url: 'https://127.0.0.1:1/', owners: ['ann'], events: ['token.leaked'] },
    })),
    ListWebhooks: rpc(admins),
    GetWebhook: rpc(admins, ofWebhook),
    UpdateWebhook: rpc(admins, ({ webhookId: id }) => ({
      ...{ webhook: { id, url: 'https://127.0.0.1:2/' }, updateMask: 'url' },
    })),
    RotateWebhookSecret: rpc(admins, ofWebhook),
    RemoveWebhook: rpc(admins, ofWebhook),
    TestWebhook: rpc(admins, ofWebhook),
    ListDeliveries: rpc(admins, ({ webhookId }) => ({ webhookId })),
    ReplayDelivery: rpc(admins, ({ webhookId }) => ({ webhookId, deliveryId: v7() })),
  },
};

/** By service and name. */
export const rpcs: Record<string, Rpc> = Object.fromEntries(
  Object.entries(tables).flatMap(([service, all]) =>
    Object.entries(all).map(([name, each]) => [`usher.v1.${service}/${name}`, each]),
  ),
);
