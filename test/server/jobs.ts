/** Jobs in real servers: what they do to access tokens, and that a killed server goes on with them. */

import { type Client, Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Kind, type Sort } from '../../src/gen/usher/v1/access_token_pb.ts';
import { type Job, JobService, JobState } from '../../src/gen/usher/v1/jobs_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { imported } from './import.ts';
import type { Place } from './place.ts';
import { runServer, type TestServer } from './run-server.ts';
import { startUsherProcess } from './usher-process.ts';

type Server = Pick<TestServer, 'manager' | 'http' | 'adminToken'>;
type Jobs = Client<typeof JobService>;

/** A client of JobService with the admin token, or another one. */
export const jobsOf = ({ manager, adminToken }: Server, token = adminToken): Jobs =>
  clientOf(JobService, manager, token);

/** What a server says of a token. */
export const reasonOf = async ({ http }: Server, header: string) =>
  (await clientOf(VerifierService, http, '').verify({ header })).reason;

/** Imports access tokens of an owner; resolves to their tokens. */
export async function addTokens(server: Server, owner: string, count: number): Promise<string[]> {
  const tokens = Array.from({ length: count }, imported);
  for (let n = 0; n < count; n += 500) {
    const items = tokens.slice(n, n + 500).map((token, i) => {
      return { name: `${owner} ${n + i}`, owner, secret: { case: 'token', value: token } as const };
    });
    await adminOf(server).import({ items });
  }
  return tokens;
}

/** Reads a job until it is in a state that `isIt` accepts. */
export async function untilJob(
  jobs: Jobs,
  id: string,
  isIt: (job: Job) => boolean = ({ endTime }) => endTime !== undefined,
): Promise<Job> {
  let found: Job | undefined;
  await until(async () => {
    found = (await jobs.getJob({ id })).job;
    return found !== undefined && isIt(found);
  }, 50_000);
  return found as Job;
}

/** The code with which a call fails. */
const codeOf = async (call: Promise<unknown>) =>
  ConnectError.from(
    await call.then(
      () => undefined,
      (error: unknown) => error,
    ),
  ).code;

const ofOwner = (owner: string) => ({ selection: { case: 'owner', value: owner } as const });
const act = {
  revoke: { act: { case: 'revoke', value: { reason: 'left' } } } as const,
  rotate: { act: { case: 'rotate', value: {} } } as const,
};

