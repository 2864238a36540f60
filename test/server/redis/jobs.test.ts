/** Jobs on Redis, also with two replicas, of which one dies. */

import { expect, onTestFinished, test } from 'vitest';
import { JobState } from '../../../src/gen/usher/v1/jobs_pb.ts';
import { addTokens, describeJobs, jobsOf, untilJob } from '../jobs.ts';
import { startUsherProcess } from '../usher-process.ts';
import { redisPlace } from './place.ts';

describeJobs('Redis', redisPlace);

test('of two replicas one works on a job, and the other goes on when it dies', async () => {
  const { url, end } = await redisPlace();
  onTestFinished(end);
  const env = { USHER_STORE: url, USHER_JOB_ACTS_PER_SECOND: '100' };
  const [first, second] = await Promise.all([startUsherProcess(env), startUsherProcess(env)]);
  onTestFinished(async () => void (await Promise.all([first.remove(), second.remove()])));
  await addTokens(first, 'ann', 600);
  const act = { act: { case: 'rotate', value: {} } } as const;
  const selection = { selection: { case: 'owner', value: 'ann' } } as const;
  const { job } = await jobsOf(first).createJob({ act, selection, start: true });
  const id = job?.id ?? '';
  await untilJob(jobsOf(second), id, ({ done }) => done > 50);
  await first.kill();
  const ended = await untilJob(jobsOf(second), id);
  expect(ended).toMatchObject({ state: JobState.DONE, done: 600, failed: 0, secrets: 600 });
  const { secrets } = await jobsOf(second).readJobSecrets({ id });
  expect(secrets.length).toBeGreaterThan(0);
});
