/** JobService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import {
  CancelJobResponseSchema,
  CreateJobResponseSchema,
  ForgetJobSecretsResponseSchema,
  GetJobResponseSchema,
  type JobService,
  ListJobFailuresResponseSchema,
  ListJobsResponseSchema,
  ReadJobSecretsResponseSchema,
  StartJobResponseSchema,
} from '../../gen/usher/v1/jobs_pb.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { Jobs } from '../../tokens/jobs/jobs.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { jobMessage, jobSecretMessage } from './job-message.ts';
import { newJobOf } from './job-request.ts';

export { JobService } from '../../gen/usher/v1/jobs_pb.ts';

/** What JobService needs. */
export interface JobsDeps {
  jobs: Jobs;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The handlers of JobService. */
export function jobsHandlers({ jobs, authenticate, now }: JobsDeps): Handlers<typeof JobService> {
  return {
    async createJob(request, call) {
      const caller = await authenticate(call);
      const job = await jobs.create(caller, newJobOf(request, now()));
      return create(CreateJobResponseSchema, { job: jobMessage(job, caller, now()) });
    },
    async startJob({ id, count }, call) {
      const caller = await authenticate(call);
      const job = await jobs.start(caller, id, count);
      return create(StartJobResponseSchema, { job: jobMessage(job, caller, now()) });
    },
    async getJob({ id }, call) {
      const caller = await authenticate(call);
      const job = await jobs.get(caller, id);
      return create(GetJobResponseSchema, { job: jobMessage(job, caller, now()) });
    },
    async listJobs({ pageSize, pageToken }, call) {
      const caller = await authenticate(call);
      const { entries, nextPageToken } = await jobs.list(caller, { pageSize, pageToken });
      const found = entries.map(job => jobMessage(job, caller, now()));
      return create(ListJobsResponseSchema, { jobs: found, nextPageToken });
    },
    async cancelJob({ id }, call) {
      const caller = await authenticate(call);
      const job = await jobs.cancel(caller, id);
      return create(CancelJobResponseSchema, { job: jobMessage(job, caller, now()) });
    },
    async listJobFailures({ id, pageToken }, call) {
      const page = await jobs.failures(await authenticate(call), id, pageToken);
      const failures = page.entries.map(([tokenId, reason]) => ({ tokenId, reason }));
      const { nextPageToken } = page;
      return create(ListJobFailuresResponseSchema, { failures, nextPageToken });
    },
    async readJobSecrets({ id, pageToken }, call) {
      const page = await jobs.secrets(await authenticate(call), id, pageToken);
      const secrets = page.entries.map(jobSecretMessage);
      const { nextPageToken } = page;
      return create(ReadJobSecretsResponseSchema, { secrets, nextPageToken });
    },
    async forgetJobSecrets({ id }, call) {
      const caller = await authenticate(call);
      const job = await jobs.forget(caller, id);
      return create(ForgetJobSecretsResponseSchema, { job: jobMessage(job, caller, now()) });
    },
  };
}