async function entriesOf(server: Server, jobId: string): Promise<string[]> {
  const actions: string[] = [];
  let pageToken = '';
  do {
    const page = await adminOf(server).listAuditEvents({ pageSize: 1000, pageToken });
    actions.push(...page.events.filter(each => each.jobId === jobId).map(each => each.action));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return actions;
}

const countOf = (actions: string[], action: string) =>
  actions.filter(each => each === action).length;

/** Tests jobs on a store. */
export function describeJobs(store: string, place: () => Promise<Place>): void {
  const open = async () => {
    const { url, end } = await place();
    onTestFinished(end);
    const server = await runServer({ USHER_STORE: url, USHER_JOB_ACTS_PER_SECOND: '10000' });
    onTestFinished(server.stop);
    return server;
  };

  describe(`jobs on ${store}`, () => {
    test('all of an owner are revoked: what was counted, and nothing else', async () => {
      const server = await open();
      const jobs = jobsOf(server);
      const theirs = await addTokens(server, 'ann', 450);
      const others = await addTokens(server, 'bob', 5);
      const asked = { act: act.revoke, selection: ofOwner('ann'), requestId: crypto.randomUUID() };
      const { job } = await jobs.createJob(asked);
      const id = job?.id ?? '';
      expect((await jobs.createJob(asked)).job?.id).toBe(id);
      const ready = await untilJob(jobs, id, ({ state }) => state === JobState.READY);
      expect(ready).toMatchObject({ count: 450, leftOut: 0, own: true, actorName: 'admin token' });
      server.clock.ms += 10;
      const [later = ''] = await addTokens(server, 'ann', 1);
      expect(await codeOf(jobs.startJob({ id, count: 449 }))).toBe(Code.Aborted);
      await jobs.startJob({ id, count: 450 });
      await jobs.startJob({ id, count: 450 });
      expect(await untilJob(jobs, id)).toMatchObject({
        ...{ state: JobState.DONE, done: 450, failed: 0, secrets: 0 },
      });
      for (const token of theirs.filter((_, n) => n % 25 === 0)) {
        expect(await reasonOf(server, token)).toBe(Reason.REVOKED);
      }
      for (const token of [later, ...others])
        expect(await reasonOf(server, token)).toBe(Reason.NONE);
      const entries = await entriesOf(server, id);
      expect(entries.filter(each => each !== 'token.revoke')).toEqual(['job.end', 'job.start']);
      expect(countOf(entries, 'token.revoke')).toBe(450);
      // They are revoked: another job has nothing to do, but for the new one.
      const again = await jobs.createJob({ act: act.revoke, selection: ofOwner('ann') });
      const counted = await untilJob(jobs, again.job?.id ?? '', each => each.count > 0);
      expect(counted).toMatchObject({ count: 1, leftOut: 450 });
    });

    test('new secrets can be read by the creator alone, until they are forgotten', async () => {
      const server = await open();
      const jobs = jobsOf(server);
      const old = await addTokens(server, 'ann', 230);
      const { job } = await jobs.createJob({
        ...{ act: act.rotate, selection: ofOwner('ann'), start: true },
      });
      const id = job?.id ?? '';
      const ended = await untilJob(jobs, id);
      expect(ended).toMatchObject({ state: JobState.DONE, done: 230, secrets: 230 });
      const { token: other } = await adminOf(server).create({
        ...{ kind: Kind.STATIC, name: 'other', scopes: ['usher.admin'] },
      });
      const foreign = jobsOf(server, `Bearer ${other}`);
      expect((await foreign.getJob({ id })).job).toMatchObject({ own: false, secrets: 230 });
      expect(await codeOf(foreign.readJobSecrets({ id }))).toBe(Code.PermissionDenied);
      expect(await codeOf(foreign.forgetJobSecrets({ id }))).toBe(Code.PermissionDenied);
      const secrets: string[] = [];
      let pageToken = '';
      do {
        const page = await jobs.readJobSecrets({ id, pageToken });
        secrets.push(...page.secrets.map(({ secret }) => secret));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(new Set(secrets).size).toBe(230);
      for (const secret of secrets.slice(0, 10)) {
        expect(await reasonOf(server, secret)).toBe(Reason.NONE);
      }
      expect(await reasonOf(server, old[0] ?? '')).toBe(Reason.INVALID_TOKEN);
      const texts = JSON.stringify([server.logged, await entriesOf(server, id), await all(jobs)]);
      expect(secrets.some(secret => texts.includes(secret))).toBe(false);
      expect((await jobs.forgetJobSecrets({ id })).job?.secrets).toBe(0);
      expect(await codeOf(jobs.readJobSecrets({ id }))).toBe(Code.FailedPrecondition);
      expect(countOf(await entriesOf(server, id), 'job.secrets')).toBe(1);
    });

    test('a filter selects what List finds; ids are named; failures are listed', async () => {
      const server = await open();
      const jobs = jobsOf(server);
      await addTokens(server, 'ann', 12);
      const listed = await adminOf(server).list({ text: 'ann 1', sort: 0 as Sort });
      expect(listed.accessTokens).toHaveLength(3);
      const expireTime = { seconds: BigInt(Math.ceil(server.clock.ms / 1000) + 3600) };
      const { job } = await jobs.createJob({
        act: { act: { case: 'setExpiry', value: { expireTime } } },
        selection: { selection: { case: 'filter', value: { text: 'ann 1' } } },
        start: true,
      });
      expect(await untilJob(jobs, job?.id ?? '')).toMatchObject({ done: 3, count: 3 });
      const [first] = (await adminOf(server).list({ text: 'ann 1' })).accessTokens;
      expect(first?.expireTime?.seconds).toBe(expireTime.seconds);
      // The text may hold anything, and is not kept.
      expect(JSON.stringify(await all(jobs))).not.toContain('ann 1');

      const ids = listed.accessTokens.map(({ id }) => id);
      const unknown = crypto.randomUUID();
      const moved = await jobs.createJob({
        act: { act: { case: 'setOwner', value: { owner: 'bob' } } },
        selection: { selection: { case: 'ids', value: { ids: [...ids, unknown] } } },
      });
      expect(moved.job).toMatchObject({ state: JobState.READY, count: 3, leftOut: 1 });
      await adminOf(server).revoke({ id: ids[0] ?? '' });
      await jobs.startJob({ id: moved.job?.id ?? '', count: 3 });
      const ended = await untilJob(jobs, moved.job?.id ?? '');
      expect(ended).toMatchObject({ state: JobState.DONE, done: 2, failed: 1 });
      expect(ended.failures).toMatchObject(
        [{ count: 1, reason: /revoked/ }].map(() => ({ count: 1 })),
      );
      const { failures } = await jobs.listJobFailures({ id: ended.id });
      expect(failures).toMatchObject([
        { tokenId: ids[0], reason: 'the access token is permanently revoked' },
      ]);
      expect((await adminOf(server).list({ owner: 'bob' })).accessTokens).toHaveLength(2);
    });

    test('a caller of one owner has no other rights in a job, and none when it is revoked', async () => {
      const server = await open();
      await addTokens(server, 'ann', 3);
      await addTokens(server, 'bob', 3);
      const { token, accessToken } = await adminOf(server).create({
        ...{ kind: Kind.STATIC, name: 'of ann', owner: 'ann', scopes: ['usher.admin'] },
      });
      const jobs = jobsOf(server, `Bearer ${token}`);
      const everything = { selection: { case: 'filter', value: {} } as const };
      const none = await jobs.createJob({ act: act.revoke, selection: ofOwner('bob') });
      const counted = await untilJob(
        jobs,
        none.job?.id ?? '',
        each => each.state !== JobState.COUNTING,
      );
      expect(counted).toMatchObject({ state: JobState.READY, count: 0 });
      const owner = { act: { case: 'setOwner', value: { owner: 'bob' } } as const };
      const refused = jobs.createJob({ act: owner, selection: everything });
      expect(await codeOf(refused)).toBe(Code.PermissionDenied);
      const bobs = await jobsOf(server).createJob({ act: act.revoke, selection: ofOwner('bob') });
      expect(await codeOf(jobs.getJob({ id: bobs.job?.id ?? '' }))).toBe(Code.NotFound);
      expect(await codeOf(jobs.cancelJob({ id: bobs.job?.id ?? '' }))).toBe(Code.NotFound);
      expect((await jobs.listJobs({})).jobs.map(({ id }) => id)).toEqual([none.job?.id]);

      // Its own access token comes last, so that the others are revoked before its rights end.
      const all = await jobs.createJob({ act: act.revoke, selection: everything, start: true });
      const ended = await untilJob(jobsOf(server), all.job?.id ?? '');
      expect(ended).toMatchObject({ state: JobState.DONE, count: 4, done: 4, failed: 0 });
      const { accessToken: own } = await adminOf(server).get({ id: accessToken?.id ?? '' });
      expect(own?.revokeTime).toBeDefined();
      expect((await adminOf(server).list({ owner: 'bob', state: 1 })).accessTokens).toHaveLength(3);
    });

    test('a killed server goes on with a job, and nothing is done twice', async () => {
      const { url, end } = await place();
      onTestFinished(end);
      const env = { USHER_STORE: url, USHER_JOB_ACTS_PER_SECOND: '200' };
      const usher = await startUsherProcess(env);
      onTestFinished(usher.remove);
      const jobs = jobsOf(usher);
      await addTokens(usher, 'ann', 500);
      const { job } = await jobs.createJob({
        ...{ act: act.rotate, selection: ofOwner('ann'), start: true },
      });
      const id = job?.id ?? '';
      await untilJob(jobs, id, ({ done }) => done > 100);
      await usher.kill();
      await usher.start();
      const ended = await untilJob(jobs, id);
      expect(ended).toMatchObject({ state: JobState.DONE, done: 500, failed: 0, secrets: 500 });
      expect(countOf(await entriesOf(usher, id), 'token.rotate')).toBe(500);
    });

    test('a canceled job ends, and keeps what it did', async () => {
      const { url, end } = await place();
      onTestFinished(end);
      const server = await runServer({ USHER_STORE: url, USHER_JOB_ACTS_PER_SECOND: '50' });
      onTestFinished(server.stop);
      const jobs = jobsOf(server);
      await addTokens(server, 'ann', 300);
      const { job } = await jobs.createJob({
        ...{ act: act.rotate, selection: ofOwner('ann'), start: true },
      });
      const id = job?.id ?? '';
      await untilJob(jobs, id, ({ done }) => done > 5);
      await jobs.cancelJob({ id });
      const ended = await untilJob(jobs, id);
      expect(ended).toMatchObject({ state: JobState.CANCELED, failed: 0, secrets: ended.done });
      expect(ended.done).toBeLessThan(300);
      const entries = await entriesOf(server, id);
      expect(countOf(entries, 'token.rotate')).toBe(ended.done);
      expect(entries).toContain('job.cancel');
    });
  });
}

async function all(jobs: Jobs): Promise<unknown> {
  const { jobs: found } = await jobs.listJobs({});
  return found
    .map(job => ({ ...job, createTime: '', startTime: '', endTime: '' }))
    .map(job => {
      return JSON.parse(
        JSON.stringify(job, (_, value) => (typeof value === 'bigint' ? '' : value)),
      );
    });
}
