/** What the audit log holds of a job itself. Each act has an entry of its own. */

import type { AuditEvent } from '../../store/audit.ts';
import { namesIn } from '../audit-names.ts';
import { uuidOf } from '../derived-uuid.ts';
import type { Job, JobCaller } from './job.ts';

/** What happens to a job. */
export type JobAction = 'job.start' | 'job.cancel' | 'job.end' | 'job.secrets';

/** The entry; a repeat has the same id. `time` is in milliseconds since 1970. */
export function jobEvent(
  action: JobAction,
  job: Job,
  { actor, name, peer }: JobCaller,
  time: number,
): AuditEvent {
  const { id: jobId, requestId, act, count, done, failed, selection } = job;
  const progress = { done, failed, left: count - done - failed };
  return {
    // The secrets may be read more than once.
    id: uuidOf(action === 'job.secrets' ? `${action} ${jobId} ${time}` : `${action} ${jobId}`),
    ...{ time, action, actor, ...namesIn({ actor, actorName: name }), peer },
    ...{ tokenId: '', jobId, requestId },
    after: {
      act: act.kind,
      count,
      ...(selection.kind === 'owner' && { owner: selection.owner }),
      ...(action === 'job.start' ? {} : progress),
    },
    detail:
      action === 'job.start' ? (act.kind === 'revoke' ? act.reason : '') : (job.endReason ?? ''),
  };
}
