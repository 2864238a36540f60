/** Ids of people, jobs, webhooks and of the access token of leaks can be given by their first characters. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { codeIn, visit } from '../people/invited-setup.ts';
import { clientOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { runUsher } from './run-usher.ts';

let server: TestServer;
const people: string[] = [];
let jobId = '';
beforeAll(async () => {
  server = await runServer();
  const invitations = clientOf(InvitationService, server.manager, server.adminToken);
  for (const name of ['Ann', 'Bob']) {
    const { url, invitation } = await invitations.createInvitation({ name, role: Role.VIEWER });
    await visit(server).signIn({ invitation: codeIn(url) });
    people.push(invitation?.personId ?? '');
  }
  const jobs = clientOf(JobService, server.manager, server.adminToken);
  const { job } = await jobs.createJob({
    act: { act: { case: 'revoke', value: { reason: '' } } },
    selection: { selection: { case: 'owner', value: 'no one' } },
  });
  jobId = job?.id ?? '';
});
afterAll(() => server.stop());

const usher = (...args: string[]) =>
  runUsher(args, {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
/** As many characters as tell one id from the other, and no more. */
const short = () => {
  const [ann = '', bob = ''] = people;
  const same = [...ann].findIndex((char, n) => char !== bob[n]);
  return ann.slice(0, same + 1);
};

test.each([
  ['people', 'show'],
  ['people', 'passkeys'],
  ['people', 'sessions'],
  ['people', 'link'],
])('usher %s %s', async (...command) => {
  const { code, out, err } = await usher(...command, short(), '--json');
  expect([code, err]).toEqual([0, '']);
  expect(out).not.toContain('Bob');
});

test('usher jobs show', async () => {
  const { code, out } = await usher('jobs', 'show', jobId.slice(0, 8), '--json');
  expect([code, JSON.parse(out).id]).toEqual([0, jobId]);
});

test('of several, all are named, and nothing is changed', async () => {
  const { code, err } = await usher('people', 'remove', people[0]?.slice(0, 4) ?? '');
  expect(code).toBe(2);
  expect(err).toContain('several people have an id that begins');
  expect(err).toContain(`${people[0]}  "Ann"`);
  expect(err).toContain(`${people[1]}  "Bob"`);
});

test.each([
  [['people', 'show', 'abcd'], 1, 'no person has an id that begins abcd'],
  [['jobs', 'cancel', 'abcd'], 1, 'no job has an id that begins abcd'],
  [['leaks', 'list', '--token', 'abcd'], 1, 'no access token has an id that begins abcd'],
  [['people', 'show', 'Ann'], 2, 'at least 4, as shown by the command that lists them'],
])('%j', async (args, code, text) => {
  const ran = await usher(...args);
  expect(ran.err).toContain(text);
  expect(ran.code).toBe(code);
});
