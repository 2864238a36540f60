/** Reads jobs, more often while one is unfinished. */

import { useQuery } from '@connectrpc/connect-query';
import { type Job, JobService } from '../../../gen/usher/v1/jobs_pb.ts';
import { isOver } from './words.ts';

const busyMs = 1000;
const quietMs = 30_000;

/** The newest jobs. */
export function useJobs(pageSize: number) {
  return useQuery(
    JobService.method.listJobs,
    { pageSize },
    {
      staleTime: 0,
      refetchInterval: ({ state }) =>
        state.data?.jobs.some(job => !isOver(job)) ? 2 * busyMs : quietMs,
    },
  );
}

/** One job. */
export function useJob(id: string) {
  return useQuery(
    JobService.method.getJob,
    { id },
    {
      staleTime: 0,
      refetchInterval: ({ state }) => {
        const job = state.data?.job;
        return job !== undefined && isOver(job) ? false : busyMs;
      },
    },
  );
}

/** The jobs among these that are at work. */
export function working(jobs: readonly Job[]): Job[] {
  return jobs.filter(job => !isOver(job) && (job.startTime !== undefined || job.canceling));
}
